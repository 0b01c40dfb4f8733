import CoreTypes
import DatabaseSupport
import Foundation
import Persistence
import TestSupport
import Testing

/// The main path through pgbouncer in transaction mode, where every transaction may meet another server process.
@Suite struct PoolerTests {
    @Test func everythingWorksAndWakeUpsArePolledFor() async throws {
        try await withPooler { database, direct in
            #expect(try await Migrator(database).pending().isEmpty)
            let writer = InboxWriter(database)
            let journal = JournalWriter(database)
            try await running({ await writer.run() }) {
                try await running({ await journal.run() }) {
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        for worker in 0..<8 {
                            group.addTask { try await self.work(worker, database, writer, journal) }
                        }
                        try await group.waitForAll()
                    }
                }
            }
            #expect(try await direct.run("select 1 as x from inbox where status = 1").count == 80)
            #expect(try await direct.run("select 1 as x from job_queue where status = 'completed'").count == 8)
            #expect(try await direct.run("select 1 as x from debate_journal").count >= 8)
        }
    }

    @Test func theProbeFindsOutThatNothingArrives() async throws {
        let time = ManualTime()
        try await withPooler(time: time) { database, direct in
            try await running({ await database.runWakeUps() }) {
                // The probe comes back where notifications do, which is the difference between the two.
                try await running({ await direct.runWakeUps() }) {
                    _ = try await eventually("the direct listener") { direct.wakeUps.isPolling ? nil : true }
                    #expect(database.wakeUps.isPolling)
                    // Those who listen directly hear what is sent through the pooler.
                    let wakeUps = direct.wakeUps.subscribe(.jobs)
                    await database.notify(.jobs)
                    #expect(await wakeUps.next() == .jobs)
                    _ = try await eventually("the end of the probe") { () -> Bool? in
                        time.advance(by: .seconds(1))
                        // The pause until the next probe.
                        return time.sleeps.contains(.seconds(28)) ? true : nil
                    }
                    #expect(database.wakeUps.isPolling)
                    #expect(!direct.wakeUps.isPolling)
                }
            }
        }
    }

    private func work(
        _ worker: Int,
        _ database: any Database,
        _ writer: InboxWriter,
        _ journal: JournalWriter
    ) async throws {
        let id = "d\(worker)"
        for number in 0..<10 { try await writer.append(event("\(id)-\(number)", conversation: id)) }
        var done = 0
        while done < 10 {
            done += try await database.write { transaction in
                let rows = try InboxStore().claim(limit: 5, now: start, in: transaction)
                try InboxStore().complete(ids: rows.map(\.id), in: transaction)
                return rows.count
            }
            if try await database.run("select 1 as x from inbox where status = 0 limit 1").isEmpty { break }
        }
        try await database.write { transaction in
            _ = try JobQueue().enqueue(job(id), now: start, in: transaction)
        }
        let claimed = try #require(try await database.claim(id, limit: 1).first)
        for sequence in 1...5 {
            try await journal.append(
                JournalSegment(
                    workspaceID: acme,
                    debateID: DebateID(claimed.id.rawValue),
                    claim: claimed.claim,
                    firstSequence: sequence,
                    count: 1,
                    lines: Array("{}".utf8),
                    head: []
                )
            )
        }
        let entries = try await JournalStore(database).read(workspace: acme, debate: DebateID(claimed.id.rawValue))
        #expect(entries.count == 5)
        try await database.write { try JobQueue().complete(claimed.claim, now: start, in: $0) }
    }

    /// Runs pgbouncer before a fresh database.
    /// - Parameter time: what the database goes by that is reached through it.
    private func withPooler(
        time: any TimeSource = SystemTime(),
        _ body: (_ throughPooler: any Database, _ direct: any Database) async throws -> Void
    ) async throws {
        try await withDatabase(.postgres) { test in
            let url = try #require(test.url).reveal()
            let server = try #require(URLComponents(string: url))
            let name = try #require(
                try await test.database.run("select current_database()::text as name").first?.text("name")
            )
            try await withTemporaryDirectory { directory in
                let port = Int.random(in: 20_000..<30_000)
                let user = server.user ?? "postgres"
                // A server that listens on a socket alone is named by its directory, in the query.
                let host = server.queryItems?.first { $0.name == "host" }?.value ?? server.host ?? "127.0.0.1"
                let password = server.password.map { " password=\($0)" } ?? ""
                let settings = """
                    [databases]
                    \(name) = host=\(host) port=\(server.port ?? 5432) user=\(user)\(password)
                    [pgbouncer]
                    listen_addr = 127.0.0.1
                    listen_port = \(port)
                    unix_socket_dir =
                    pool_mode = transaction
                    auth_type = any
                    default_pool_size = 3
                    ignore_startup_parameters =
                    """
                let path = "\(directory)/pgbouncer.ini"
                try settings.write(toFile: path, atomically: true, encoding: .utf8)
                // It refuses to run as root.
                let isRoot = getuid() == 0
                if isRoot {
                    let files = FileManager.default
                    try files.setAttributes([.posixPermissions: 0o755], ofItemAtPath: directory)
                    try files.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
                }
                let pooler = try ChildProcess("/usr/sbin/pgbouncer", (isRoot ? ["-u", "postgres"] : []) + [path])
                let configuration = PostgresDatabase.Configuration(
                    url: Secret("postgres://\(user)@127.0.0.1:\(port)/\(name)")
                )
                // What failed to connect waits by its clock before it tries again.
                let waiting = PostgresDatabase(configuration, logger: .silent)
                _ = try await eventually("pgbouncer", timeout: .seconds(10)) {
                    if pooler.exit != nil { throw ProcessFailure("pgbouncer ended: \(pooler.output)") }
                    return try? await waiting.run("select 1 as x")
                }
                await waiting.close()
                let database = PostgresDatabase(configuration, logger: .silent, time: time)
                do {
                    try await body(database, test.database)
                } catch {
                    await database.close()
                    try await pooler.killNow()
                    throw error
                }
                await database.close()
                try await pooler.killNow()
            }
        }
    }
}
