import Approvals
import Channels
import Conversations
import CoreTypes
import Persistence
import Publishing

/// Asks people before anything is published: the two rooms know nothing of each other.
struct PublicationApprovals: PublicationRelease {
    /// The kind of its requests.
    static let kind = "publication"
    /// As long as a working week and a weekend; then nothing goes out, and it can be asked again.
    private static let expiry = Duration.seconds(7 * 24 * 3600)

    let desk: ApprovalDesk
    /// Who is asked; the operators where nobody is named.
    let approvers: [Approver]
    /// How it is decided beside that; an empty object where nothing is set.
    let rules: JSONValue
    let outbox: Outbox
    let requests = ApprovalRequestStore()

    /// - Throws: `ApprovalError` for rules that are none.
    init(desk: ApprovalDesk, approvers: [Approver], rules: JSONValue, outbox: Outbox) throws {
        self.desk = desk
        self.approvers = approvers.isEmpty ? [.role(ApprovalPolicy.operators)] : approvers
        self.rules = rules
        self.outbox = outbox
        _ = try policy()
    }

    private func policy() throws -> ApprovalPolicy {
        try ApprovalPolicy(
            json: rules,
            usual: ApprovalPolicy(
                options: [.approve, .revise, .reject],
                approvers: approvers,
                expiresAfter: Self.expiry,
                reminderAfter: .seconds(24 * 3600)
            )
        )
    }

    func ask(
        for publication: Publication,
        preview: String,
        text: String?,
        in transaction: borrowing Transaction
    ) throws -> String? {
        if let pending = try pending(publication, in: transaction) { return pending.id.rawValue }
        let address = try thread(of: publication, in: transaction)
        let platform = Self.name(of: publication)
        var policy = try policy().named(in: publication.workspace)
        policy.allowsEdit = text != nil
        let isShown = address.map { !policy.asks(in: $0) } ?? false
        let record = try desk.openDecidable(
            ApprovalDraft(
                workspace: publication.workspace,
                originKey: "publication:\(publication.id):\(publication.version)",
                kind: Self.kind,
                title: "Publish on \(platform)?",
                question: "May this go out in public on \(platform)?",
                // Whoever changes the text changes what this shows as well.
                context: text == nil ? preview : "As it was drafted:\n\n\(preview)",
                operation: Self.operation(publication, text),
                policy: policy,
                requester: "api:\(publication.requestedBy)",
                requesterName: publication.requestedBy,
                debate: publication.debate,
                address: address?.json,
                metadata: isShown ? ["preview": .string(Self.previewKey(publication))] : [:]
            ),
            in: transaction
        )
        if let address, isShown {
            try outbox.post(
                shown(preview, platform, "Nothing is out yet: it waits for approval #\(record.number)."),
                to: address,
                key: OutboxKey(Self.previewKey(publication)),
                in: transaction
            )
        }
        return record.id.rawValue
    }

    func approve(
        _ request: String,
        of publication: Publication,
        text: String?,
        by person: String,
        in transaction: borrowing Transaction
    ) throws -> String? {
        let reply = ApprovalReply(
            actor: ApprovalActor(
                identity: "api:\(person)",
                name: "the operator",
                roles: [ApprovalPolicy.operators],
                surface: .api,
                evidence: "publication:\(publication.id):\(publication.version)"
            ),
            optionID: ApprovalOption.approve.id,
            operationHash: ApprovalDesk.hash(
                kind: Self.kind,
                operation: Self.operation(publication, text),
                workspace: publication.workspace
            )
        )
        let id = ApprovalID(request)
        let answer = try desk.decide(id, workspace: publication.workspace, reply, in: transaction)
        guard case .counted(let record, _) = answer else { throw PublicationError.conflict(answer.text) }
        guard record.status == .approved else { return nil }
        return Self.names(try requests.decisions(of: id, workspace: record.workspace, in: transaction))
    }

