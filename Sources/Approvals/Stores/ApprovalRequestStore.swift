package import CoreTypes
package import Persistence

/// The tables `approval_requests` and `approval_decisions`.
package struct ApprovalRequestStore: Sendable {
    /// Makes the store.
    package init() {}

    /// Adds a request unless its origin has one already.
    /// - Returns: false where it has.
    /// - Throws: `DatabaseError`.
    func insert(
        _ draft: ApprovalDraft,
        id: ApprovalID,
        operationHash: String,
        expiresAt: Timestamp?,
        now: Timestamp,
        in transaction: borrowing Transaction
    ) throws -> Bool {
        try transaction.execute(
            """
            insert into approval_requests (workspace_id, request_id, origin_key, kind, title, question, context,
                operation_json, operation_hash, policy_json, priority, requester_id, requester_name, debate_id,
                address_json, metadata_json, expires_at, created_at, updated_at)
            values (\(draft.workspace), \(id), \(draft.originKey), \(draft.kind), \(draft.title), \(draft.question),
                \(draft.context), \(draft.operation), \(operationHash), \(draft.policy.json), \(draft.priority),
                \(draft.requester), \(draft.requesterName), \(draft.debate), \(draft.address), \(draft.metadata),
                \(expiresAt), \(now), \(now))
            on conflict do nothing
            """
        ) == 1
    }

    /// A request of a workspace.
    /// - Throws: `DatabaseError`.
    package func find(_ id: ApprovalID, workspace: WorkspaceID, in transaction: borrowing Transaction) throws
        -> ApprovalRecord?
    {
        try transaction.query(
            "select * from approval_requests where workspace_id = \(workspace) and request_id = \(id)"
        ).first.map { try ApprovalRecord($0) }
    }

    /// A request, whichever workspace has it: for copies, which may be in another one.
    /// - Throws: `DatabaseError`.
    func find(_ id: ApprovalID, in transaction: borrowing Transaction) throws -> ApprovalRecord? {
        try transaction.query("select * from approval_requests where request_id = \(id)").first
            .map { try ApprovalRecord($0) }
    }

    /// What lists say of a request, whichever workspace has it.
    /// - Throws: `DatabaseError`.
    func listing(of id: ApprovalID, in transaction: borrowing Transaction) throws -> ApprovalListing? {
        try transaction.query(
            """
            select \(raw: ApprovalListing.columns(transaction.dialect)) from approval_requests
            where request_id = \(id)
            """
        ).first.map { try ApprovalListing($0) }
    }

    /// How many requests of a workspace wait.
    /// - Throws: `DatabaseError`.
    func countPending(workspace: WorkspaceID, in transaction: borrowing Transaction) throws -> Int {
        let counted = try transaction.query(
            "select count(*) as total from approval_requests where workspace_id = \(workspace) and status = 'pending'"
        )
        return Int(try counted.first?.integer("total") ?? 0)
    }

    /// Looks at the pending requests of a workspace, and then at those of others about which somebody is asked there,
    /// the most urgent first.
    /// - Parameter body: says whether it wants to see another one.
    /// - Throws: `DatabaseError`, or what the closure throws.
    func walkPending(
        workspace: WorkspaceID,
        in transaction: borrowing Transaction,
        _ body: (ApprovalListing) throws -> Bool
    ) throws {
        var goesOn = true
        let conditions: [SQL] = [
            "workspace_id = \(workspace) and status = 'pending'",
            """
            workspace_id <> \(workspace) and status = 'pending' and request_id in (
                select request_id from approval_prompts where workspace_id = \(workspace) and state = 'open'
            )
            """,
        ]
        for condition in conditions where goesOn {
            try walk(condition, isPending: true, in: transaction) { listing in
                goesOn = try body(listing)
                return goesOn
            }
        }
    }

    /// How many requests are held at once while a list is read.
    private static let page = 50

    /// Looks at requests one after the other, the newest first, the most urgent before them where they are pending.
    /// - Parameter range: behind the order, which of them; empty for all.
    private func walk(
        _ condition: SQL,
        _ range: SQL = "",
        isPending: Bool,
        in transaction: borrowing Transaction,
        _ body: (ApprovalListing) throws -> Bool
    ) throws {
        let columns = ApprovalListing.columns(transaction.dialect)
        let order = isPending ? "priority, approval_number desc" : "approval_number desc"
        var ids = try transaction.query(
            "select request_id from approval_requests where \(condition) order by \(raw: order) \(range)"
        ).map { try $0.text("request_id") }[...]
        while !ids.isEmpty {
            let rows = try transaction.query(
                """
                select \(raw: columns) from approval_requests where request_id in (\(list: ids.prefix(Self.page)))
                order by \(raw: order)
                """
            )
            for row in rows { guard try body(try ApprovalListing(row)) else { return } }
            ids = ids.dropFirst(Self.page)
        }
    }

    /// A request, whichever workspace has it: for the operator alone.
    /// - Throws: `DatabaseError`.
    package func findAnywhere(_ name: String, in transaction: borrowing Transaction) throws -> ApprovalRecord? {
        let condition: SQL = Int64(name).map { "approval_number = \($0)" } ?? "request_id = \(name)"
        return try transaction.query("select * from approval_requests where \(condition)").first
            .map { try ApprovalRecord($0) }
    }

    /// The request that an origin led to.
    /// - Throws: `DatabaseError`.
    package func find(origin: String, workspace: WorkspaceID, in transaction: borrowing Transaction) throws
        -> ApprovalRecord?
    {
        try transaction.query(
            "select * from approval_requests where workspace_id = \(workspace) and origin_key = \(origin)"
        ).first.map { try ApprovalRecord($0) }
    }

    /// The newest requests, newest first; the most urgent before them where they are pending.
    /// - Parameters:
    ///   - workspace: whose requests; nil shows the operator those of all workspaces.
    ///   - kinds: which kinds; empty for all.
    ///   - limit: how many at most.
    ///   - item: what is kept of each.
    /// - Throws: `DatabaseError`, or what the closure throws.
    package func list<Item>(
        workspace: WorkspaceID?,
        status: ApprovalStatus?,
        kinds: [String] = [],
        limit: Int,
        offset: Int = 0,
        in transaction: borrowing Transaction,
        _ item: (ApprovalListing) throws -> Item
    ) throws -> (items: [Item], total: Int) {
        let owner: SQL = workspace.map { "workspace_id = \($0)" } ?? "true"
        // Spelled out where it can be, so that the partial index serves it.
        let state: SQL = status.map { $0 == .pending ? "and status = 'pending'" : "and status = \($0.rawValue)" } ?? ""
        let kind: SQL = kinds.isEmpty ? "" : "and kind in (\(list: kinds))"
        let total = try transaction.query(
            "select count(*) as total from approval_requests where \(owner) \(state) \(kind)"
        ).first?.integer("total")
        var items: [Item] = []
        try walk(
            "\(owner) \(state) \(kind)",
            "limit \(limit) offset \(offset)",
            isPending: status == .pending,
            in: transaction
        ) { listing in
            items.append(try item(listing))
            return true
        }
        return (items, Int(total ?? 0))
    }

    /// The answers to a request, oldest first.
    /// - Throws: `DatabaseError`.
    package func decisions(
        of id: ApprovalID,
        workspace: WorkspaceID,
        in transaction: borrowing Transaction
    ) throws -> [ApprovalDecision] {
        try transaction.query(
            """
            select * from approval_decisions where workspace_id = \(workspace) and request_id = \(id)
            order by decided_at, approver
            """
        ).map { row in
            ApprovalDecision(
                seat: try row.text("approver"),
                actor: try row.text("actor"),
                identity: try row.text("actor_identity"),
                name: try row.text("actor_name"),
                surface: try row.text("surface"),
                optionID: try row.text("option_id"),
                effect: try Self.effect(row),
                comment: try row.text("comment"),
                operationHash: try row.text("operation_hash"),
                evidence: try row.text("evidence"),
                decidedAt: try row.timestamp("decided_at")
            )
        }
    }

    /// Adds an answer.
    /// - Throws: `DatabaseError`, `uniqueViolation` among them where the seat or the person has answered.
    func insert(
        _ decision: ApprovalDecision,
        to id: ApprovalID,
        workspace: WorkspaceID,
        in transaction: borrowing Transaction
    ) throws {
        try transaction.execute(
            """
            insert into approval_decisions (workspace_id, request_id, approver, actor, actor_identity, actor_name,
                surface, option_id, effect, comment, operation_hash, evidence, decided_at)
            values (\(workspace), \(id), \(decision.seat), \(decision.actor), \(decision.identity), \(decision.name),
                \(decision.surface), \(decision.optionID), \(decision.effect.rawValue), \(decision.comment),
                \(decision.operationHash), \(decision.evidence), \(decision.decidedAt))
            """
        )
    }

    /// Writes down where a request stands now, if nobody has changed it since it was read.
    /// - Throws: `DatabaseError` with the reason `serialization`, which is tried again, where somebody has.
    func save(_ record: ApprovalRecord, now: Timestamp, in transaction: borrowing Transaction) throws {
        let changed = try transaction.execute(
            """
            update approval_requests set status = \(record.status.rawValue), outcome_option = \(record.outcome),
                outcome_line = \(record.outcomeLine), operation_json = \(record.operation),
                operation_hash = \(record.operationHash), responded_at = \(record.respondedAt),
                version = version + 1, updated_at = \(now)
            where workspace_id = \(record.workspace) and request_id = \(record.id)
                and version = \(record.version) and status = 'pending'
            """
        )
        guard changed == 1 else {
            throw DatabaseError(.serialization, "Two answers to one request met; the later one is looked at again.")
        }
    }

    private static func effect(_ row: Row) throws -> ApprovalOption.Effect {
        try row.word("effect", of: "a decision")
    }
}
