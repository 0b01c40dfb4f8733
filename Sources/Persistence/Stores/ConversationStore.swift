package import CoreTypes

/// The table `conversations`: which debate a thread is about.
package struct ConversationStore: Sendable {
    /// Makes the store.
    package init() {}

    /// Lets a thread be about a debate; the newest one counts, as long as it goes on.
    /// - Parameter address: how to answer in the thread, as JSON.
    /// - Throws: `DatabaseError`.
    package func bind(
        _ conversationKey: String,
        platform: String,
        to debate: DebateID,
        address: JSONValue,
        workspace: WorkspaceID,
        now: Timestamp,
        in transaction: borrowing Transaction
    ) throws {
        try transaction.execute(
            """
            insert into conversations (workspace_id, conversation_key, platform, debate_id, address_json, updated_at)
            values (\(workspace), \(conversationKey), \(platform), \(debate), \(address), \(now))
            on conflict (workspace_id, conversation_key) do update set debate_id = excluded.debate_id,
                address_json = excluded.address_json, updated_at = excluded.updated_at
            """
        )
    }

    /// The debate that a thread is about, or nil.
    /// - Throws: `DatabaseError`.
    package func debate(
        of conversationKey: String,
        workspace: WorkspaceID,
        in transaction: borrowing Transaction
    ) throws -> DebateID? {
        try transaction.query(
            """
            select debate_id from conversations
            where workspace_id = \(workspace) and conversation_key = \(conversationKey)
            """
        ).first?.id("debate_id")
    }
}
