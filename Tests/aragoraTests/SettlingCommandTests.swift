import Channels
import CoreTypes
import DatabaseSupport
import Foundation
import Persistence
import TestSupport
import Testing

/// The program itself: what the operator does with what could not be handled or sent.
@Suite("Inbox and outbox on the command line", .timeLimit(.minutes(5)))
struct SettlingCommandTests {
    /// Runs commands on a database of either engine.
    private func with(
        _ engine: DatabaseEngine,
        _ body: (any Database, (String...) async throws -> (exit: ChildProcess.Exit, output: String)) async throws ->
            Void
    ) async throws {
        try await withDatabase(engine) { test in
            try await withTemporaryDirectory { directory in
                var environment = ["ARAGORA_DATA_DIR": directory]
                switch test.configuration {
                case .postgres(let url): environment["DATABASE_URL"] = url.reveal()
                case .sqlite(let path):
                    environment["ARAGORA_DATA_DIR"] = String(path.dropLast(DatabaseConfiguration.fileName.count + 1))
                }
                try await body(test.database) { [environment] (arguments: String...) in
                    try await GatewayProcess.run(arguments, environment: environment)
                }
            }
        }
    }

    @Test("An event that could not be handled is tried again or forgotten", arguments: DatabaseEngine.allCases)
    func inbox(engine: DatabaseEngine) async throws {
        try await with(engine) { database, aragora in
            #expect(try await aragora("inbox", "list").output.contains("Every event could be handled."))
            let giveUp: SQL = """
                insert into inbox (workspace_id, event_key, platform, shape, conversation_key, body, status, attempts,
                    available_at, received_at, last_error)
                values ('w', 'e', 'p', 's', 'c', \([1] as [UInt8]), 2, 7, 1, 1, 'unreadable')
                on conflict (workspace_id, event_key) do update set status = 2
                """
            func state() async throws -> [SQLValue] {
                try #require(try await database.run("select status, attempts, body from inbox").first).values
            }
            try await database.run(giveUp)
            let row = try #require(try await database.run("select inbox_id from inbox").first)
            let id = String(try row.integer("inbox_id"))
            let listed = try await aragora("inbox", "list").output
            #expect(listed.hasPrefix("\(id)  ") && listed.contains("tried 7 times: unreadable"), "\(listed)")
            #expect(try await aragora("doctor").output.contains("`aragora inbox list`"))
            #expect(try await aragora("inbox", "retry", id).exit == .exited(0))
            #expect(try await state() == [.integer(0), .integer(0), .blob([1])])
            #expect(try await aragora("inbox", "retry", id).exit == .exited(1))
            try await database.run(giveUp)
            #expect(try await aragora("inbox", "forget", id).exit == .exited(0))
            #expect(try await state() == [.integer(1), .integer(0), .blob([])])
            #expect(try await aragora("inbox", "forget", id).exit == .exited(1))
        }
    }

    @Test("A message of which nobody knows is sent again or forgotten", arguments: DatabaseEngine.allCases)
    func outbox(engine: DatabaseEngine) async throws {
        try await with(engine) { database, aragora in
            #expect(try await aragora("outbox", "list").output.contains("Every message that was sent has arrived."))
            #expect(try await aragora("outbox", "retry", "--help").output.contains("twice"))
            let address = Address(platform: "slack", workspace: WorkspaceID("slack:T1"), channel: "C1")
            try await database.write { transaction in
                for key in ["lost", "failed"] {
                    try Outbox().post(
                        Post(body: "text", fallbackText: "text"),
                        to: address,
                        key: OutboxKey(key),
                        in: transaction
                    )
                }
            }
            try await database.run(
                """
                update outbox set status = 4, available_at = \(OutboxStore.never), error_code = 'timeout',
                    error_message = 'No answer.'
                where outbox_key = 'lost'
                """
            )
            try await database.run(
                """
                update outbox set status = 3, payload_json = '{}', error_code = 'channel_not_found',
                    error_message = 'It is gone.'
                where outbox_key = 'failed'
                """
            )
            let rows = try await database.run("select outbox_id from outbox order by outbox_id")
            let ids = try rows.map { String(try $0.integer("outbox_id")) }
            let listed = try await aragora("outbox", "list").output.split(separator: "\n")
            #expect(
                listed.count == 2 && listed[1].hasPrefix("\(ids[0])  ") && listed[1].contains("unknown"),
                "\(listed)"
            )
            #expect(try await aragora("doctor").output.contains("`aragora outbox list`"))
            let refused = try await aragora("outbox", "retry", ids[1])
            #expect(refused.exit == .exited(1) && refused.output.contains("is not kept"), "\(refused.output)")
            let queued = try await aragora("outbox", "retry", ids[0])
            #expect(queued.exit == .exited(0) && queued.output.contains("twice"), "\(queued.output)")
            #expect(try await database.run("select 1 from outbox where status = 0 and outbox_key = 'lost'").count == 1)
            #expect(try await aragora("outbox", "forget", ids[0]).exit == .exited(1))
            #expect(try await aragora("outbox", "forget", ids[1]).exit == .exited(0))
            #expect(try await database.run("select 1 from outbox").count == 1)
        }
    }
}
