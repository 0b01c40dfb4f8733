package import CoreTypes
import Persistence

/// One attempt, as the log has it.
package struct AttemptRecord: Sendable {
    package let number: Int64
    package let endpoint: EndpointID
    package let message: MessageID
    package let type: String
    package let attemptedAt: Timestamp
    package let duration: Duration
    /// 0 where no answer came.
    package let status: Int
    /// Why no answer came; empty where one did.
    package let errorCode: String
    /// The first 16 KiB of the answer.
    package let body: [UInt8]

    /// Whether the endpoint took the message.
    package var isDelivered: Bool { (200...299).contains(status) }
}

/// The table `webhook_attempts`, as it is read and forgotten; `DeliveryLedger` writes it.
struct AttemptStore: Sendable {
    /// How much later than it began an attempt may be written down, and how far clocks may differ.
    private static let tolerance = Duration.seconds(3600)

    func attempts(
        at endpoint: Endpoint,
        message: MessageID?,
        limit: Int,
        offset: Int,
        in transaction: borrowing Transaction
    ) throws -> (items: [AttemptRecord], total: Int) {
        var filter: SQL = ""
        if let message {
            let first = try firstAttempt(at: endpoint, message: message, in: transaction)
            filter = "and a.attempt_id >= \(first) and a.message_id = \(message)"
        }
        let total = try transaction.query(
            """
            select count(*) as total from webhook_attempts a
            where a.workspace_id = \(endpoint.workspace) and a.endpoint_id = \(endpoint.id) \(filter)
            """
        ).first?.integer("total")
        let items = try transaction.query(
            """
            select a.*, coalesce(m.event_type, '') as event_type from webhook_attempts a
            left join webhook_messages m on m.workspace_id = a.workspace_id and m.message_id = a.message_id
            where a.workspace_id = \(endpoint.workspace) and a.endpoint_id = \(endpoint.id) \(filter)
            order by a.attempt_id desc limit \(limit) offset \(offset)
            """
        ).map { try AttemptRecord($0) }
        return (items, Int(total ?? 0))
    }

    /// The number before which no attempt at an endpoint can be one at this message.
    ///
    /// Attempts are not indexed by their messages, but they are numbered in the order of time: what is older than the
    /// message is passed over by halving, and not read.
    private func firstAttempt(at endpoint: Endpoint, message: MessageID, in transaction: borrowing Transaction) throws
        -> Int64
    {
        let known = try transaction.query(
            """
            select created_at from webhook_messages
            where workspace_id = \(endpoint.workspace) and message_id = \(message)
            """
        ).first
        guard let known else { return 0 }
        let moment = try known.timestamp("created_at") - Self.tolerance
        var low: Int64 = 0
        var high = try newestAttempt(at: endpoint, in: transaction) + 1
        while low < high {
            let middle = low + (high - low) / 2
            let row = try transaction.query(
                """
                select attempt_id, attempted_at from webhook_attempts
                where workspace_id = \(endpoint.workspace) and endpoint_id = \(endpoint.id)
                    and attempt_id >= \(middle)
                order by attempt_id limit 1
                """
            ).first
            if let row, try row.timestamp("attempted_at") < moment {
                low = try row.integer("attempt_id") + 1
            } else {
                high = middle
            }
        }
        return low
    }

    /// The number of the newest attempt at an endpoint; 0 where there was none.
    func newestAttempt(at endpoint: Endpoint, in transaction: borrowing Transaction) throws -> Int64 {
        try transaction.query(
            """
            select attempt_id from webhook_attempts
            where workspace_id = \(endpoint.workspace) and endpoint_id = \(endpoint.id)
            order by attempt_id desc limit 1
            """
        ).first?.integer("attempt_id") ?? 0
    }

    /// The one attempt at a test; nil while it is still to be made.
    ///
    /// Attempts are not indexed by their messages: many are written every second, and few are asked for so. Whether there
    /// is one says the delivery, which is gone then.
    /// - Parameter number: of an attempt before the test.
    func attempt(
        atTest message: MessageID,
        of endpoint: Endpoint,
        after number: Int64,
        in transaction: borrowing Transaction
    ) throws -> AttemptRecord? {
        let waiting = try transaction.query(
            """
            select 1 from webhooks
            where workspace_id = \(endpoint.workspace) and endpoint_id = \(endpoint.id) and message_id = \(message)
            """
        )
        guard waiting.isEmpty else { return nil }
        return try transaction.query(
            """
            select a.*, '\(raw: EventMessage.testType)' as event_type from webhook_attempts a
            where a.workspace_id = \(endpoint.workspace) and a.endpoint_id = \(endpoint.id)
                and a.attempt_id > \(number) and a.message_id = \(message)
            order by a.attempt_id desc limit 1
            """
        ).first.map { try AttemptRecord($0) }
    }

    /// Forgets attempts of before a moment.
    /// - Parameter limit: the most.
    /// - Returns: whether there may be more.
    /// - Throws: `DatabaseError`.
    func purge(before moment: Timestamp, limit: Int, in transaction: borrowing Transaction) throws -> Bool {
        // Their numbers are in the order of time.
        try transaction.execute(
            """
            delete from webhook_attempts where attempt_id in (
                select attempt_id from webhook_attempts order by attempt_id limit \(limit)
            ) and attempted_at < \(moment)
            """
        ) == limit
    }
}

extension AttemptRecord {
    fileprivate init(_ row: Row) throws {
        number = try row.integer("attempt_id")
        endpoint = try row.id("endpoint_id")
        message = try row.id("message_id")
        type = try row.text("event_type")
        attemptedAt = try row.timestamp("attempted_at")
        duration = .milliseconds(try row.integer("duration_ms"))
        status = Int(try row.integer("response_status"))
        errorCode = try row.text("error_code")
        body = try row.blob("response_body")
    }
}
