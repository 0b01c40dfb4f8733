import Approvals
import CoreTypes
import DatabaseSupport
import Persistence
import Subscriptions
import Synchronization
import TestSupport
import Testing

@testable import aragora

/// What nobody needs any more goes, and nothing else does.
@Suite("Forgetting", .timeLimit(.minutes(5)))
struct ForgettingTests {
    private static let day = Duration.seconds(24 * 3600)

    private func forgetting(
        _ database: any Database,
        webhooks: (any Database)? = nil,
        _ time: ManualTime
    ) throws -> Forgetting {
        let key = Secret("test:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")
        return Forgetting(
            database: database,
            deliveries: DeliveryService(
                database: webhooks ?? database,
                endpoints: EndpointStore(sealer: try Sealer(keys: key)),
                time: time,
                identifiers: SequentialIdentifiers()
            ),
            time: time,
            logger: .silent
        )
    }

    /// Puts something into every table of which something is ever over.
    private func fill(_ database: any Database, _ now: Timestamp) async throws {
        for (id, status) in [("pending", 0), ("processing", 1), ("completed", 2), ("failed", 2)] {
            try await database.run(
                """
                insert into job_queue (workspace_id, id, job_type, payload_json, status, run_at, completed_at, created_at,
                    updated_at)
                values ('w', \(id), 'debate', '{}', \(id), \(now), \(status == 2 ? now : nil), \(now), \(now))
                """
            )
        }
        for step in ["waiting", "done", "dropped"] {
            try await database.run(
                """
                insert into finding_workflows (workspace_id, finding_id, step, current_state, due_date, created_at,
                    updated_at)
                values ('w', 'f', \(step), \(step), \(now), \(now), \(now))
                """
            )
        }
        for status in 0...2 {
            try await database.run(
                """
                insert into inbox (workspace_id, event_key, platform, shape, conversation_key, body, status, available_at,
                    received_at)
                values ('w', \("e\(status)"), 'p', 's', 'c', \([1] as [UInt8]), \(status), \(now), \(now))
                """
            )
        }
        let ends = [(0, now, nil), (3, now, "gone"), (4, now, "timeout"), (4, OutboxStore.never, "timeout")]
        for (number, end) in ends.enumerated() {
            try await database.run(
                """
                insert into outbox (workspace_id, outbox_key, platform, destination, operation, address_json,
                    payload_json, status, available_at, error_code, created_at, updated_at)
                values ('w', \("k\(number)"), 'p', \("d\(number)"), 'post', '{}', '{}', \(end.0), \(end.1), \(end.2),
                    \(now), \(now))
                """
            )
        }
        try await database.write { transaction in
            try ButtonTokenStore().insert(
                token: "t",
                action: "a",
                payload: [:],
                workspace: WorkspaceID("w"),
                now: now,
                in: transaction
            )
        }
        try await database.run(
            "insert into oauth_states (state_hash, platform, expires_at) values ('h', 'p', \(now + .seconds(600)))"
        )
    }

    private static let tables = ["job_queue", "finding_workflows", "inbox", "outbox", "button_tokens", "oauth_states"]

    private func counts(_ database: any Database) async throws -> [Int] {
        var counts: [Int] = []
        for table in Self.tables { counts.append(try await database.run("select 1 from \(raw: table)").count) }
        return counts
    }

    @Test("After a year nothing that is over is there", arguments: DatabaseEngine.allCases)
    func afterAYear(engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { test in
            let time = ManualTime()
            try await fill(test.database, time.now())
            let forgetting = try forgetting(test.database, time)
            await forgetting.forget()
            #expect(try await counts(test.database) == [4, 3, 3, 4, 1, 1])
            // An event that was handled, and a login.
            time.advance(by: Self.day * 8)
            await forgetting.forget()
            #expect(try await counts(test.database) == [4, 3, 2, 4, 1, 0])
            time.advance(by: Self.day * 365)
            await forgetting.forget()
            // What waits, and what is still asked about.
            #expect(try await counts(test.database) == [2, 1, 1, 2, 0, 0])
        }
    }

    @Test("What cannot be forgotten keeps nothing else", arguments: DatabaseEngine.allCases)
    func afterAFailure(engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { test in
            let time = ManualTime()
            try await fill(test.database, time.now())
            let broken = try test.open()
            await broken.close()
            time.advance(by: Self.day * 365)
            try await test.database.run("drop table oauth_states")
            await (try forgetting(test.database, webhooks: broken, time)).forget()
            #expect(try await test.database.run("select 1 from inbox").count == 1)
            #expect(try await test.database.run("select 1 from outbox").count == 2)
        }
    }

    @Test("The whole table is looked at once, however much is old", arguments: DatabaseEngine.allCases)
    func oneSweep(engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { test in
            let time = ManualTime()
            try await test.database.run(
                """
                insert into webhook_attempts (workspace_id, endpoint_id, message_id, attempted_at, duration_ms,
                    response_status, error_code, response_body)
                with recursive numbers(n) as (select 1 union all select n + 1 from numbers where n < 5000)
                select 'w', 'e', 'm' || n, n, 1, 200, '', \([] as [UInt8]) from numbers
                """
            )
            let counting = CountingDatabase(test.database)
            await (try forgetting(test.database, webhooks: counting, time)).forget()
            #expect(try await test.database.run("select 1 from webhook_attempts").isEmpty)
            #expect(counting.reads == 2 && counting.writes == 11)
        }
    }
}

/// A database that counts its transactions.
private final class CountingDatabase: WrappedDatabase {
    let whole: any Database
    private let counts = Mutex((reads: 0, writes: 0))

    init(_ whole: any Database) {
        self.whole = whole
    }

    var reads: Int { counts.withLock { $0.reads } }
    var writes: Int { counts.withLock { $0.writes } }

    func write<Value: Sendable>(_ body: @Sendable (borrowing Transaction) throws -> Value) async throws -> Value {
        counts.withLock { $0.writes += 1 }
        return try await whole.write(body)
    }

    func read<Value: Sendable>(_ body: @Sendable (borrowing Transaction) throws -> Value) async throws -> Value {
        counts.withLock { $0.reads += 1 }
        return try await whole.read(body)
    }

    func dedicated(on executor: DispatchQueueExecutor) -> any Database { whole.dedicated(on: executor) }
}
