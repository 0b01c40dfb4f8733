package import CoreTypes

/// A row of the outbox that has ended without success: it failed, or nobody will ever know whether it arrived.
package struct UnsettledOutboxRow: Sendable {
    package let id: Int64
    package let workspace: WorkspaceID
    package let key: OutboxKey
    package let platform: String
    package let operation: String
    /// `.failed` or `.unknown`.
    package let status: OutboxStatus
    package let receiptsJSON: String
    /// Whether it still holds what it says.
    package let hasContent: Bool
    package let errorCode: String
    package let errorMessage: String
    package let updatedAt: Timestamp
}

/// What the operator does with rows that have ended without success.
extension OutboxLedger {
    /// The rows that have ended so, the newest first.
    /// - Throws: `DatabaseError`.
    package func unsettled(limit: Int, in transaction: borrowing Transaction) throws -> [UnsettledOutboxRow] {
        try transaction.query(
            "select * from outbox where \(Self.isUnsettled) order by outbox_id desc limit \(limit)"
        ).map { try UnsettledOutboxRow($0) }
    }

    /// The row of this id, where it has ended so; nobody else settles it meanwhile.
    /// - Throws: `DatabaseError`.
    package func unsettled(_ id: Int64, in transaction: borrowing Transaction) throws -> UnsettledOutboxRow? {
        try transaction.query(
            """
            select * from outbox where outbox_id = \(id) and \(Self.isUnsettled) \(raw: transaction.dialect.forUpdate)
            """
        ).first.map { try UnsettledOutboxRow($0) }
    }

    /// Puts a row back into the queue.
    /// - Parameter receiptsJSON: what has arrived of it; that is not sent again.
    /// - Returns: false where a newer change of the same message was made, which may have arrived: it would be undone.
    /// - Throws: `DatabaseError`.
    package func retry(
        _ row: UnsettledOutboxRow,
        receiptsJSON: String,
        now: Timestamp,
        in transaction: borrowing Transaction
    ) throws -> Bool {
        try transaction.execute(
            """
            update outbox set status = 0, receipts_json = \(receiptsJSON), attempts = 0, available_at = \(now),
                error_code = null, error_message = null, updated_at = \(now)
            where outbox_id = \(row.id) and not exists (
                select 1 from outbox n where n.workspace_id = outbox.workspace_id
                    and n.coalesce_key = outbox.coalesce_key
                    and (n.status = 0 or n.outbox_id > outbox.outbox_id and n.status in (1, 2, 4))
            )
            """
        ) == 1
    }

    /// Forgets a row that has ended so.
    /// - Returns: false where there is none of this id.
    /// - Throws: `DatabaseError`.
    package func forget(_ id: Int64, in transaction: borrowing Transaction) throws -> Bool {
        try transaction.execute("delete from outbox where outbox_id = \(id) and \(Self.isUnsettled)") == 1
    }

    // In the words of the indexes, which SQLite takes for these words alone.
    static let isUnknownForGood: SQL = "status in (0, 1, 4) and status = 4 and available_at = \(OutboxStore.never)"
    private static let isUnsettled: SQL = """
        (status = 3 and error_code <> \(OutboxStore.superseded) or \(isUnknownForGood))
        """
}

extension UnsettledOutboxRow {
    fileprivate init(_ row: Row) throws {
        id = try row.integer("outbox_id")
        workspace = try row.id("workspace_id")
        key = try row.id("outbox_key")
        platform = try row.text("platform")
        operation = try row.text("operation")
        status = try row.integer("status") == OutboxStatus.failed.rawValue ? .failed : .unknown
        receiptsJSON = try row.text("receipts_json")
        hasContent = try row.text("payload_json") != "{}"
        errorCode = try row.textOrNil("error_code") ?? ""
        errorMessage = try row.textOrNil("error_message") ?? ""
        updatedAt = try row.timestamp("updated_at")
    }
}
