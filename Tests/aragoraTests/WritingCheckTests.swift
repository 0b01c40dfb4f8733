import CoreTypes
import DatabaseSupport
import Persistence
import TestSupport
import Testing

@testable import aragora

/// How often and how much is written to see whether anything can be.
@Suite("Whether the database takes what is written", .timeLimit(.minutes(5)))
struct WritingCheckTests {
    @Test("Asked each second, it writes a short row every five and a long one once a minute")
    func sizes() async throws {
        try await withDatabase(.sqlite) { test in
            try await test.database.run("create table written (size integer)")
            try await test.database.run(
                """
                create trigger note after delete on leases
                begin insert into written (size) values (length(old.owner)); end
                """
            )
            let time = ManualTime()
            let check = WritingCheck(database: test.database, time: time)
            for _ in 0..<60 {
                try await check.run()
                time.advance(by: .seconds(1))
            }
            let sizes = try await test.database.run("select size from written").map { try $0.integer("size") }
            #expect(sizes.count == 12 && sizes.filter { $0 > 1000 }.count == 1, "\(sizes)")
            try await check.run()
            let long = try await test.database.run("select size from written where size > 1000")
            #expect(long.count == 2)
        }
    }

    @Test("Where there was no room, a short row that finds some proves nothing")
    func room() async throws {
        try await withDatabase(.sqlite) { test in
            try await test.database.run(
                """
                create trigger no_room before insert on leases when length(new.owner) > 1000
                begin select raise(abort, 'no room'); end
                """
            )
            let time = ManualTime()
            let check = WritingCheck(database: test.database, time: time)
            for _ in 0..<12 {
                await #expect(throws: DatabaseError.self) { try await check.run() }
                time.advance(by: .seconds(1))
            }
            try await test.database.run("drop trigger no_room")
            time.advance(by: .seconds(5))
            try await check.run()
        }
    }
}
