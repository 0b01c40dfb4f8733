import CoreTypes
import DatabaseSupport
import Persistence
import Testing

@Suite struct MigratorTests {
    private let first = Migrator.Migration(
        name: "0001_a",
        sql: Array("create table a (i bigint); insert into a values (1); -- a comment; with a semicolon\n".utf8)
    )
    private let second = Migrator.Migration(name: "0002_b", sql: Array("create table b (i bigint)".utf8))
    private let third = Migrator.Migration(name: "0003_c", sql: Array("create table c (i bigint)".utf8))

    @Test(arguments: DatabaseEngine.allCases) func migrationsAreAppliedOnce(engine: DatabaseEngine) async throws {
        try await withDatabase(engine, isMigrated: false) { test in
            let one = Migrator(test.database, migrations: [first])
            #expect(try await one.pending() == ["0001_a"])
            #expect(try await one.apply() == ["0001_a"])
            #expect(try await one.apply() == [])
            try await one.verify()
            let both = Migrator(test.database, migrations: [second, first])
            #expect(try await both.pending() == ["0002_b"])
            await #expect(throws: DatabaseError.self) { try await both.verify() }
            #expect(try await both.apply() == ["0002_b"])
            #expect(try await test.database.run("select i from a").count == 1)
        }
    }

    @Test(arguments: DatabaseEngine.allCases) func aChangedFileIsRefused(engine: DatabaseEngine) async throws {
        try await withDatabase(engine, isMigrated: false) { test in
            try await Migrator(test.database, migrations: [first]).apply()
            let changed = Migrator.Migration(name: first.name, sql: first.sql + [0x20])
            let error = await #expect(throws: DatabaseError.self) {
                try await Migrator(test.database, migrations: [changed, second]).apply()
            }
            #expect(error?.reason == .migration)
            #expect(error?.description.contains("0001_a") == true)
            await #expect(throws: DatabaseError.self) { try await test.database.run("select i from b") }
        }
    }

    @Test(arguments: DatabaseEngine.allCases) func anUnknownNewerOneIsRefused(engine: DatabaseEngine) async throws {
        try await withDatabase(engine, isMigrated: false) { test in
            try await Migrator(test.database, migrations: [first, second]).apply()
            let old = Migrator(test.database, migrations: [first])
            let attempts: [() async throws -> Void] = [
                { _ = try await old.pending() }, { try await old.verify() }, { _ = try await old.apply() },
            ]
            for attempt in attempts {
                let error = await #expect(throws: DatabaseError.self) { try await attempt() }
                #expect(error?.reason == .migration)
            }
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aRunningProgramLivesWithANewerOne(engine: DatabaseEngine) async throws {
        try await withDatabase(engine, isMigrated: false) { test in
            try await Migrator(test.database, migrations: [first, second]).apply()
            let old = try await Migrator(test.database, migrations: [first]).standing()
            #expect(old.pending == [] && old.newer == ["0002_b"])
            // What stands before the last one that is known is no successor's.
            let strange = Migrator(test.database, migrations: [second])
            let error = await #expect(throws: DatabaseError.self) { _ = try await strange.standing() }
            #expect(error?.reason == .migration)
            let next = Migrator(test.database, migrations: [first, second, third])
            let lacking = try await next.standing()
            #expect(lacking.pending == ["0003_c"] && lacking.newer == [])
        }
    }

    @Test(arguments: DatabaseEngine.allCases) func aFailedOneLeavesNothing(engine: DatabaseEngine) async throws {
        try await withDatabase(engine, isMigrated: false) { test in
            let broken = Migrator.Migration(
                name: "0002_b",
                sql: Array("create table b (i bigint); insert into nowhere values (1)".utf8)
            )
            await #expect(throws: DatabaseError.self) {
                try await Migrator(test.database, migrations: [first, broken]).apply()
            }
            let applied = try await Migrator(test.database, migrations: [first, second]).apply()
            #expect(applied == ["0002_b"])
        }
    }

    @Test(arguments: DatabaseEngine.allCases) func twoProcessesApplyEachOnce(engine: DatabaseEngine) async throws {
        try await withDatabase(engine, isMigrated: false) { test in
            let applied = try await withThrowingTaskGroup(of: [String].self) { group in
                for _ in 0..<4 {
                    let other = try test.open()
                    group.addTask {
                        let names = try await Migrator(other, migrations: [self.first, self.second]).apply()
                        await other.close()
                        return names
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(applied.sorted() == ["0001_a", "0002_b"])
        }
    }

    /// A session that has looked before it waits for another must not go by what it saw then.
    @Test func whatWasAppliedWhileItWaitedIsSeen() async throws {
        try await withDatabase(.postgres, isMigrated: false) { test in
            let processes = try (0..<3).map { _ in try test.open() }
            for _ in 0..<20 {
                let applied = try await withThrowingTaskGroup(of: [String].self) { group in
                    for database in processes {
                        group.addTask {
                            let migrator = Migrator(database, migrations: [self.first, self.second])
                            _ = try await migrator.pending()
                            return try await migrator.apply()
                        }
                    }
                    return try await group.reduce(into: []) { $0 += $1 }
                }
                #expect(applied.sorted() == ["0001_a", "0002_b"])
                try await test.database.run("drop table a, b, schema_migrations")
            }
            for database in processes { await database.close() }
        }
    }

    @Test(arguments: DatabaseEngine.allCases) func theProgramsOwnAreApplied(engine: DatabaseEngine) async throws {
        try await withDatabase(engine, isMigrated: false) { test in
            let migrator = Migrator(test.database)
            #expect(try await migrator.apply().first == "0001_house")
            try await migrator.verify()
        }
    }
}
