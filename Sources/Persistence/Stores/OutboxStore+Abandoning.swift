package import CoreTypes

/// What becomes of rows that nobody can be sent any more.
extension OutboxStore {
    /// Ends what is open for a workspace on a platform, and lets its content go.
    ///
    /// What waits has failed; of what may have been on its way nobody will ever know whether it arrived. Whoever has
    /// claimed a row loses it.
    /// - Throws: `DatabaseError`.
    package func abandon(
        workspace: WorkspaceID,
        platform: String,
        note: OutboxNote,
        now: Timestamp,
        in transaction: borrowing Transaction
    ) throws {
        try transaction.execute(
            """
            update outbox set status = case status when 0 then 3 else 4 end,
                available_at = case status when 0 then available_at else \(Self.never) end,
                \(Self.nothing), error_code = \(note.code), error_message = \(note.message),
                lease_owner = null, lease_until = null, fence = fence + 1, updated_at = \(now)
            where status in (0, 1, 4) and workspace_id = \(workspace) and platform = \(platform)
            """
        )
    }

    /// Ends the waiting row of a coalesce key, where there is one.
    /// - Throws: `DatabaseError`.
    package func abandon(
        coalesceKey: String,
        workspace: WorkspaceID,
        note: OutboxNote,
        now: Timestamp,
        in transaction: borrowing Transaction
    ) throws {
        try transaction.execute(
            """
            update outbox set status = 3, \(Self.nothing), error_code = \(note.code), error_message = \(note.message),
                updated_at = \(now)
            where workspace_id = \(workspace) and coalesce_key = \(coalesceKey) and status = 0
            """
        )
    }

    private static let nothing: SQL = "payload_json = '{}', parts_json = null"
}
