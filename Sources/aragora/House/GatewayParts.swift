import Channels
import Conversations
import CoreTypes
import Gateway
import Logging
import Metrics
import Persistence
import Subscriptions

/// Puts verified events into the inbox; many requests share one commit.
struct InboxIntake: Intake {
    let writer: InboxWriter

    func append(
        _ entries: [Reception.Entry],
        platform: String,
        receivedAt: Timestamp,
        completion: @escaping @Sendable ((any Error)?) -> Void
    ) {
        let rows = entries.map { entry in
            InboxEntry(
                workspaceID: entry.workspace,
                eventKey: entry.eventKey,
                platform: platform,
                shape: entry.shape,
                conversationKey: entry.conversationKey,
                body: entry.body,
                receivedAt: receivedAt
            )
        }
        writer.append(rows, completion: completion)
    }
}

/// Whether this process can be given requests.
///
/// Anybody may ask, so what the database's server says of itself, its users and its databases is for the log alone.
struct Readiness: HealthAPI {
    /// Less than those who ask usually have.
    private static let patience = Duration.seconds(5)

    let house: House
    private let failures = LogThrottle(interval: .seconds(60))
    private let database: SharedCheck<(pending: [String], newer: [String])>

    init(house: House) {
        self.house = house
        let (database, time) = (house.database, house.time)
        let writing = WritingCheck(database: database, time: time)
        self.database = SharedCheck(limit: Self.patience, time: time) {
            let schema = try await Migrator(database).standing()
            if schema.pending.isEmpty { try await writing.run() }
            return schema
        }
    }

    func readiness() async -> [(check: String, ok: Bool, detail: String)] {
        var checks = await checkDatabase()
        let silent = house.pulses.silent()
        checks.append(
            (
                "workers", silent.isEmpty,
                silent.isEmpty
                    ? "\(house.jobWorker.running) debates running"
                    : "no sign of life: \(silent.joined(separator: ", "))"
            )
        )
        return checks
    }

    /// A newer schema is no reason: whoever brings in a newer program migrates first, and then replaces this process.
    private func checkDatabase() async -> [(check: String, ok: Bool, detail: String)] {
        let engine = house.database.dialect.rawValue
        do {
            let schema = try await database.run()
            var detail = "current"
            if !schema.newer.isEmpty { detail = "newer: \(schema.newer.joined(separator: ", "))" }
            if !schema.pending.isEmpty { detail = "pending: \(schema.pending.joined(separator: ", "))" }
            return [("database", true, engine), ("migrations", schema.pending.isEmpty, detail)]
        } catch let error as DatabaseError where error.reason == .migration {
            report(error)
            return [("database", true, engine), ("migrations", false, "changed; see aragora doctor")]
        } catch {
            report(error)
            return [("database", false, "\(Self.state(error)); see aragora doctor")]
        }
    }

    private static func state(_ error: any Error) -> String {
        if (error as? DatabaseError)?.reason == .full { return "no room left on its disk" }
        return (error as? any CodedError)?.isRetryable == true ? "unreachable" : "unusable"
    }

    private func report(_ error: any Error) {
        guard let suppressed = failures.admit(at: house.time.now()) else { return }
        house.logger.error(
            "This process is not ready.",
            metadata: [
                "reason": .string((error as? any CodedError)?.description ?? String(reflecting: type(of: error))),
                "suppressed": .stringConvertible(suppressed),
            ]
        )
    }
}

/// Keeps the gauges that are read from the database up to date.
struct GaugeReporter: Sendable {
    let house: House

    func run() async {
        let waiting = Gauge(label: "aragora_inbox_waiting")
        let oldestWaiting = Gauge(label: "aragora_inbox_oldest_waiting_seconds")
        let givenUp = Gauge(label: "aragora_inbox_given_up")
        let running = Gauge(label: "aragora_debates_running")
        let owed = Gauge(label: "aragora_webhooks_waiting")
        while !Task.isCancelled {
            running.record(house.jobWorker.running)
            if let counts = try? await house.database.read({ try InboxStore().counts(in: $0) }) {
                waiting.record(counts.waiting)
                oldestWaiting.record(counts.longestWait(at: house.time.now()).inSeconds)
                givenUp.record(counts.givenUp)
            }
            if let waiting = try? await house.subscribers.service.deliveries.waiting() { owed.record(waiting) }
            try? await house.time.sleep(for: .seconds(10))
        }
    }
}

/// The help texts of `/metrics`.
let metricsHelp: [String: String] = [
    "aragora_agent_call_seconds": "How long agents took to answer, by agent and kind of call.",
    "aragora_agent_calls_total": "Calls of agents, by how they ended.",
    "aragora_debates_running": "Debates that run in this process.",
    "aragora_debates_total": "Debates that ended in this process, by status.",
    "aragora_forgotten_total":
        "Events that could not be handled, and messages of which nobody knows whether they arrived, that were forgotten.",
    "aragora_inbox_failures_total": "Times that the inbox could not be worked off.",
    "aragora_inbox_given_up": "Events that could not be handled; `aragora inbox list` shows them.",
    "aragora_inbox_group_size": "Events that were written in one transaction.",
    "aragora_inbox_oldest_waiting_seconds": "How long the oldest event that is not yet handled has waited.",
    "aragora_inbox_waiting": "Events that were acknowledged and not yet handled.",
    "aragora_inbox_write_failures_total": "Groups of events that could not be written; none was acknowledged.",
    "aragora_job_failures_total": "Jobs that failed, by type.",
    "aragora_journal_group_size": "Groups of journal entries that were written in one transaction.",
    "aragora_journal_write_failures_total": "Groups of journal entries that could not be written.",
    "aragora_outbox_outcomes_total": "Attempts to send, by how they ended.",
    "aragora_outbox_rows": "Messages in the outbox, by state.",
    "aragora_outbox_send_seconds": "How long platforms took to take a message.",
    "aragora_outbox_sent_total": "Messages that were sent.",
    "aragora_webhook_attempts_total": "Attempts to deliver to webhooks, by how they ended.",
    "aragora_webhook_seconds": "How long webhooks took to answer.",
    "aragora_webhooks_waiting": "Deliveries to webhooks that wait.",
    "aragora_publication_steps_total": "Steps of publications that were tried, by how they ended.",
    "http_client_request_seconds": "How long requests to others took, by how they ended.",
    "http_request_duration_seconds": "How long requests took to be answered.",
    "http_requests_total": "Requests that were answered.",
]
