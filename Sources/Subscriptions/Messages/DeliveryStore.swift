package import CoreTypes
import Persistence

/// The tables `webhook_messages` and `webhooks`: what happened, and what each endpoint is owed of it.
package struct DeliveryStore: Sendable {
    /// Makes the store.
    package init() {}

    /// Keeps a message for the endpoints that want it.
    /// - Returns: false where it is there already; then nothing is owed anew.
    /// - Throws: `DatabaseError`.
    @discardableResult
    func add(
        _ message: EventMessage,
        for endpoints: [EndpointID],
        isTest: Bool = false,
        now: Timestamp,
        in transaction: borrowing Transaction
    ) throws -> Bool {
        guard !endpoints.isEmpty else { return false }
        let workspace = message.event.workspaceID
        let added = try transaction.execute(
            """
            insert into webhook_messages (workspace_id, message_id, event_type, debate_id, channel, body, thin_body,
                occurred_at, created_at)
            values (\(workspace), \(message.id), \(message.event.type), \(message.event.debateID),
                \(message.event.channel), \(message.body), \(message.thinBody), \(message.event.occurredAt), \(now))
            on conflict do nothing
            """
        )
        guard added == 1 else { return false }
        let rows = endpoints.map { endpoint -> [SQLValue] in
            [
                workspace.sqlValue, endpoint.sqlValue, message.id.sqlValue, isTest.sqlValue, now.sqlValue,
                now.sqlValue, now.sqlValue,
            ]
        }
        // Endpoints in batches, because a statement has a bounded number of values.
        for start in stride(from: 0, to: rows.count, by: 1000) {
            try transaction.execute(
                """
                insert into webhooks (workspace_id, endpoint_id, message_id, is_test, available_at, created_at,
                    updated_at)
                values \(rows: rows[start..<min(start + 1000, rows.count)]) on conflict do nothing
                """
            )
        }
        return true
    }

    /// Reads what is due to an endpoint that is ours, the longest due first.
    ///
    /// An ordered endpoint's messages follow the numbers that they got when they were written: the clocks of several
    /// processes are not one.
    /// - Parameter underWay: the numbers of those that were read before and whose attempts are not written down yet.
    /// - Throws: `DatabaseError`.
    func due(
        to claimed: ClaimedEndpoint,
        passing underWay: Set<Int64>,
        limit: Int,
        now: Timestamp,
        in transaction: borrowing Transaction
    ) throws -> [ClaimedDelivery] {
        let endpoint = claimed.endpoint
        let body: SQL = endpoint.settings.isThin ? "m.thin_body" : "m.body"
        let isOrdered = endpoint.settings.isOrdered
        let due: SQL = isOrdered ? "" : "and available_at <= \(now)"
        let new = Self.passing(underWay, transaction.dialect)
        let order = isOrdered ? "delivery_id" : "available_at, delivery_id"
        let rows = try transaction.query(
            """
            select w.delivery_id, w.message_id, w.attempts, w.is_test, w.available_at, m.event_type, \(body) as body
            from (
                select * from webhooks
                where workspace_id = \(endpoint.workspace) and endpoint_id = \(endpoint.id) and status = 0
                    \(due) \(new)
                order by \(raw: order) limit \(limit)
            ) w join webhook_messages m on m.workspace_id = w.workspace_id and m.message_id = w.message_id
            order by \(raw: order)
            """
        )
        return try rows.map { row in
            ClaimedDelivery(
                number: try row.integer("delivery_id"),
                workspace: endpoint.workspace,
                endpoint: endpoint.id,
                message: try row.id("message_id"),
                fence: claimed.fence,
                type: try row.text("event_type"),
                body: Array(try row.text("body").utf8),
                attempts: Int(try row.integer("attempts")),
                isTest: try row.bool("is_test")
            )
        }
    }

    /// A condition on `delivery_id` that leaves deliveries out; nothing where there are none.
    static func passing(_ numbers: Set<Int64>, _ dialect: Dialect) -> SQL {
        guard !numbers.isEmpty else { return "" }
        return "and delivery_id not in (select column1 from \(dialect.table([.integers(Array(numbers))])))"
    }

    /// Makes due once more what was given up, and what was delivered where that is asked for.
    ///
    /// What waits already keeps its place, unless its message is asked for: then it is due now. What was delivered comes
    /// after it, in the order in which it was attempted.
    /// - Returns: how many.
    /// - Throws: `DatabaseError`.
    func replay(
        _ selection: Replay,
        endpoint: EndpointID,
        workspace: WorkspaceID,
        now: Timestamp,
        in transaction: borrowing Transaction
    ) throws -> Int {
        let (owed, delivered): (SQL, SQL?) =
            switch selection {
            case .message(let id):
                ("message_id = \(id)", "(select cast(\(id) as text) as message_id, 1 as place)")
            case .range(let since, let until):
                (
                    "created_at >= \(since) and created_at < \(until) and status = 2",
                    """
                    (
                        select a.message_id, min(a.attempt_id) as place from webhook_attempts a
                        join webhook_messages r on r.workspace_id = a.workspace_id and r.message_id = a.message_id
                        where a.workspace_id = \(workspace) and a.endpoint_id = \(endpoint)
                            and a.response_status between 200 and 299 and r.event_type <> \(EventMessage.testType)
                            and r.created_at >= \(since) and r.created_at < \(until)
                        group by a.message_id
                    )
                    """
                )
            case .failedSince(let since): ("status = 2 and updated_at >= \(since)", nil)
            }
        let again = try transaction.execute(
            """
            update webhooks set status = 0, attempts = 0, available_at = \(now), updated_at = \(now)
            where workspace_id = \(workspace) and endpoint_id = \(endpoint) and \(owed)
            """
        )
        guard let delivered else { return again }
        return try again
            + transaction.execute(
                """
                insert into webhooks (workspace_id, endpoint_id, message_id, is_test, available_at, created_at, updated_at)
                select m.workspace_id, \(endpoint), m.message_id, m.event_type = \(EventMessage.testType), \(now),
                    m.created_at, \(now)
                from \(delivered) again join webhook_messages m on m.message_id = again.message_id
                where m.workspace_id = \(workspace) order by again.place on conflict do nothing
                """
            )
    }

    /// Forgets messages of before a moment that nobody is owed any more.
    ///
    /// What waits for an endpoint that is not active has waited long enough by then.
    /// - Parameter limit: the most messages.
    /// - Returns: whether there may be more.
    /// - Throws: `DatabaseError`.
    func purge(before moment: Timestamp, limit: Int, in transaction: borrowing Transaction) throws -> Bool {
        let old = try transaction.query(
            """
            select m.workspace_id, m.message_id from webhook_messages m
            where m.created_at < \(moment) and not exists (
                select 1 from webhook_configs c
                join webhooks w on w.workspace_id = c.workspace_id and w.endpoint_id = c.id
                where c.workspace_id = m.workspace_id and c.status = 'active'
                    and w.message_id = m.message_id and w.status = 0
            )
            order by m.created_at limit \(limit)
            """
        )
        for row in old {
            let (workspace, message) = (try row.text("workspace_id"), try row.text("message_id"))
            // By way of the endpoints, because that is how deliveries are indexed; they go with their endpoint.
            try transaction.execute(
                """
                delete from webhooks where workspace_id = \(workspace) and message_id = \(message)
                    and endpoint_id in (select id from webhook_configs where workspace_id = \(workspace))
                """
            )
            try transaction.execute(
                "delete from webhook_messages where workspace_id = \(workspace) and message_id = \(message)"
            )
        }
        return old.count == limit
    }

    /// What is owed to an endpoint that is gone, and what is owed of a message that is gone: each for itself, because a
    /// planner has a quick way to either and none to both at once.
    static let orphaned: [SQL] = [
        """
        not exists (
            select 1 from webhook_configs c
            where c.workspace_id = webhooks.workspace_id and c.id = webhooks.endpoint_id
        )
        """,
        """
        not exists (
            select 1 from webhook_messages m
            where m.workspace_id = webhooks.workspace_id and m.message_id = webhooks.message_id
        )
        """,
    ]

    /// The numbers of deliveries that nobody is owed.
    ///
    /// Looks at all that is owed anywhere.
    /// - Throws: `DatabaseError`.
    func numbers(where condition: SQL, limit: Int, in transaction: borrowing Transaction) throws -> [Int64] {
        try transaction.query("select delivery_id from webhooks where \(condition) limit \(limit)").map { row in
            try row.integer("delivery_id")
        }
    }

    /// Forgets deliveries that nobody is owed still.
    /// - Throws: `DatabaseError`.
    func delete(_ numbers: [Int64], where condition: SQL, in transaction: borrowing Transaction) throws {
        try transaction.execute("delete from webhooks where delivery_id in (\(list: numbers)) and \(condition)")
    }
}

/// What is to be delivered once more.
package enum Replay: Sendable {
    /// One message, whatever became of it.
    case message(MessageID)
    /// Everything that ended among what happened between two moments.
    case range(since: Timestamp, until: Timestamp)
    /// Everything that was given up since a moment.
    case failedSince(Timestamp)
}

/// A message that is on its way to an endpoint.
struct ClaimedDelivery: Sendable {
    let number: Int64
    let workspace: WorkspaceID
    let endpoint: EndpointID
    let message: MessageID
    let fence: Int64
    let type: String
    let body: [UInt8]
    /// How often it has failed.
    let attempts: Int
    /// Whether it is tried once and no more.
    let isTest: Bool
}
