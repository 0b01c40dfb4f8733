import CoreTypes
import DatabaseSupport
import Persistence
import Testing

/// Whether it is noticed that nothing can be written.
@Suite struct WritingTests {
    @Test(arguments: DatabaseEngine.allCases) func aTriedWriteLeavesNothing(engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { test in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<4 { group.addTask { try await test.database.tryWriting() } }
                try await group.waitForAll()
            }
            #expect(try await test.database.run("select name from leases").isEmpty)
        }
    }

    /// Otherwise it would find room in a page that the table has already.
    @Test func whatIsTriedIsLongAlsoWhereItIsStored() async throws {
        try await withDatabase(.postgres) { test in
            try await test.database.run(
                """
                create function keep() returns trigger language plpgsql as
                $$ begin perform set_config('test.size', pg_column_size(old.owner)::text, false); return old; end $$
                """
            )
            try await test.database.run(
                "create trigger keep before delete on leases for each row execute function keep()"
            )
            try await test.database.tryWriting()
            let size = try await test.database.run("select current_setting('test.size')::bigint as size")
            #expect(try #require(size.first).integer("size") >= 16_384)
        }
    }

    @Test func aFullDatabaseIsSaidToBeFullUntilThereIsRoom() async throws {
        try await withDatabase(.sqlite) { test in
            let database = test.database
            let large = String(repeating: "x", count: 200_000)
            try await database.run("insert into leases (name, owner, fence, lease_until) values ('l', \(large), 0, 0)")
            // No fewer than the file has.
            try await database.run("pragma max_page_count = 1")
            var failure: DatabaseError?
            let owner = String(repeating: "x", count: 3000)
            for number in 0..<1000 where failure == nil {
                do {
                    try await database.run(
                        "insert into leases (name, owner, fence, lease_until) values (\("l\(number)"), \(owner), 0, 0)"
                    )
                } catch let error as DatabaseError {
                    failure = error
                }
            }
            #expect(failure?.reason == .full)
            let error = await #expect(throws: DatabaseError.self) { try await database.tryWriting() }
            #expect(error?.reason == .full && error?.isRetryable == true)
            #expect(error?.description.hasPrefix("The database has no room left on its disk. Make room;") == true)
            #expect(try await database.run("select name from leases where name = 'writing-check'").isEmpty)
            // The room that deleted rows leave is room.
            try await database.run("delete from leases where name = 'l'")
            try await database.tryWriting()
        }
    }
}
