package import CoreTypes

/// An event that was claimed from the inbox.
package struct InboxRow: Sendable {
    package let id: Int64
    package let workspaceID: WorkspaceID
    package let eventKey: String
    package let platform: String
    package let shape: String
    package let conversationKey: String
    package let body: [UInt8]
    /// How often handling it has failed.
    package let attempts: Int
    package let receivedAt: Timestamp
}

/// How full the inbox is.
package struct InboxCounts: Sendable, Equatable {
    package var waiting: Int
    package var givenUp: Int
    /// When the oldest waiting event was received.
    package var oldestWaiting: Timestamp?

    /// For how long the oldest waiting event has waited; zero where none waits.
    package func longestWait(at now: Timestamp) -> Duration {
        oldestWaiting.map { max(.zero, now - $0) } ?? .zero
    }
}

/// Takes events out of the inbox (table `inbox`), each conversation's in the order of their arrival.
///
/// A claim holds its conversations until its transaction ends; so the events are handled and completed in the
/// transaction that claimed them.
package struct InboxStore: Sendable {
    /// Each claim looks at this many events for each that it wants, to find conversations that are free.
    private static let overfetch = 8

    /// Makes the store.
    package init() {}

    /// Takes the oldest waiting events of conversations that nobody else holds.
    ///
    /// An event is not given out before an older one of its conversation is done or given up: where the older one waits
    /// for its next attempt, the younger ones are put off until then.
    /// - Throws: `DatabaseError`.
    package func claim(limit: Int, now: Timestamp, in transaction: borrowing Transaction) throws -> [InboxRow] {
        // First the conversations, then their events in a statement of its own: it sees what the conversation's last
        // holder has committed, which the statement that waited for the lock may not.
        let heads = try transaction.query(
            """
            with oldest as materialized (
                select inbox_id, workspace_id, conversation_key from inbox
                where status = 0 and available_at <= \(now)
                order by inbox_id limit \(limit * Self.overfetch)
            ), heads as materialized (
                select workspace_id, conversation_key, min(inbox_id) as head, max(inbox_id) as tail from oldest
                group by workspace_id, conversation_key order by min(inbox_id) limit \(limit)
            )
            select workspace_id, conversation_key, tail from heads
            where \(raw: transaction.dialect.holdsConversation)
            """
        )
        guard !heads.isEmpty else { return [] }
        let tail = try heads.map { try $0.integer("tail") }.max() ?? 0
        let keys = try heads.map { [try $0.value("workspace_id"), try $0.value("conversation_key")] }
        let rows = try transaction.query(
            """
            select inbox_id, workspace_id, event_key, platform, shape, conversation_key, body, attempts, available_at,
                received_at
            from inbox
            where status = 0 and inbox_id <= \(tail)
                and (workspace_id, conversation_key) in (values \(rows: keys))
            order by inbox_id limit \(limit) \(raw: transaction.dialect.forUpdate)
            """
        )
        var waitUntil: [[SQLValue]: Timestamp] = [:]
        var claimed: [InboxRow] = []
        for row in rows {
            let conversation = [try row.value("workspace_id"), try row.value("conversation_key")]
            let availableAt = try row.timestamp("available_at")
            if let until = waitUntil[conversation] {
                if availableAt < until {
                    try transaction.execute(
                        "update inbox set available_at = \(until) where inbox_id = \(try row.integer("inbox_id"))"
                    )
                }
            } else if availableAt > now {
                waitUntil[conversation] = availableAt
            } else {
                claimed.append(try Self.row(row))
            }
        }
        return claimed
    }

    /// Ends events well; their bodies are let go, their keys stay to meet late twins.
    /// - Throws: `DatabaseError`.
    package func complete(ids: [Int64], in transaction: borrowing Transaction) throws {
        guard !ids.isEmpty else { return }
        try transaction.execute(
            """
            update inbox set status = 1, body = \([UInt8]()), last_error = null
            where status = 0 and inbox_id in (\(list: ids))
            """
        )
    }

    /// Notes that an event could not be handled.
    /// - Parameters:
    ///   - error: the failure's code or a text without secrets.
    ///   - retryAt: when it is tried again; the rest of its conversation waits with it.
    ///   - giveUp: whether it is not; the event stays stored with its body.
    /// - Throws: `DatabaseError`.
    package func fail(
        id: Int64,
        error: String,
        retryAt: Timestamp,
        giveUp: Bool,
        in transaction: borrowing Transaction
    ) throws {
        try transaction.execute(
            """
            update inbox set attempts = attempts + 1, last_error = \(error), available_at = \(retryAt),
                status = case when \(giveUp) then 2 else 0 end
            where inbox_id = \(id) and status = 0
            """
        )
    }

    /// How full the inbox is.
    ///
    /// Looks at the events that wait or were given up, not at those that are done.
    /// - Throws: `DatabaseError`.
    package func counts(in transaction: borrowing Transaction) throws -> InboxCounts {
        let waiting = try transaction.query(
            "select count(*) as events, min(received_at) as oldest from inbox where status = 0"
        )
        let givenUp = try transaction.query("select count(*) as events from inbox where status = 2")
        return InboxCounts(
            waiting: Int(try waiting.first?.integer("events") ?? 0),
            givenUp: Int(try givenUp.first?.integer("events") ?? 0),
            oldestWaiting: try waiting.first?.timestampOrNil("oldest")
        )
    }

    /// Forgets events that were done long ago, so that later twins of them would count as new.
    /// - Returns: how many.
    /// - Throws: `DatabaseError`.
    @discardableResult
    package func prune(receivedBefore: Timestamp, limit: Int, in transaction: borrowing Transaction) throws -> Int {
        try transaction.execute(
            """
            delete from inbox where (workspace_id, event_key) in (
                select workspace_id, event_key from inbox
                where status = 1 and received_at < \(receivedBefore) limit \(limit)
            )
            """
        )
    }

    private static func row(_ row: Row) throws -> InboxRow {
        InboxRow(
            id: try row.integer("inbox_id"),
            workspaceID: try row.id("workspace_id"),
            eventKey: try row.text("event_key"),
            platform: try row.text("platform"),
            shape: try row.text("shape"),
            conversationKey: try row.text("conversation_key"),
            body: try row.blob("body"),
            attempts: Int(try row.integer("attempts")),
            receivedAt: try row.timestamp("received_at")
        )
    }
}

extension Dialect {
    /// A condition that takes the row's conversation for this transaction and fails where another one has it.
    ///
    /// SQLite has one writer.
    fileprivate var holdsConversation: String {
        switch self {
        case .postgres:
            "pg_try_advisory_xact_lock(hashtextextended(workspace_id || chr(31) || conversation_key, 0))"
        case .sqlite: "true"
        }
    }
}
