package import CoreTypes

/// An event that could not be handled and is not tried again by itself.
package struct GivenUpEvent: Sendable {
    package let id: Int64
    package let workspaceID: WorkspaceID
    package let platform: String
    package let shape: String
    package let attempts: Int
    package let lastError: String
    package let receivedAt: Timestamp
}

/// What the operator does with events that could not be handled.
extension InboxStore {
    /// The events that were given up, the newest first.
    /// - Throws: `DatabaseError`.
    package func givenUp(limit: Int, in transaction: borrowing Transaction) throws -> [GivenUpEvent] {
        try transaction.query(
            """
            select inbox_id, workspace_id, platform, shape, attempts, last_error, received_at from inbox
            where status = 2 order by inbox_id desc limit \(limit)
            """
        ).map { row in
            GivenUpEvent(
                id: try row.integer("inbox_id"),
                workspaceID: try row.id("workspace_id"),
                platform: try row.text("platform"),
                shape: try row.text("shape"),
                attempts: Int(try row.integer("attempts")),
                lastError: try row.textOrNil("last_error") ?? "",
                receivedAt: try row.timestamp("received_at")
            )
        }
    }

    /// Lets an event that was given up be handled once more, as if it had just come.
    /// - Returns: false where there is none of this id.
    /// - Throws: `DatabaseError`.
    package func retry(_ id: Int64, now: Timestamp, in transaction: borrowing Transaction) throws -> Bool {
        try transaction.execute(
            """
            update inbox set status = 0, attempts = 0, available_at = \(now), last_error = null
            where inbox_id = \(id) and status = 2
            """
        ) == 1
    }

    /// Ends an event that was given up; its body is let go, its key stays to meet late twins.
    /// - Returns: false where there is none of this id.
    /// - Throws: `DatabaseError`.
    package func forget(_ id: Int64, in transaction: borrowing Transaction) throws -> Bool {
        try transaction.execute(
            "update inbox set status = 1, body = \([UInt8]()) where inbox_id = \(id) and status = 2"
        ) == 1
    }

    /// Forgets events that were given up and about which nobody has done anything for long.
    /// - Returns: how many, at most `limit`.
    /// - Throws: `DatabaseError`.
    package func pruneGivenUp(receivedBefore: Timestamp, limit: Int, in transaction: borrowing Transaction) throws
        -> Int
    {
        try transaction.execute(
            """
            delete from inbox where (workspace_id, event_key) in (
                select workspace_id, event_key from inbox where status = 2 and received_at < \(receivedBefore)
                order by inbox_id limit \(limit)
            )
            """
        )
    }
}
