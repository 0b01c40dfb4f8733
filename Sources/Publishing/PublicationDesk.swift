package import CoreTypes
import Crypto
package import Persistence

/// Everything that people do with publications: draft, look, release, try again, take back.
///
/// Each change and the event that tells of it are one transaction; nothing here speaks to a platform.
package struct PublicationDesk: Sendable {
    package let database: any Database
    /// The platforms that are configured, by name.
    package let platforms: [String: any PublishingPlatform]
    let parts: PublicationPartStore
    let publications = PublicationStore()
    private let release: any PublicationRelease
    private let events: any WorkspaceEventSink
    private let time: any TimeSource
    private let identifiers: any IdentifierSource

    /// Makes the desk.
    package init(
        database: any Database,
        platforms: [any PublishingPlatform],
        sealer: Sealer,
        release: any PublicationRelease = OperatorRelease(),
        events: any WorkspaceEventSink = NoSubscribers(),
        time: any TimeSource,
        identifiers: any IdentifierSource
    ) {
        self.database = database
        self.platforms = Dictionary(platforms.map { ($0.name, $0) }) { first, _ in first }
        self.parts = PublicationPartStore(sealer: sealer)
        self.release = release
        self.events = events
        self.time = time
        self.identifiers = identifiers
    }

    /// A platform that is configured.
    /// - Throws: `PublicationError`.
    package func platform(_ name: String) throws -> any PublishingPlatform {
        guard let platform = platforms[name] else {
            let known = platforms.keys.sorted().joined(separator: ", ")
            throw PublicationError.invalid(
                known.isEmpty
                    ? "Nothing can be published: neither X nor YouTube is configured (see `aragora doctor`)."
                    : "`\(name)` is not configured; there is \(known)."
            )
        }
        return platform
    }

    // MARK: Drafting

    /// Drafts what a debate's outcome becomes on a platform.
    /// - Throws: `PublicationError`, or `DatabaseError`.
    package func draft(
        of debate: DebateID,
        workspace: WorkspaceID,
        on name: String,
        options: JSONValue = [:],
        originKey: String? = nil,
        by person: String
    ) async throws -> Publication {
        let platform = try platform(name)
        let receipt = try await database.read { transaction in
            try ReceiptStore().find(debate, workspace: workspace, in: transaction)?.document
        }
        guard let receipt else {
            throw PublicationError.invalid("The debate has no receipt yet; only finished debates can be published.")
        }
        let content = try platform.draft(DebateOutcome(receipt: receipt), options: options)
        return try await draft(
            NewPublication(
                workspace: workspace,
                platform: name,
                debate: debate,
                originKey: originKey ?? "publication:\(identifiers.next())",
                content: content,
                requestedBy: person
            )
        )
    }

    /// Stores a draft; the same request gives the publication that it gave before.
    /// - Throws: `PublicationError`, with the code `conflict` where the key was used for another request, or
    ///   `DatabaseError`.
    package func draft(_ new: NewPublication) async throws -> Publication {
        _ = try platform(new.platform).plan(new.content)
        let id = PublicationID(identifiers.next())
        return try await database.write { transaction in
            let now = time.now()
            let (publication, isNew) = try publications.insert(
                new,
                id: id,
                contentHash: Self.hash(new.content),
                now: now,
                in: transaction
            )
            if isNew { try tell(of: publication, in: transaction) }
            return publication
        }
    }

    /// Replaces what is published; a release that was asked for is asked for anew.
    /// - Throws: `PublicationError`, or `DatabaseError`.
    package func revise(_ id: PublicationID, workspace: WorkspaceID, content: JSONValue) async throws -> Publication {
        try await step(.revise, id, workspace) { publication, transaction in
            _ = try platform(publication.platform).plan(content)
            try endRequest(of: publication, in: transaction)
            return PublicationStore.Change(content: content, contentHash: Self.hash(content))
        }
    }

    // MARK: Looking and deciding

    /// Shows a publication to those who may release it.
    /// - Returns: the publication, and its preview in Markdown.
    /// - Throws: `PublicationError`, or `DatabaseError`.
    package func preview(_ id: PublicationID, workspace: WorkspaceID) async throws
        -> (publication: Publication, text: String)
    {
        let publication = try await step(.preview, id, workspace) { publication, transaction in
            let platform = try platform(publication.platform)
            let approval = try release.ask(
                for: publication,
                preview: platform.preview(publication.content),
                text: platform.editableText(publication.content),
                in: transaction
            )
            return PublicationStore.Change(approval: approval)
        }
        return (publication, try platform(publication.platform).preview(publication.content))
    }

    /// Releases a publication by the operator's word; where people are asked, it counts as one of their answers.
    /// - Returns: the publication, which is still `previewed` where more answers are needed.
    /// - Throws: `PublicationError`, or `DatabaseError`.
    package func releaseAsOperator(
        _ id: PublicationID,
        workspace: WorkspaceID,
        contentHash: String? = nil,
        by person: String
    ) async throws -> Publication {
        let publication = try await database.write { transaction in
            let publication = try current(id, workspace, in: transaction)
            let hash = contentHash ?? publication.contentHash
            var person = person
            if let request = publication.approval, publication.state == .previewed {
                try Self.check(hash, publication)
                let approved = try release.approve(
                    request,
                    of: publication,
                    text: platforms[publication.platform]?.editableText(publication.content),
                    by: person,
                    in: transaction
                )
                guard let approved else { return publication }
                person = approved
            }
            return try self.release(id, workspace: workspace, contentHash: hash, by: person, in: transaction)
        }
        await database.notify(.outbox)
        return publication
    }

    /// Releases a publication in the transaction of a decision.
    /// - Parameters:
    ///   - contentHash: of the content that was asked about; any other is not released.
    ///   - text: what people made of its text, which goes out in its place; nil where they left it as it was.
    /// - Throws: `PublicationError`, or `DatabaseError`.
    @discardableResult
    package func release(
        _ id: PublicationID,
        workspace: WorkspaceID,
        contentHash: String,
        text: String? = nil,
        by person: String,
        in transaction: borrowing Transaction
    ) throws -> Publication {
        try step(.release, id, workspace, in: transaction) { publication, transaction in
            try Self.check(contentHash, publication)
            let platform = try platform(publication.platform)
            let isEdited = text != nil && text != platform.editableText(publication.content)
            let content = try text.map {
                isEdited ? try platform.edited(publication.content, text: $0) : publication.content
            }
            let plan = try platform.plan(content ?? publication.content)
            try parts.insert(plan, of: id, workspace: workspace, now: time.now(), in: transaction)
            return PublicationStore.Change(
                content: content,
                contentHash: content.map(Self.hash),
                releasedBy: person
            )
        }
    }

    /// Does not release a publication, in the transaction of a decision.
    /// - Parameters:
    ///   - isFinal: whether it is taken back; otherwise it is a draft again, to be changed.
    ///   - reason: what its author is told.
    /// - Throws: `PublicationError`, or `DatabaseError`.
    package func refuse(
        _ id: PublicationID,
        workspace: WorkspaceID,
        isFinal: Bool,
        reason: String,
        in transaction: borrowing Transaction
    ) throws {
        try step(isFinal ? .withdraw : .revise, id, workspace, in: transaction) { _, _ in
            PublicationStore.Change(
                errorCode: isFinal ? "rejected" : "changes_requested",
                errorMessage: String(reason.prefix(1000))
            )
        }
    }

    /// Tries again what failed, and asks again for what is unknown; nothing that is out is sent again.
    /// - Throws: `PublicationError`, or `DatabaseError`.
    package func retry(_ id: PublicationID, workspace: WorkspaceID) async throws -> Publication {
        let publication = try await step(.retry, id, workspace) { publication, transaction in
            for var part in try parts.parts(of: id, workspace: workspace, in: transaction) where part.state == .failed {
                part.state = .queued
                part.attempts = 0
                try parts.save(part, of: id, workspace: workspace, now: time.now(), in: transaction)
            }
            return PublicationStore.Change()
        }
        await database.notify(.outbox)
        return publication
    }

    /// Says what became of a part that nobody knows of, after somebody has looked.
    /// - Parameter remoteID: the platform's id of it; nil where it is not there, so that it will be sent.
    /// - Throws: `PublicationError`, or `DatabaseError`.
    package func resolve(
        _ id: PublicationID,
        workspace: WorkspaceID,
        part number: Int,
        remoteID: String?
    ) async throws -> Publication {
        let publication = try await step(.retry, id, workspace) { publication, transaction in
            let all = try parts.parts(of: id, workspace: workspace, in: transaction)
            guard [.unknown, .withdrawing].contains(publication.state),
                var part = all.first(where: { $0.number == number }), part.state == .unknown
            else { throw PublicationError.conflict("The publication has no part \(number) that is unknown.") }
            part.state = remoteID == nil ? .queued : .sent
            part.remoteID = remoteID
            // Nothing of the former try counts any more.
            if remoteID == nil { part.progress = .null }
            try parts.save(part, of: id, workspace: workspace, now: time.now(), in: transaction)
            return PublicationStore.Change()
        }
        await database.notify(.outbox)
        return publication
    }

    /// Takes a publication back: what is out is deleted, what is not out never goes out.
    ///
    /// A part that is on its way comes to its end first, and is then deleted as well.
    /// - Throws: `PublicationError`, or `DatabaseError`.
    package func withdraw(_ id: PublicationID, workspace: WorkspaceID) async throws -> Publication {
        let publication = try await step(.withdraw, id, workspace) { publication, transaction in
            try endRequest(of: publication, in: transaction)
            return PublicationStore.Change()
        }
        await database.notify(.outbox)
        return publication
    }

    // MARK: Reading

    /// A publication with its steps.
    /// - Throws: `PublicationError`, or `DatabaseError`.
    package func find(_ id: PublicationID, workspace: WorkspaceID? = nil) async throws
        -> (publication: Publication, parts: [PublicationPart])
    {
        try await database.read { transaction in
            let found =
                if let workspace { try publications.find(id, workspace: workspace, in: transaction) } else {
                    try publications.findAnywhere(id, in: transaction)
                }
            guard let found else { throw PublicationError.notFound }
            return (found, try parts.parts(of: id, workspace: found.workspace, in: transaction))
        }
    }

    /// The newest publications.
    /// - Throws: `DatabaseError`.
    package func list(workspace: WorkspaceID?, limit: Int, offset: Int = 0) async throws
        -> (items: [Publication], total: Int)
    {
        try await database.read { try publications.list(workspace: workspace, limit: limit, offset: offset, in: $0) }
    }

    /// What a release is bound to.
    package static func hash(_ content: JSONValue) -> String { hexadecimal(SHA256.hash(data: content.bytes)) }
}