    func withdraw(_ request: String, of publication: Publication, in transaction: borrowing Transaction) throws {
        _ = try desk.withdraw(ApprovalID(request), workspace: publication.workspace, in: transaction)
    }

    /// Those who answered, as others read them.
    static func names(_ decisions: [ApprovalDecision]) -> String {
        decisions.isEmpty ? "time" : decisions.map(\.name).joined(separator: ", ")
    }

    /// What a request binds: this content of this publication, and no other.
    private static func operation(_ publication: Publication, _ text: String?) -> JSONValue {
        .record([
            "content_hash": .string(publication.contentHash), "platform": .string(publication.platform),
            "publication_id": .string(publication.id.rawValue), "text": text.map { .string($0) },
        ])
    }

    /// The request that already asks about this content.
    private func pending(_ publication: Publication, in transaction: borrowing Transaction) throws -> ApprovalRecord? {
        guard let id = publication.approval,
            let record = try requests.find(ApprovalID(id), workspace: publication.workspace, in: transaction),
            record.status == .pending,
            // Whatever somebody may have made of its text meanwhile.
            record.operation == Self.operation(publication, record.operation["text"]?.string)
        else { return nil }
        return record
    }

    private static func previewKey(_ publication: Publication) -> String {
        "\(publication.id)/preview/\(publication.version)"
    }
}

extension ApprovalPolicy {
    /// Whether a prompt, which shows what it is about, lands there anyway.
    fileprivate func asks(in address: Address) -> Bool {
        approvers.contains(.channel("\(address.platform):\(address.channel)"))
    }
}

/// Lets a publication out, or sends it back, when people have decided.
struct PublicationFollowUp: ApprovalFollowUp {
    let desk: PublicationDesk

    func problem(
        with text: String,
        for record: ApprovalRecord,
        in transaction: borrowing Transaction
    ) throws -> String? {
        guard let publication = try publication(of: record, in: transaction) else { return nil }
        do {
            let platform = try desk.platform(publication.platform)
            _ = try platform.plan(try platform.edited(publication.content, text: text))
            return nil
        } catch let error as PublicationError {
            return error.description
        }
    }

    /// The publication that a request was made for, while it waits; programs may open requests of any kind, and only the
    /// one that was asked for here counts.
    private func publication(of record: ApprovalRecord, in transaction: borrowing Transaction) throws -> Publication? {
        guard let name = record.operation["publication_id"]?.string,
            let found = try PublicationStore().find(
                PublicationID(name),
                workspace: record.workspace,
                in: transaction
            ), found.approval == record.id.rawValue, found.state == .previewed
        else { return nil }
        return found
    }

    func approvalEnded(
        _ record: ApprovalRecord,
        decisions: [ApprovalDecision],
        in transaction: borrowing Transaction
    ) throws {
        guard let publication = try publication(of: record, in: transaction),
            let hash = record.operation["content_hash"]?.string
        else { return }
        switch record.status {
        case .approved:
            do {
                try desk.release(
                    publication.id,
                    workspace: record.workspace,
                    contentHash: hash,
                    text: record.operation["text"]?.string,
                    by: PublicationApprovals.names(decisions),
                    in: transaction
                )
            } catch let error as PublicationError {
                // The answer stands; what could not be planned any more goes back to its author.
                try refuse(publication, isFinal: false, error.description, in: transaction)
            }
        case .rejected, .revised:
            let reasons = decisions.filter { !$0.comment.isEmpty }.map { "\($0.name): \($0.comment)" }
            try refuse(
                publication,
                isFinal: record.status == .rejected,
                reasons.joined(separator: "\n"),
                in: transaction
            )
        case .pending, .decided, .expired, .withdrawn: break
        }
    }

    private func refuse(
        _ publication: Publication,
        isFinal: Bool,
        _ reason: String,
        in transaction: borrowing Transaction
    ) throws {
        try desk.refuse(
            publication.id,
            workspace: publication.workspace,
            isFinal: isFinal,
            reason: reason,
            in: transaction
        )
    }
}
