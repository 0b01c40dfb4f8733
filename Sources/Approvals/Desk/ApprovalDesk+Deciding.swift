package import CoreTypes
package import Persistence

extension ApprovalDesk {
    /// Takes in an answer to a request.
    /// - Throws: `DatabaseError`.
    package func decide(
        _ id: ApprovalID,
        workspace: WorkspaceID,
        _ reply: ApprovalReply,
        in transaction: borrowing Transaction
    ) throws -> ApprovalAnswer {
        guard var record = try requests.find(id, workspace: workspace, in: transaction) else { return .unknown }
        // What has ended is not held: crowds that come late wait for nobody.
        if record.status == .pending {
            guard let held = try requests.find(id, workspace: workspace, isHeld: true, in: transaction) else {
                return .unknown
            }
            record = held
        }
        let now = time.now()
        var answers = machine(record, try requests.decisions(of: id, workspace: workspace, in: transaction))
        let actor = try resolved(reply.actor, workspace: workspace, in: transaction)
        var attempt = ApprovalMachine.Attempt(
            actor: actor,
            delegators: try directory.delegators(of: actor.person, at: now, workspace: workspace, in: transaction),
            optionID: reply.optionID,
            comment: Self.trimmed(reply.comment, to: ApprovalReply.longestComment),
            operationHash: reply.operationHash
        )
        var edited = record.operation
        if let text = reply.editedText, text != record.operation["text"]?.string {
            edited["text"] = .string(Self.trimmed(text, to: ApprovalReply.longestText))
            attempt.editedHash = Self.hash(kind: record.kind, operation: edited, workspace: workspace)
        }
        switch answers.decide(attempt, now: now) {
        case .failure(let refused): return .refused(record, refused.refusal)
        case .success(let decision):
            try requests.insert(decision, to: id, workspace: workspace, in: transaction)
            record.operation = edited
            record.operationHash = answers.operationHash
            if answers.status == .pending {
                try go(on: &record, answers, decision, isEdited: attempt.editedHash != nil, in: transaction)
            } else {
                try end(
                    &record,
                    answers,
                    entry: "decided",
                    event: "approval.decided",
                    decision: decision,
                    in: transaction
                )
            }
            return .counted(record, decision)
        }
    }

    /// Takes in an answer that came with a button's or a link's token.
    /// - Parameters:
    ///   - workspace: where the button was pressed; nil for a link, which names its own.
    ///   - reply: makes the answer of what the token stands for: its option, and whom it is bound to.
    /// - Returns: nil where the token is none of ours.
    /// - Throws: `DatabaseError`.
    package func decide(
        token: String,
        workspace: WorkspaceID?,
        in transaction: borrowing Transaction,
        _ reply: (_ optionID: String?, _ boundTo: String) -> ApprovalReply
    ) throws -> ApprovalAnswer? {
        guard let meaning = try tokens.find(token, in: transaction) else { return nil }
        let now = time.now()
        guard workspace == nil || meaning.workspace == workspace, meaning.expiresAt > now else { return .unknown }
        var reply = reply(meaning.optionID, meaning.boundTo)
        reply.operationHash = meaning.operationHash
        let actor = try resolved(reply.actor, workspace: meaning.workspace, in: transaction)
        guard Self.isBound(meaning.boundTo, to: actor) else {
            guard let record = try requests.find(meaning.request, workspace: meaning.workspace, in: transaction) else {
                return .unknown
            }
            return .refused(record, .foreign)
        }
        let answer = try decide(meaning.request, workspace: meaning.workspace, reply, in: transaction)
        if case .counted = answer { try tokens.consume(meaning, now: now, in: transaction) }
        return answer
    }

    /// What a token leads to, without deciding anything.
    /// - Throws: `DatabaseError`.
    package func look(
        token: String,
        in transaction: borrowing Transaction
    ) throws -> (record: ApprovalRecord, boundTo: String, isStale: Bool)? {
        guard let meaning = try tokens.find(token, in: transaction), meaning.expiresAt > time.now(),
            let record = try requests.find(meaning.request, workspace: meaning.workspace, in: transaction)
        else { return nil }
        return (record, meaning.boundTo, meaning.operationHash != record.operationHash)
    }

    /// The pending requests of a workspace that somebody may decide now.
    /// - Throws: `DatabaseError`.
    package func waiting(
        for actor: ApprovalActor,
        workspace: WorkspaceID,
        limit: Int = 20,
        in transaction: borrowing Transaction
    ) throws -> [ApprovalRecord] {
        let now = time.now()
        let actor = try resolved(actor, workspace: workspace, in: transaction)
        let delegators = try directory.delegators(of: actor.person, at: now, workspace: workspace, in: transaction)
        let pending = try requests.list(workspace: workspace, status: .pending, limit: 500, in: transaction).items
        var found: [ApprovalRecord] = []
        for record in pending where found.count < limit {
            let answers = try requests.decisions(of: record.id, workspace: workspace, in: transaction)
            let attempt = ApprovalMachine.Attempt(actor: actor, delegators: delegators, optionID: "")
            if machine(record, answers).isWaiting(for: attempt, now: now) { found.append(record) }
        }
        return found
    }

    /// Somebody with all their ids and roles.
    func resolved(_ actor: ApprovalActor, workspace: WorkspaceID, in transaction: borrowing Transaction) throws
        -> ApprovalActor
    {
        var actor = actor
        (actor.person, actor.ids) = try directory.ids(of: actor.identity, workspace: workspace, in: transaction)
        actor.roles.formUnion(try directory.roles(of: actor.ids, workspace: workspace, in: transaction))
        return actor
    }

    private static func isBound(_ bound: String, to actor: ApprovalActor) -> Bool {
        if bound.hasPrefix("channel:") { return actor.channel.map { "channel:\($0)" } == bound }
        return actor.ids.contains(bound)
    }

    /// A text that the engines can keep.
    private static func trimmed(_ text: String, to limit: Int) -> String {
        let text = text.utf8.contains(0) ? text.replacing("\0", with: "") : text
        return text.count > limit ? String(text.prefix(limit)) : text
    }
}

extension ApprovalMachine {
    /// Whether somebody's answer would count now, whatever it is.
    func isWaiting(for attempt: Attempt, now: Timestamp) -> Bool {
        var copy = self
        guard case .failure(let refused) = copy.decide(attempt, now: now) else { return true }
        if case .unknownOption = refused.refusal { return true }
        return false
    }
}
