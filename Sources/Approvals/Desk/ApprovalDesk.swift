package import Channels
package import CoreTypes
import Crypto
package import Persistence

/// Where requests to people are made, answered and ended.
///
/// Everything happens in the caller's transaction: the answer, its audit entry, the rows that change every copy of the
/// prompt, the event for those who subscribed, and what follows from the end.
package struct ApprovalDesk: Sendable {
    /// Which platforms prompts can go to.
    package struct Platforms: Sendable {
        /// Those that are mounted.
        package var reachable: Set<String>
        /// Those on which a posted message can be changed.
        package var editing: Set<String>

        /// Names the platforms.
        package init(reachable: Set<String>, editing: Set<String>) {
            self.reachable = reachable
            self.editing = editing
        }

        /// Asks the adapters.
        package init(_ adapters: [any ChannelAdapter]) {
            self.init(
                reachable: Set(adapters.map(\.platform)),
                editing: Set(adapters.filter { $0 is any EditingChannel }.map(\.platform))
            )
        }
    }

    let requests = ApprovalRequestStore()
    let steps = ApprovalStepStore()
    let directory = ApproverDirectory()
    let audit = ApprovalAuditLog()
    let tokens: ApprovalTokens
    let copies: ApprovalCopies
    let places: any ApprovalPlaces
    let events: any WorkspaceEventSink
    /// What follows from the end of a request, by its kind.
    package var followUps: [String: any ApprovalFollowUp]
    let time: any TimeSource
    let identifiers: any IdentifierSource

    /// Makes the desk.
    /// - Parameters:
    ///   - places: where platforms that have workspaces of their own are connected.
    ///   - followUps: what follows from the end of a request, by its kind.
    ///   - sealer: makes what buttons and links carry.
    package init(
        outbox: Outbox,
        posts: ApprovalPosts,
        platforms: Platforms,
        places: any ApprovalPlaces = ConnectedPlaces(),
        events: any WorkspaceEventSink,
        followUps: [String: any ApprovalFollowUp] = [:],
        sealer: Sealer,
        time: any TimeSource,
        identifiers: any IdentifierSource
    ) {
        tokens = ApprovalTokens(sealer: sealer)
        copies = ApprovalCopies(
            outbox: outbox,
            posts: posts,
            platforms: platforms,
            tokens: tokens,
            identifiers: identifiers
        )
        self.places = places
        self.events = events
        self.followUps = followUps
        self.time = time
        self.identifiers = identifiers
    }

    /// The hash that binds an approval to exactly one thing.
    package static func hash(kind: String, operation: JSONValue, workspace: WorkspaceID) -> String {
        let bound: JSONValue = [
            "kind": .string(kind), "operation": operation, "workspace": .string(workspace.rawValue),
        ]
        return hexadecimal(SHA256.hash(data: bound.bytes))
    }

    /// Makes a request and asks everybody who may decide it; the same origin gives the same request.
    /// - Throws: `ApprovalError` for a request that cannot be decided, or an origin that asked for something else;
    ///   `DatabaseError`.
    package func open(_ draft: ApprovalDraft, in transaction: borrowing Transaction) throws -> ApprovalRecord {
        var draft = draft
        let now = time.now()
        let cause = ApprovalCause(
            identity: draft.askedBy ?? draft.requester,
            evidence: draft.evidence ?? draft.originKey
        )
        // Before anything that another one may be waiting for.
        try audit.hold(draft.workspace, in: transaction)
        draft.requester = try directory.ids(of: draft.requester, workspace: draft.workspace, in: transaction).person
        let named = draft.policy.everybody.compactMap(\.person)
        try draft.validate(persons: try directory.persons(of: named, workspace: draft.workspace, in: transaction))
        let id = ApprovalID(identifiers.next())
        let hash = Self.hash(kind: draft.kind, operation: draft.operation, workspace: draft.workspace)
        let isNew = try requests.insert(
            draft,
            id: id,
            operationHash: hash,
            expiresAt: draft.policy.expiresAfter.map { now + $0 },
            now: now,
            in: transaction
        )
        guard isNew else { return try existing(draft, hash: hash, in: transaction) }
        guard var record = try requests.find(id, workspace: draft.workspace, in: transaction) else {
            throw DatabaseError(.other, "The request was not kept.")
        }
        record.outcomeLine = ApprovalLines.standing(machine(record, []), now: now)
        try transaction.execute(
            """
            update approval_requests set outcome_line = \(record.outcomeLine)
            where workspace_id = \(record.workspace) and request_id = \(record.id)
            """
        )
        try plan(record, in: transaction)
        let request: JSONValue = [
            "policy": record.policy.json, "title": .string(record.title), "shown_hash": .string(record.shownHash),
            "created_at": .string(record.createdAt.iso8601), "by": cause.json,
        ]
        try log("requested", record, request, in: transaction)
        try publish("approval.requested", record, key: "requested", in: transaction)
        try ask(record.policy.approvers, record, in: transaction)
        return record
    }

    /// Makes a request that cannot wait for better rules: where nobody could decide it by those it has, as when whoever
    /// asked is the only one named, the operators may as well.
    /// - Throws: `ApprovalError`, `DatabaseError`.
    package func openDecidable(_ draft: ApprovalDraft, in transaction: borrowing Transaction) throws -> ApprovalRecord {
        do {
            return try open(draft, in: transaction)
        } catch let error as ApprovalError where error.reason == .invalid {
            var draft = draft
            guard !draft.policy.approvers.contains(.role(ApprovalPolicy.operators)) else { throw error }
            draft.policy.approvers.append(.role(ApprovalPolicy.operators))
            return try open(draft, in: transaction)
        }
    }

    /// Ends a request that nobody needs an answer to any more.
    /// - Parameter cause: who wants that; nil for the request's own maker within the gateway.
    /// - Returns: false where it had ended before.
    /// - Throws: `DatabaseError`.
    package func withdraw(
        _ id: ApprovalID,
        workspace: WorkspaceID,
        by cause: ApprovalCause? = nil,
        in transaction: borrowing Transaction
    ) throws -> Bool {
        try audit.hold(workspace, in: transaction)
        guard var record = try requests.find(id, workspace: workspace, in: transaction) else { return false }
        let answers = try requests.decisions(of: id, workspace: workspace, in: transaction)
        var machine = machine(record, answers)
        guard machine.withdraw() else { return false }
        try end(
            &record,
            machine,
            entry: "withdrawn",
            event: "approval.withdrawn",
            by: cause ?? ApprovalCause(identity: record.requester, evidence: record.kind),
            in: transaction
        )
        return true
    }

    /// Whether exactly this was approved.
    /// - Parameter operationHash: the hash of what is about to be done.
    /// - Throws: `DatabaseError`.
    package func isApproved(
        _ id: ApprovalID,
        operationHash: String,
        workspace: WorkspaceID,
        in transaction: borrowing Transaction
    ) throws -> Bool {
        guard let record = try requests.find(id, workspace: workspace, in: transaction) else { return false }
        return record.status == .approved
            && constantTimeEquals(Array(record.operationHash.utf8), Array(operationHash.utf8))
    }

    func machine(
        _ record: ApprovalRecord,
        _ decisions: [ApprovalDecision],
        persons: [String: String] = [:]
    ) -> ApprovalMachine {
        ApprovalMachine(
            policy: record.policy,
            requester: record.requester,
            createdAt: record.createdAt,
            operationHash: record.operationHash,
            status: record.status,
            outcome: record.outcome,
            decisions: decisions,
            persons: persons
        )
    }

    private func existing(
        _ draft: ApprovalDraft,
        hash: String,
        in transaction: borrowing Transaction
    ) throws -> ApprovalRecord {
        guard let record = try requests.find(origin: draft.originKey, workspace: draft.workspace, in: transaction)
        else { throw DatabaseError(.serialization, "The request is being made elsewhere.") }
        guard record.kind == draft.kind, record.title == draft.title, record.policy == draft.policy,
            try requestedHash(record, in: transaction) == hash
        else { throw ApprovalError(.conflict, "The same key was used for another request.") }
        return record
    }

    /// The hash of what was asked about, before anybody changed its text.
    func requestedHash(_ record: ApprovalRecord, in transaction: borrowing Transaction) throws -> String {
        guard record.policy.allowsEdit, record.version > 0 else { return record.operationHash }
        let request = try audit.request(record.id, workspace: record.workspace, in: transaction)
        return request?["operation_hash"]?.string ?? record.operationHash
    }

    private func plan(_ record: ApprovalRecord, in transaction: borrowing Transaction) throws {
        var planned: [(ApprovalStep.Kind, Duration)] = []
        if let after = record.policy.expiresAfter { planned.append((.expiry, after)) }
        if let after = record.policy.reminderAfter { planned.append((.reminder, after)) }
        for (number, escalation) in record.policy.escalations.enumerated() {
            planned.append((.escalation(number), escalation.after))
        }
        for (kind, after) in planned {
            let step = ApprovalStep(
                workspace: record.workspace,
                subject: record.id.rawValue,
                kind: kind,
                dueAt: record.createdAt + after
            )
            try steps.plan(step, now: record.createdAt, in: transaction)
        }
    }

    /// Sends a prompt to everybody who is named and, unless told otherwise, to those who decide for them now.
    func ask(
        _ approvers: [Approver],
        _ record: ApprovalRecord,
        withDeputies: Bool = true,
        in transaction: borrowing Transaction
    ) throws {
        let recipients = try recipients.recipients(
            of: approvers,
            record: record,
            withDeputies: withDeputies,
            now: time.now(),
            in: transaction
        )
        try copies.post(record, to: recipients, now: time.now(), in: transaction)
    }

    var recipients: ApprovalRecipients { ApprovalRecipients(directory: directory, places: places) }
}

