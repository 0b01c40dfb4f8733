package import CoreTypes

extension OutboxStore {
    /// What has become of a row; nil where there is none with this key.
    /// - Throws: `DatabaseError`.
    package func resolve(
        _ key: OutboxKey,
        workspace: WorkspaceID,
        in transaction: borrowing Transaction
    ) throws -> ResolvedOutboxRow? {
        try transaction.query(
            """
            select status, receipts_json, available_at from outbox
            where workspace_id = \(workspace) and outbox_key = \(key)
            """
        ).first.map { row in
            let status = try OutboxStatus(column: row.integer("status"))
            let isSettled = try row.timestamp("available_at") == Self.never
            let isOpen =
                switch status {
                case .queued, .sending: true
                case .unknown: !isSettled
                case .sent, .failed: false
                }
            return ResolvedOutboxRow(status: status, receiptsJSON: try row.text("receipts_json"), isOpen: isOpen)
        }
    }

    /// When the next row that nobody holds is due; nil where there is none.
    /// - Throws: `DatabaseError`.
    package func nextDue(after now: Timestamp, in transaction: borrowing Transaction) throws -> Timestamp? {
        try transaction.query(
            """
            select min(available_at) as due from outbox
            where status in (0, 1, 4) and lease_until is null and available_at > \(now) and available_at < \(Self.never)
            """
        ).first?.timestampOrNil("due")
    }
}
