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
        // What has ended holds nobody up: crowds that come late wait for nobody.
        if record.status == .pending {
            try course.audit.hold(workspace, in: transaction)
            guard let held = try requests.find(id, workspace: workspace, in: transaction) else { return .unknown }
            record = held
        }
        let now = time.now()
        let decisions = try requests.decisions(of: id, workspace: workspace, in: transaction)
        var answers = ApprovalMachine(
            record,
            decisions,
            persons: record.status == .pending ? try persons(record, decisions, in: transaction) : [:]
        )
        var attempt = try people.attempt(of: reply.actor, workspace: workspace, in: transaction)
        if attempt.actor.isNameless {
            let ids = attempt.actor.ids
            attempt.actor.name =
                try directory.name(of: ids, workspace: workspace, in: transaction) ?? attempt.actor.name
        } else {
            try directory.learn(attempt.actor, workspace: workspace, in: transaction)
        }
        attempt.optionID = reply.optionID
        attempt.comment = reply.comment
        attempt.operationHash = reply.operationHash
        if attempt.operationHash == nil, record.policy.option(reply.optionID)?.effect.isForText == true {
            // Whoever names the request alone means what was asked, and no text that somebody made of it since.
            attempt.operationHash = try course.requestedHash(record, in: transaction)
        }
        let text = record.operation["text"]?.string ?? ""
        attempt.offersEdit = reply.offersForm && (1...ApprovalReply.longestFormText).contains(text.utf16.count)
        var edited = record.operation
        // Browsers send other line ends than they were given.
        if let changed = reply.editedText.map(Self.lines), changed != Self.lines(text) {
            edited["text"] = .string(changed)
            attempt.editedHash = Self.hash(kind: record.kind, operation: edited, workspace: workspace)
        }
        switch answers.decide(attempt, now: now) {
        case .failure(let refused): return .refused(record, refused.refusal)
        case .success(let decision):
            var problem = reply.problem
            if problem == nil, attempt.editedHash != nil, let text = edited["text"]?.string {
                problem = try followUps[record.kind]?.problem(with: text, for: record, in: transaction)
            }
            if let problem { return .refused(record, .unusable(problem)) }
            try requests.insert(decision, to: id, workspace: workspace, in: transaction)
            record.operation = edited
            record.operationHash = answers.operationHash
            if answers.status == .pending {
                try course.go(on: &record, answers, decision, isEdited: attempt.editedHash != nil, in: transaction)
            } else {
                try course.end(
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
    ///
    /// A link stands for the person to whom it was sent; a button only says which answer somebody has given, so it is
    /// taken from a platform alone, which says who.
    /// - Parameters:
    ///   - workspace: where the button was pressed; nil for a link, which names its own.
    ///   - reply: makes the answer of what the token stands for: its option, and the id to which it was sent.
    /// - Returns: nil where the token is none of ours.
    /// - Throws: `DatabaseError`.
    package func decide(
        token: String,
        workspace: WorkspaceID?,
        in transaction: borrowing Transaction,
        _ reply: (_ optionID: String?, _ recipient: String) -> ApprovalReply
    ) throws -> ApprovalAnswer? {
        guard let meaning = try reader.meaning(of: token, in: transaction) else { return nil }
        let record = meaning.record
        guard workspace == nil ? meaning.option == nil : meaning.option != nil && meaning.workspace == workspace else {
            return .unknown
        }
        var reply = reply(meaning.option?.id, meaning.recipient)
        reply.operationHash = meaning.operationHash
        let actor = try people.resolved(reply.actor, workspace: record.workspace, in: transaction)
        guard Self.isBound(meaning.boundTo, to: actor) else { return .refused(record, .foreign) }
        return try decide(record.id, workspace: record.workspace, reply, in: transaction)
    }

    /// What a link leads to, without deciding anything.
    /// - Throws: `DatabaseError`.
    package func look(
        token: String,
        in transaction: borrowing Transaction
    ) throws -> (record: ApprovalRecord, recipient: String, isStale: Bool)? {
        guard let meaning = try reader.meaning(of: token, in: transaction), meaning.option == nil else { return nil }
        return (meaning.record, meaning.recipient, meaning.operationHash != meaning.record.operationHash)
    }

    /// The request that people of a workspace mean by its number or its id: one of their own, or one about which
    /// somebody is asked there.
    /// - Throws: `DatabaseError`.
    func find(named name: String, for workspace: WorkspaceID, in transaction: borrowing Transaction) throws
        -> ApprovalRecord?
    {
        guard let found = try requests.findAnywhere(name, in: transaction) else { return nil }
        if found.workspace == workspace { return found }
        let copies = try ApprovalPromptStore().list(of: found.id, in: transaction)
        return copies.contains { $0.workspace == workspace && $0.state != .failed } ? found : nil
    }

    /// The hash of what the copies show that somebody can see, by which a command is understood; nil where they have
    /// none that has arrived.
    ///
    /// A copy in a channel may have been read by everybody there; what a copy has come to show since, nobody had read.
    /// - Parameter written: when the command was written; nil for now.
    func hashShown(
        of record: ApprovalRecord,
        to actor: ApprovalActor,
        before written: Timestamp?,
        in transaction: borrowing Transaction
    ) throws -> String? {
        let actor = try people.resolved(actor, workspace: record.workspace, in: transaction)
        let seen = try ApprovalPromptStore().list(of: record.id, in: transaction).filter { prompt in
            !prompt.shownHash.isEmpty && Self.isBound(prompt.boundTo, to: actor)
                && written.map { $0 >= prompt.updatedAt } ?? true
        }
        return seen.contains { $0.shownHash == record.operationHash }
            ? record.operationHash : seen.last?.shownHash
    }

    private var reader: ApprovalTokenReader { ApprovalTokenReader(tokens: tokens, course: course) }

    private static func isBound(_ bound: String, to actor: ApprovalActor) -> Bool {
        if bound.hasPrefix("channel:") { return actor.channel.map { "channel:\($0)" } == bound }
        return actor.ids.contains(bound)
    }

    /// One id for whoever of those who may decide, or have decided, has several.
    private func persons(
        _ record: ApprovalRecord,
        _ decisions: [ApprovalDecision],
        in transaction: borrowing Transaction
    ) throws -> [String: String] {
        let concerned = record.policy.everybody.compactMap(\.person) + decisions.flatMap { [$0.actor, $0.seat] }
        return try directory.persons(of: concerned + [record.requester], workspace: record.workspace, in: transaction)
    }

    private static func lines(_ text: String) -> String {
        text.replacing("\r\n", with: "\n").replacing("\r", with: "\n")
    }
}
