package import CoreTypes
package import Persistence

/// What programs and pages do with approvals; each call is one transaction.
package struct ApprovalService: Sendable {
    /// A request with everything that belongs to it.
    package struct Detail: Sendable {
        package let record: ApprovalRecord
        package let decisions: [ApprovalDecision]
        package let prompts: [ApprovalPrompt]
        package let log: [ApprovalAuditLog.Entry]

        /// Whether somebody was told of it: those who look into the inbox are not.
        package var reachesNobody: Bool {
            let looksItself = record.policy.approvers.contains { approver in
                approver == .role(ApprovalPolicy.operators)
                    || approver.person.map { _ in approver.platform == nil } ?? false
            }
            return !looksItself && prompts.allSatisfy { $0.state == .failed }
        }
    }

    private let database: any Database
    private let desk: ApprovalDesk
    private let mostPending: Int

    /// Makes the service.
    /// - Parameter mostPending: how many requests of a workspace may wait, for programs to add one. What the gateway
    ///   asks by itself, about debates and publications, is not refused.
    package init(database: any Database, desk: ApprovalDesk, mostPending: Int = 1000) {
        self.database = database
        self.desk = desk
        self.mostPending = mostPending
    }

    /// Makes a request; the same origin gives the same one.
    /// - Parameter choosesWorkspace: whether whoever asks may ask for any workspace, and so hear which there are.
    /// - Throws: `ApprovalError`, also where too many requests wait already; `DatabaseError`.
    package func open(_ draft: ApprovalDraft, choosesWorkspace: Bool = true) async throws -> ApprovalRecord {
        let record = try await database.write { transaction in
            try desk.people.checkPlaces(of: draft, choosesWorkspace: choosesWorkspace, in: transaction)
            let (key, workspace) = (draft.originKey, draft.workspace)
            let isKnown = try desk.requests.find(origin: key, workspace: workspace, in: transaction) != nil
            let record = try desk.open(draft, in: transaction)
            // Counted behind it, where nobody else opens one at the same time; what is refused is rolled back.
            if !isKnown, try desk.requests.countPending(workspace: workspace, in: transaction) > mostPending {
                throw ApprovalError(
                    .full,
                    "\(mostPending) requests of this workspace wait already. Answer some, or withdraw them with "
                        + "`POST /api/v1/approvals/{id}/withdraw`; with `expires_in` they end by themselves."
                )
            }
            return record
        }
        await database.notify(.outbox)
        return record
    }

    /// Whether a request waits for somebody: whether an answer of theirs would count now.
    /// - Throws: `DatabaseError`.
    package func isWaiting(_ record: ApprovalRecord, for actor: ApprovalActor) async throws -> Bool {
        try await database.read { transaction in
            var waiting = desk.waiting(for: actor)
            return try waiting.includes(record, in: transaction)
        }
    }

    /// Those among some approvers who cannot be asked about what belongs to no platform's workspace, such as a debate of
    /// the page: their platform is not mounted, or it cannot be told in which of its workspaces they are.
    /// - Throws: `DatabaseError`.
    package func unreachable(_ approvers: [Approver]) async throws -> [Approver] {
        try await database.read { try desk.unreachable(approvers, for: .local, in: $0) }
    }

    /// The newest requests, and how many there are.
    /// - Parameters:
    ///   - actor: who looks.
    ///   - item: what is kept of each; it is told whether the request waits for whoever looks.
    /// - Throws: `DatabaseError`.
    package func list<Item: Sendable>(
        workspace: WorkspaceID?,
        status: ApprovalStatus?,
        kinds: [String],
        limit: Int,
        offset: Int,
        for actor: ApprovalActor,
        _ item: @Sendable (_ listing: ApprovalListing, _ isWaiting: Bool) -> Item
    ) async throws -> (items: [Item], total: Int) {
        try await database.read { transaction in
            var waiting = desk.waiting(for: actor)
            return try desk.requests.list(
                workspace: workspace,
                status: status,
                kinds: kinds,
                limit: limit,
                offset: offset,
                in: transaction
            ) { item($0, try waiting.includes($0.record, in: transaction)) }
        }
    }

    /// A request by its number or id, whichever workspace has it: for the operator alone.
    /// - Throws: `DatabaseError`.
    package func findAnywhere(_ name: String) async throws -> Detail? {
        try await database.read { try Self.detail(of: name, in: $0) }
    }

    /// A request by its number or id with everything that belongs to it.
    /// - Throws: `DatabaseError`.
    package static func detail(of name: String, in transaction: borrowing Transaction) throws -> Detail? {
        let requests = ApprovalRequestStore()
        guard let record = try requests.findAnywhere(name, in: transaction) else { return nil }
        let (id, workspace) = (record.id, record.workspace)
        return Detail(
            record: record,
            decisions: try requests.decisions(of: id, workspace: workspace, in: transaction),
            prompts: try ApprovalPromptStore().list(of: id, in: transaction),
            log: try ApprovalAuditLog().entries(about: id.rawValue, workspace: workspace, in: transaction)
        )
    }

    /// Answers a request.
    /// - Throws: `DatabaseError`.
    package func decide(_ name: String, _ reply: ApprovalReply) async throws -> ApprovalAnswer {
        let answer = try await database.write { transaction -> ApprovalAnswer in
            guard let record = try desk.requests.findAnywhere(name, in: transaction) else { return .unknown }
            return try desk.decide(record.id, workspace: record.workspace, reply, in: transaction)
        }
        await announce(answer)
        return answer
    }

    /// What a link leads to, without deciding anything.
    /// - Throws: `DatabaseError`.
    package func look(token: String) async throws -> (record: ApprovalRecord, recipient: String, isStale: Bool)? {
        try await database.read { try desk.look(token: token, in: $0) }
    }

    /// Answers with a link's token, which stands for the person it was sent to.
    /// - Returns: nil where the token is none of ours.
    /// - Throws: `DatabaseError`.
    package func decide(
        token: String,
        option: String,
        comment: String,
        editedText: String?,
        evidence: String
    ) async throws -> ApprovalAnswer? {
        let answer = try await database.write { transaction in
            try desk.decide(token: token, workspace: nil, in: transaction) { bound, person in
                ApprovalReply(
                    actor: ApprovalActor(
                        identity: person,
                        name: person.split(separator: ":", maxSplits: 1).last.map(String.init) ?? person,
                        surface: .email,
                        evidence: evidence
                    ),
                    optionID: bound ?? option,
                    comment: comment,
                    editedText: editedText
                )
            }
        }
        if let answer { await announce(answer) }
        return answer
    }

    /// The delegations of a workspace that hold now.
    /// - Throws: `DatabaseError`.
    package func delegations(workspace: WorkspaceID) async throws -> [ApprovalDelegation] {
        try await database.read { transaction in
            try desk.people.delegations.listOpen(at: desk.time.now(), workspace: workspace, in: transaction)
        }
    }

    /// Ends a delegation by its id, as the operator says.
    /// - Returns: nil where it has ended before.
    /// - Throws: `DatabaseError`.
    package func endDelegation(_ id: String, evidence: String, workspace: WorkspaceID) async throws
        -> ApprovalDelegation?
    {
        let ended = try await database.write { transaction in
            try desk.delegations.end(id, evidence: evidence, workspace: workspace, in: transaction)
        }
        await database.notify(.outbox)
        return ended
    }

    /// Ends a request that nobody needs an answer to any more: whoever asked for it may, and the operator.
    /// - Returns: false where there is none, or it had ended before.
    /// - Throws: `ApprovalError` for anybody else; `DatabaseError`.
    package func withdraw(_ name: String, by actor: ApprovalActor) async throws -> Bool {
        let isWithdrawn = try await database.write { transaction in
            guard let record = try desk.requests.findAnywhere(name, in: transaction) else { return false }
            let known = try desk.people.resolved(actor, workspace: record.workspace, in: transaction)
            guard actor.roles.contains(ApprovalPolicy.operators) || known.ids.contains(record.requester) else {
                throw ApprovalError(.forbidden, "Only whoever asked for it, or the operator, withdraws a request.")
            }
            let cause = ApprovalCause(identity: actor.identity, evidence: actor.evidence)
            return try desk.withdraw(record.id, workspace: record.workspace, by: cause, in: transaction)
        }
        await database.notify(.outbox)
        return isWithdrawn
    }

    private func announce(_ answer: ApprovalAnswer) async {
        guard case .counted = answer else { return }
        await database.notify(.outbox)
        await database.notify(.jobs)
    }
}