extension ApprovalDraft {
    /// A verdict of any length, and what a program's request may hold.
    private static let longestText = 1 << 20

    /// Checks that people can be asked this.
    /// - Throws: `ApprovalError`.
    func validate(persons: [String: String]) throws(ApprovalError) {
        func check(_ text: String, _ name: String, _ range: ClosedRange<Int>) throws(ApprovalError) {
            guard range.contains(text.count), !text.utf8.contains(0) else {
                throw ApprovalError(.invalid, "`\(name)` has \(range.lowerBound) to \(range.upperBound) characters.")
            }
        }
        try check(title, "title", 1...200)
        try check(question, "question", 1...10_000)
        try check(kind, "kind", 1...64)
        try check(originKey, "key", 1...400)
        try check(requesterName, "requester", 0...200)
        let texts = [context, operation.text, metadata.text]
        guard texts.allSatisfy({ $0.utf8.count <= Self.longestText && !$0.utf8.contains(0) }) else {
            throw ApprovalError(
                .invalid,
                "`context`, `operation` and `metadata` have \(Self.longestText) bytes at most."
            )
        }
        guard (1...5).contains(priority) else {
            throw ApprovalError(.invalid, "`priority` is a number from 1, the most urgent, to 5.")
        }
        try policy.validate(requester: persons[requester] ?? requester, persons: persons)
    }
}
