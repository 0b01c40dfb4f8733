import Channels
import CoreTypes
import Persistence

/// Says in the database what came of attempts, and gives up endpoints that are gone or dead.
struct DeliveryLedger: Sendable {
    /// How long an endpoint may fail before it is disabled.
    static let patience = Duration.seconds(5 * 24 * 3600)
    /// How long an endpoint may go unasked before a failure is a new beginning: longer than the longest pause between
    /// two attempts at one message, which is 28.8 hours.
    static let silence = Duration.seconds(2 * 24 * 3600)

    let endpoints: EndpointStore
    let sink: SubscriptionSink
    let outbox: Outbox

    init(endpoints: EndpointStore, sink: SubscriptionSink, outbox: Outbox) {
        self.endpoints = endpoints
        self.sink = sink
        self.outbox = outbox
    }

    /// Records attempts.
    /// - Returns: whether something is to be sent because of them.
    /// - Throws: `DatabaseError`.
    func record(_ entries: [AttemptRecorder.Entry], now: Timestamp, in transaction: borrowing Transaction) throws
        -> Bool
    {
        try insertAttempts(entries, in: transaction)
        // A test is over after its one attempt, which stays in the log.
        let isOver = { (entry: AttemptRecorder.Entry) in entry.decision == .delivered || entry.delivery.isTest }
        try end(entries.filter(isOver), in: transaction)
        try keepFailed(entries.filter { !isOver($0) }, now: now, in: transaction)
        var hasNotices = false
        let byEndpoint = Dictionary(grouping: entries, by: \.delivery.endpoint)
        // In one order in every process, so that two cannot wait for each other.
        for (id, entries) in byEndpoint.sorted(by: { $0.key < $1.key }) {
            if try updateEndpoint(id, entries, now: now, in: transaction) { hasNotices = true }
        }
        return hasNotices
    }

    private func insertAttempts(_ entries: [AttemptRecorder.Entry], in transaction: borrowing Transaction) throws {
        let rows = transaction.dialect.rows([
            .texts(entries.map(\.delivery.workspace.rawValue)),
            .texts(entries.map(\.delivery.endpoint.rawValue)),
            .texts(entries.map(\.delivery.message.rawValue)),
            .integers(entries.map(\.attempt.startedAt.rawValue)),
            .integers(entries.map(\.attempt.duration.milliseconds)),
            .integers(entries.map { Int64($0.attempt.status) }),
            .texts(entries.map(\.attempt.errorCode)),
            .blobs(entries.map(\.attempt.body)),
        ])
        try transaction.execute(
            """
            insert into webhook_attempts (workspace_id, endpoint_id, message_id, attempted_at, duration_ms,
                response_status, error_code, response_body) \(rows)
            """
        )
    }

    /// Forgets deliveries that are owed no more, where their endpoints are still ours.
    private func end(_ entries: [AttemptRecorder.Entry], in transaction: borrowing Transaction) throws {
        guard !entries.isEmpty else { return }
        let lines = transaction.dialect.table(Self.keys(of: entries))
        try transaction.execute(
            "delete from webhooks where delivery_id in (select line.column3 from \(lines) \(Self.whereOurs))"
        )
    }

    /// Makes deliveries that failed due again or gives them up, where their endpoints are still ours.
    ///
    /// They are found by their numbers alone. The sum keeps the indexes of what waits out of it: a planner without
    /// statistics takes them to be small, and would read all that waits anywhere for every group. A failure says nothing
    /// of what was asked for once more while it was under way, which its count shows: it began anew.
    private func keepFailed(
        _ entries: [AttemptRecorder.Entry],
        now: Timestamp,
        in transaction: borrowing Transaction
    ) throws {
        guard !entries.isEmpty else { return }
        let outcomes: [SQLArray] = [
            .integers(entries.map { Self.status(after: $0.decision) }),
            .integers(entries.map { Int64(Self.attempts(after: $0)) }),
            // An ordered message keeps its place: its endpoint is held back instead.
            .integers(entries.map { $0.isOrdered ? -1 : Self.nextAttempt(after: $0.decision)?.rawValue ?? -1 }),
            .integers(entries.map { Int64($0.attempt.status) }),
            .texts(entries.map(\.attempt.errorCode)),
            .integers(entries.map { Int64($0.delivery.attempts) }),
        ]
        let lines = transaction.dialect.table(Self.keys(of: entries) + outcomes)
        try transaction.execute(
            """
            update webhooks set status = line.column5, attempts = line.column6,
                available_at = case when line.column7 < 0 then webhooks.available_at else line.column7 end,
                last_status = line.column8, last_error = nullif(line.column9, ''), updated_at = \(now)
            from \(lines) \(Self.whereOurs)
            where webhooks.delivery_id = line.column3 and webhooks.status + 0 = 0
                and webhooks.attempts = line.column10
            """
        )
    }

