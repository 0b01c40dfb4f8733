import CoreTypes
import Persistence

/// How far the journal of one debate has been told.
struct JournalCursor: Sendable {
    let workspace: WorkspaceID
    let debate: DebateID
    let lastSequence: Int
    /// Whether the journal will not grow any more.
    let hasEnded: Bool
}

/// The table `webhook_cursors`.
struct CursorStore: Sendable {
    /// Follows a debate from its first entry.
    func open(_ debate: DebateID, workspace: WorkspaceID, now: Timestamp, in transaction: borrowing Transaction) throws
    {
        try transaction.execute(
            """
            insert into webhook_cursors (workspace_id, debate_id, created_at)
            values (\(workspace), \(debate), \(now)) on conflict do nothing
            """
        )
    }

    /// Notes that a debate's journal is complete.
    func end(_ debate: DebateID, workspace: WorkspaceID, in transaction: borrowing Transaction) throws {
        try transaction.execute(
            """
            update webhook_cursors set has_ended = \(true)
            where workspace_id = \(workspace) and debate_id = \(debate)
            """
        )
    }

    /// The debates that grew since they were last told, and those that have ended; somebody else's are passed over.
    func behind(limit: Int, in transaction: borrowing Transaction) throws -> [JournalCursor] {
        try transaction.query(
            """
            select c.* from webhook_cursors c
            where c.has_ended = \(true) or exists (
                select 1 from debate_journal j where j.workspace_id = c.workspace_id and j.debate_id = c.debate_id
                    and j.last_sequence > c.last_sequence
            )
            order by c.created_at, c.debate_id limit \(limit) \(raw: transaction.dialect.forUpdateSkipLocked)
            """
        ).map { row in
            JournalCursor(
                workspace: try row.id("workspace_id"),
                debate: try row.id("debate_id"),
                lastSequence: Int(try row.integer("last_sequence")),
                hasEnded: try row.bool("has_ended")
            )
        }
    }

    /// Moves a cursor on, or removes it where everything has been told.
    func advance(_ cursor: JournalCursor, to sequence: Int, isDone: Bool, in transaction: borrowing Transaction) throws
    {
        if isDone {
            try transaction.execute(
                """
                delete from webhook_cursors
                where workspace_id = \(cursor.workspace) and debate_id = \(cursor.debate)
                """
            )
        } else {
            try transaction.execute(
                """
                update webhook_cursors set last_sequence = \(sequence)
                where workspace_id = \(cursor.workspace) and debate_id = \(cursor.debate)
                """
            )
        }
    }
}