extension PublicationDesk {
    /// Takes a step of the state machine in a transaction of its own.
    private func step(
        _ step: PublicationState.Step,
        _ id: PublicationID,
        _ workspace: WorkspaceID,
        _ change: @Sendable (Publication, borrowing Transaction) throws -> PublicationStore.Change
    ) async throws -> Publication {
        try await database.write { transaction in
            try self.step(step, id, workspace, in: transaction, change)
        }
    }

    @discardableResult
    private func step(
        _ step: PublicationState.Step,
        _ id: PublicationID,
        _ workspace: WorkspaceID,
        in transaction: borrowing Transaction,
        _ change: (Publication, borrowing Transaction) throws -> PublicationStore.Change
    ) throws -> Publication {
        let publication = try current(id, workspace, in: transaction)
        guard let next = publication.state.after(step) else {
            throw PublicationError.conflict(
                "A publication that is \(publication.state.rawValue) allows no \(step.rawValue)."
            )
        }
        let changed = try publications.change(
            publication,
            to: next,
            change(publication, transaction),
            now: time.now(),
            in: transaction
        )
        if next != publication.state { try tell(of: changed, in: transaction) }
        return changed
    }

    /// The publication as it is, which nobody else changes until the transaction ends.
    private func current(_ id: PublicationID, _ workspace: WorkspaceID, in transaction: borrowing Transaction) throws
        -> Publication
    {
        guard let found = try publications.find(id, workspace: workspace, isLocked: true, in: transaction) else {
            throw PublicationError.notFound
        }
        return found
    }

