import CoreTypes
import DatabaseSupport
import Persistence
import TestSupport
import Testing

/// What happens to callers when the server, a connection or a task ends at the wrong moment.
@Suite struct PostgresFaultTests {
    /// Ends every other connection to the test's database, and keeps new ones out until `admit`.
    private func shutOut(_ test: TestDatabase, _ server: PostgresTestServer) async throws {
        let name = try #require(
            try await test.database.run("select current_database()::text as name").first?.text("name")
        )
        let administration = server.administration()
        try await administration.run("alter database \(raw: name) allow_connections false")
        try await administration.run(
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = \(name)"
        )
        await administration.close()
        _ = try await eventually("the end of the connections") {
            let administration = server.administration()
            let left = try await administration.run("select 1 as x from pg_stat_activity where datname = \(name)")
            await administration.close()
            return left.isEmpty ? true : nil
        }
    }

    private func admit(_ name: String, _ server: PostgresTestServer) async throws {
        let administration = server.administration()
        try await administration.run("alter database \(raw: name) allow_connections true")
        await administration.close()
    }

    private func endOthers(_ database: any Database) async throws {
        try await database.run(
            """
            select pg_terminate_backend(pid, 5000) from pg_stat_activity
            where datname = current_database() and pid <> pg_backend_pid()
            """
        )
    }

    @Test func deadIdleConnectionsFailNobody() async throws {
        try await withDatabase(.postgres) { test in
            let database = test.database
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<8 { group.addTask { try await database.run("select pg_sleep(0.02) as x") } }
                try await group.waitForAll()
            }
            let other = try test.open()
            for _ in 0..<3 {
                try await endOthers(other)
                _ = try await database.write { try $0.execute("update leases set fence = \(1)") }
                try await endOthers(other)
                try await database.run("insert into leases values (\("a"), \("b"), 1, 1) on conflict do nothing")
                try await endOthers(other)
                let rows = try await database.read { try $0.query("select name from leases").count }
                #expect(rows == 1)
            }
            await other.close()
        }
    }

    @Test func aConnectionThatEndsInATransactionLosesThatTransactionOnly() async throws {
        try await withDatabase(.postgres) { test in
            let database = test.database
            let error = await #expect(throws: DatabaseError.self) {
                try await database.write { transaction in
                    try transaction.execute("insert into leases values ('a', 'b', 1, 1)")
                    try transaction.execute("select pg_terminate_backend(pg_backend_pid())")
                    try transaction.execute("insert into leases values ('c', 'd', 1, 1)")
                }
            }
            #expect(error?.reason == .connection)
            #expect(error?.isRetryable == true)
            #expect(try await database.run("select name from leases").isEmpty)
            _ = try await database.write { try $0.execute("insert into leases values ('a', 'b', 1, 1)") }
        }
    }

    @Test func aStatementWhoseFateIsUnknownIsNotTriedAgain() async throws {
        try await withDatabase(.postgres) { test in
            let error = await #expect(throws: DatabaseError.self) {
                try await test.database.run(
                    "insert into leases select 'a', 'b', 1, 1 where pg_terminate_backend(pg_backend_pid())"
                )
            }
            #expect(error?.reason == .commitUnknown)
            #expect(error?.isRetryable == false)
        }
    }

    @Test func aServerThatIsAwayLosesNothingThatWasAcknowledged() async throws {
        let server = try PostgresTestServer()
        try await withDatabase(.postgres) { test in
            let database = test.database
            let name = try #require(
                try await database.run("select current_database()::text as name").first?.text("name")
            )
            let writer = InboxWriter(database)
            let acknowledged = try await running({ await writer.run() }) {
                try await withThrowingTaskGroup(of: Int.self) { group in
                    for sender in 0..<8 {
                        group.addTask {
                            // As a platform does: each event again until it is acknowledged.
                            for number in 0..<100 {
                                while true {
                                    do {
                                        try await writer.append(event("\(sender)-\(number)"))
                                        break
                                    } catch is DatabaseError {
                                        try await Task.sleep(for: .milliseconds(5))
                                    }
                                }
                            }
                            return 100
                        }
                    }
                    _ = try await eventually("the first events") {
                        try await database.run("select 1 as x from inbox limit 50").count == 50 ? true : nil
                    }
                    try await shutOut(test, server)
                    let error = await #expect(throws: DatabaseError.self) { try await database.run("select 1 as x") }
                    #expect(error?.isRetryable == true)
                    try await admit(name, server)
                    return try await group.reduce(0, +)
                }
            }
            #expect(acknowledged == 800)
            #expect(try await database.run("select event_key from inbox").count == 800)
        }
    }

    @Test func aCallerWaitsForAConnectionNoLongerThanItsTime() async throws {
        try await withDatabase(.postgres) { test in
            var configuration = PostgresDatabase.Configuration(url: try #require(test.url))
            configuration.maximumConnections = 1
            configuration.leaseTimeout = .milliseconds(50)
            let database = PostgresDatabase(configuration, logger: .silent)
            let result = try await blocking(on: database) { transaction in
                try transaction.query("select 1 as x").count
            } while: {
                let error = await #expect(throws: DatabaseError.self) { try await database.run("select 1 as x") }
                #expect(error?.reason == .timeout)
                let waiting = Task { try await database.run("select 1 as x") }
                waiting.cancel()
                await #expect(throws: CancellationError.self) { try await waiting.value }
            }
            #expect(result.inside == 1)
            #expect(try await database.run("select 1 as x").count == 1)
            await database.close()
        }
    }

    @Test func aCancelledTaskStopsItsStatement() async throws {
        try await withDatabase(.postgres) { test in
            let database = test.database
            let clock = ContinuousClock()
            let began = clock.now
            for _ in 0..<3 {
                let other = try test.open()
                let sleeper = Task { try await database.write { _ = try $0.query("select pg_sleep(60) as x") } }
                _ = try await eventually("the statement") {
                    try await other.run(
                        "select 1 as x from pg_stat_activity where query like 'select pg_sleep(60)%' and state = 'active'"
                    ).first
                }
                sleeper.cancel()
                await #expect(throws: CancellationError.self) { try await sleeper.value }
                #expect(try await database.run("select 1 as x").count == 1)
                await other.close()
            }
            #expect(clock.now - began < .seconds(50))
        }
    }

    @Test func aStatementThatTakesTooLongIsStopped() async throws {
        try await withDatabase(.postgres) { test in
            var configuration = PostgresDatabase.Configuration(url: try #require(test.url))
            configuration.statementTimeout = .milliseconds(50)
            let database = PostgresDatabase(configuration, logger: .silent)
            let error = await #expect(throws: DatabaseError.self) {
                try await database.write { _ = try $0.query("select pg_sleep(60) as x") }
            }
            #expect(error?.reason == .timeout)
            await database.close()
        }
    }

    @Test func deadlocksAreTriedAgain() async throws {
        try await withDatabase(.postgres) { test in
            let database = test.database
            try await database.run("insert into leases values ('a', '', 0, 0), ('b', '', 0, 0)")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for pair in [["a", "b"], ["b", "a"]] {
                    group.addTask {
                        try await database.write { transaction in
                            for name in pair {
                                try transaction.execute("update leases set fence = fence + 1 where name = \(name)")
                                // Long enough for the other one to take its first row.
                                _ = try transaction.query("select pg_sleep(0.2) as x")
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
            let fences = try await database.run("select fence from leases").map { try $0.integer("fence") }
            #expect(fences == [2, 2])
        }
    }

    @Test func manyCallersShareFewConnections() async throws {
        try await withDatabase(.postgres) { test in
            let database = test.database
            let most = try await withThrowingTaskGroup(of: Int64.self) { group in
                for _ in 0..<200 {
                    group.addTask {
                        try await database.run(
                            """
                            select count(*) as connections from pg_stat_activity
                            where datname = current_database() and backend_type = 'client backend'
                            """
                        ).first?.integer("connections") ?? 0
                    }
                }
                return try await group.reduce(0, max)
            }
            #expect((1...8).contains(most))
        }
    }
}