    /// Which deliveries they are: the first four columns of a table of lines.
    private static func keys(of entries: [AttemptRecorder.Entry]) -> [SQLArray] {
        [
            .texts(entries.map(\.delivery.workspace.rawValue)),
            .texts(entries.map(\.delivery.endpoint.rawValue)),
            .integers(entries.map(\.delivery.number)),
            .integers(entries.map(\.delivery.fence)),
        ]
    }

    /// Keeps of such lines those whose endpoints are still ours.
    private static let whereOurs: SQL =
        "join webhook_configs c on c.workspace_id = line.column1 and c.id = line.column2 and c.fence = line.column4"

    /// What was delivered has none: it is owed no more.
    private static func status(after decision: RetryPolicy.Decision) -> Int64 {
        if case .retry = decision { 0 } else { 2 }
    }

    private static func attempts(after entry: AttemptRecorder.Entry) -> Int {
        if case .retry(_, let attempts) = entry.decision { attempts } else { entry.delivery.attempts + 1 }
    }

    private static func nextAttempt(after decision: RetryPolicy.Decision) -> Timestamp? {
        if case .retry(let moment, _) = decision { moment } else { nil }
    }

    /// Keeps an endpoint's health; disables it where it is gone or has failed for too long.
    private func updateEndpoint(
        _ id: EndpointID,
        _ entries: [AttemptRecorder.Entry],
        now: Timestamp,
        in transaction: borrowing Transaction
    ) throws -> Bool {
        guard let last = entries.last else { return false }
        let workspace = last.delivery.workspace
        let delivered = entries.count { $0.attempt.isDelivered }
        // A test that fails says what its sender asked; it is no sign that events do not arrive.
        let telling = entries.filter { $0.attempt.isDelivered || !$0.delivery.isTest }
        let health: SQL
        if let newest = telling.last?.attempt {
            let first = telling.map(\.attempt.startedAt).min() ?? newest.startedAt
            let failing: SQL =
                delivered > 0
                ? "null"
                : """
                case when last_delivery_at >= \(first - Self.silence) then coalesce(failing_since, \(first))
                    else \(first) end
                """
            health = """
                , failing_since = \(failing), last_delivery_at = \(newest.startedAt),
                last_delivery_status = \(newest.status)
                """
        } else {
            health = ""
        }
        let counts: SQL = """
            delivery_count = delivery_count + \(delivered), failure_count = failure_count + \(entries.count - delivered)
            """
        let rows = try transaction.query(
            """
            update webhook_configs set \(counts), held_until = \(last.heldUntil) \(health)
            where workspace_id = \(workspace) and id = \(id) and status = 'active' and fence = \(last.delivery.fence)
            returning failing_since
            """
        )
        guard let row = rows.first else {
            // Whoever holds it now knows better how it is.
            try transaction.execute(
                "update webhook_configs set \(counts) where workspace_id = \(workspace) and id = \(id)"
            )
            return false
        }
        let since = try row.timestampOrNil("failing_since")
        if entries.contains(where: { $0.decision == .gone }) {
            return try disable(id, workspace, because: "it answered 410 Gone", now: now, in: transaction)
        }
        if !telling.isEmpty, let since, now - since >= Self.patience {
            return try disable(
                id,
                workspace,
                because: "nothing has arrived there since \(since.iso8601)",
                now: now,
                in: transaction
            )
        }
        return false
    }

    /// Disables an endpoint whose stored secret could not be read for as long as another may fail.
    /// - Returns: whether something is to be sent because of it.
    /// - Throws: `DatabaseError`.
    func note(_ endpoint: UnreadableEndpoint, now: Timestamp, in transaction: borrowing Transaction) throws -> Bool {
        guard endpoint.error.reason == .sealed, now - endpoint.failingSince >= Self.patience else { return false }
        return try disable(
            endpoint.id,
            endpoint.workspace,
            because: "its stored secret has not been readable since \(endpoint.failingSince.iso8601)",
            now: now,
            in: transaction
        )
    }

    private func disable(
        _ id: EndpointID,
        _ workspace: WorkspaceID,
        because reason: String,
        now: Timestamp,
        in transaction: borrowing Transaction
    ) throws -> Bool {
        guard
            try endpoints.setStatus(
                .disabled,
                reason: reason,
                of: id,
                workspace: workspace,
                now: now,
                in: transaction
            ), let endpoint = try endpoints.find(id, workspace: workspace, in: transaction)
        else { return false }
        let key = "\(id)/disabled/\(now.rawValue)"
        try sink.publish(
            WorkspaceEvent(
                workspaceID: workspace,
                key: key,
                type: "webhook.disabled",
                occurredAt: now,
                data: [
                    "webhook_id": .string(id.rawValue), "name": .string(endpoint.name), "reason": .string(reason),
                ]
            ),
            in: transaction
        )
        guard let address = endpoint.ownerAddress else { return true }
        let name = endpoint.name.isEmpty ? id.rawValue : endpoint.name
        let text = """
            The webhook \(name) was disabled: \(reason). What happens now is not kept for it. When it works again: \
            POST /api/v1/webhooks/\(id)/resume.
            """
        try outbox.post(Post(body: text, fallbackText: text), to: address, key: OutboxKey(key), in: transaction)
        return true
    }
}