    private static func check(_ contentHash: String, _ publication: Publication) throws(PublicationError) {
        guard publication.contentHash == contentHash else {
            throw PublicationError.conflict("The publication was changed after it was shown.")
        }
    }

    /// Nobody has to answer any more what was asked about this content.
    private func endRequest(of publication: Publication, in transaction: borrowing Transaction) throws {
        guard publication.state == .previewed, let request = publication.approval else { return }
        try release.withdraw(request, of: publication, in: transaction)
    }

    /// Takes a step of whoever works on a publication, and ends the claim where nothing more is to be done.
    func step(
        _ step: PublicationState.Step,
        _ claim: PublicationClaim,
        _ change: PublicationStore.Change = PublicationStore.Change(),
        in transaction: borrowing Transaction
    ) throws -> Publication {
        try publications.assertHeld(claim, in: transaction)
        let changed = try self.step(step, claim.id, claim.workspace, in: transaction) { _, _ in change }
        if changed.state.isSettled { try publications.end(claim, in: transaction) }
        return changed
    }

    private func tell(of publication: Publication, in transaction: borrowing Transaction) throws {
        try events.publish(publication.event, in: transaction)
        let preview = platforms[publication.platform]?.preview(publication.content) ?? ""
        try release.changed(publication, preview: preview, in: transaction)
    }
}
