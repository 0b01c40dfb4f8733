package import CoreTypes

/// What becomes of rows that nobody can be sent any more.
extension OutboxStore {
    /// Ends what is open for a workspace on a platform, and lets its content go.
    ///
    /// What waits has failed; of what may have been on its way nobody will ever know whether it arrived. Whoever has
    /// claimed a row loses it. The copies of prompts there have failed as well.
    /// - Parameter end: what was queued later stays; nil where nothing does.
    /// - Throws: `DatabaseError`.
    package func abandon(
        workspace: WorkspaceID,
        platform: String,
        until end: Timestamp? = nil,
        note: OutboxNote,
        now: Timestamp,
        in transaction: borrowing Transaction
    ) throws {
        let isInTime: SQL = if let end { "and created_at <= \(end)" } else { "" }
        try transaction.execute(
            """
            update outbox set status = case status when 0 then 3 else 4 end,
                available_at = case status when 0 then available_at else \(Self.never) end,
                \(Self.contentGone), error_code = \(note.code), error_message = \(note.message),
                lease_owner = null, lease_until = null, fence = fence + 1, updated_at = \(now)
            where status in (0, 1, 4) and workspace_id = \(workspace) and platform = \(platform)
                \(isInTime)
            """
        )
        // Each later step of a request changes its open copies, and so would queue messages that nobody can be sent.
        // Written here because those who learn of the removal know nothing of requests, which may be another
        // workspace's.
        try transaction.execute(
            """
            update approval_prompts set state = 'failed', updated_at = \(now)
            where workspace_id = \(workspace) and platform = \(platform) and state = 'open' \(isInTime)
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
            update outbox set status = 3, \(Self.contentGone), error_code = \(note.code),
                error_message = \(note.message), updated_at = \(now)
            where workspace_id = \(workspace) and coalesce_key = \(coalesceKey) and status = 0
            """
        )
    }
}
