package import CoreTypes

/// The table `button_tokens`: what a pressed button means.
///
/// The platform carries the token alone.
package struct ButtonTokenStore: Sendable {
    /// What a button stands for.
    package struct Meaning: Sendable {
        package let action: String
        package let payload: JSONValue
        package let expiresAt: Timestamp
    }

    /// How long a button works: as long as people answer old messages.
    package static let lifetime: Duration = .seconds(30 * 24 * 60 * 60)

    /// Makes the store.
    package init() {}

    /// Keeps a meaning.
    /// - Parameter token: at most 20 bytes, unguessable.
    /// - Throws: `DatabaseError`.
    package func insert(
        token: String,
        action: String,
        payload: JSONValue,
        workspace: WorkspaceID,
        now: Timestamp,
        in transaction: borrowing Transaction
    ) throws {
        try transaction.execute(
            """
            insert into button_tokens (token, workspace_id, action, payload_json, created_at, expires_at)
            values (\(token), \(workspace), \(action), \(payload), \(now), \(now + Self.lifetime))
            """
        )
    }

    /// Forgets tokens that ran out before a moment; whoever presses their buttons is no more told that they ran out.
    /// - Returns: how many, at most `limit`.
    /// - Throws: `DatabaseError`.
    package func prune(expiredBefore moment: Timestamp, limit: Int, in transaction: borrowing Transaction) throws
        -> Int
    {
        try transaction.execute(
            """
            delete from button_tokens where token in (
                select token from button_tokens where expires_at < \(moment) order by expires_at limit \(limit)
            )
            """
        )
    }

    /// What a token stands for in a workspace; nil for a token that is unknown there.
    /// - Throws: `DatabaseError`.
    package func find(_ token: String, workspace: WorkspaceID, in transaction: borrowing Transaction) throws
        -> Meaning?
    {
        try transaction.query(
            """
            select action, payload_json, expires_at from button_tokens
            where token = \(token) and workspace_id = \(workspace)
            """
        ).first.map { row in
            Meaning(
                action: try row.text("action"),
                payload: try row.json("payload_json"),
                expiresAt: try row.timestamp("expires_at")
            )
        }
    }
}
