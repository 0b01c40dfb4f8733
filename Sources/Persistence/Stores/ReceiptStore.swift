package import CoreTypes

/// The table `debate_receipts`: the signed documents, byte for byte.
package struct ReceiptStore: Sendable {
    /// Makes the store.
    package init() {}

    /// Keeps a debate's receipt; the first one stays.
    /// - Throws: `DatabaseError`.
    package func insert(
        _ document: [UInt8],
        receiptID: String,
        debate: DebateID,
        workspace: WorkspaceID,
        now: Timestamp,
        in transaction: borrowing Transaction
    ) throws {
        try transaction.execute(
            """
            insert into debate_receipts (workspace_id, debate_id, receipt_id, document, created_at)
            values (\(workspace), \(debate), \(receiptID), \(document), \(now)) on conflict do nothing
            """
        )
    }

    /// A debate's receipt, or nil.
    /// - Throws: `DatabaseError`.
    package func find(_ debate: DebateID, workspace: WorkspaceID, in transaction: borrowing Transaction) throws
        -> (id: String, document: [UInt8])?
    {
        try transaction.query(
            """
            select receipt_id, document from debate_receipts
            where workspace_id = \(workspace) and debate_id = \(debate)
            """
        ).first.map { (try $0.text("receipt_id"), try $0.blob("document")) }
    }
}
