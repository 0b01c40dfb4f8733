import CoreTypes
import Persistence

/// How far the journal of one debate has been told.
struct JournalCursor: Sendable {
    let workspace: WorkspaceID
    let debate: DebateID
    var lastSequence: Int
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

    /// Follows the debates of a workspace that are under way from where they stand.
    ///
    /// What was said before is not for those who subscribe now. None of the debates ends meanwhile: it would be followed
    /// for ever.
    func openAll(in workspace: WorkspaceID, now: Timestamp, _ transaction: borrowing Transaction) throws {
        try transaction.execute(
            """
            insert into webhook_cursors (workspace_id, debate_id, last_sequence, created_at)
            select d.workspace_id, d.debate_id, coalesce((
                select max(j.last_sequence) from debate_journal j
                where j.workspace_id = d.workspace_id and j.debate_id = d.debate_id
            ), 0), \(now)
            from debates d where d.workspace_id = \(workspace) and \(DebateStanding.isRunning)
            order by d.debate_id \(raw: transaction.dialect.forUpdate)
            on conflict do nothing
            """
        )
    }

    /// Follows a debate no longer.
    func close(_ debate: DebateID, workspace: WorkspaceID, in transaction: borrowing Transaction) throws {
        try transaction.execute(
            "delete from webhook_cursors where workspace_id = \(workspace) and debate_id = \(debate)"
        )
    }

    /// How far a debate has been told; nobody else tells of it meanwhile.
    func find(_ debate: DebateID, workspace: WorkspaceID, in transaction: borrowing Transaction) throws
        -> JournalCursor?
    {
        try transaction.query(
            """
            select * from webhook_cursors where workspace_id = \(workspace) and debate_id = \(debate)
            \(raw: transaction.dialect.forUpdate)
            """
        ).first.map { try JournalCursor($0) }
    }

    /// The debates that grew since they were last told; somebody else's are passed over.
    func behind(limit: Int, in transaction: borrowing Transaction) throws -> [JournalCursor] {
        try transaction.query(
            """
            select c.* from webhook_cursors c
            where exists (
                select 1 from debate_journal j where j.workspace_id = c.workspace_id and j.debate_id = c.debate_id
                    and j.last_sequence > c.last_sequence
            )
            order by c.created_at, c.debate_id limit \(limit) \(raw: transaction.dialect.forUpdateSkipLocked)
            """
        ).map { try JournalCursor($0) }
    }

    /// Writes down how far a debate has been told.
    func save(_ cursor: JournalCursor, in transaction: borrowing Transaction) throws {
        try transaction.execute(
            """
            update webhook_cursors set last_sequence = \(cursor.lastSequence)
            where workspace_id = \(cursor.workspace) and debate_id = \(cursor.debate)
            """
        )
    }
}

extension JournalCursor {
    fileprivate init(_ row: Row) throws {
        workspace = try row.id("workspace_id")
        debate = try row.id("debate_id")
        lastSequence = Int(try row.integer("last_sequence"))
    }
}
