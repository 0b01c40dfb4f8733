import CoreTypes
import DatabaseSupport
import Persistence
import Testing

/// What a store may expect of a database, on both engines.
@Suite struct EngineTests {
    @Test(arguments: DatabaseEngine.allCases) func valuesComeBackAsTheyWentIn(engine: DatabaseEngine) async throws {
        try await withDatabase(engine, isMigrated: false) { test in
            let blob = engine == .postgres ? "bytea" : "blob"
            let truth = "boolean"
            try await test.database.run(
                "create table t (i bigint, r double precision, b \(raw: truth), s text, x \(raw: blob), n text)"
            )
            let bytes = (0...255).map { UInt8($0) } + [0, 0]
            for integer in [0, -1, Int64.max, Int64.min] {
                let text = "Grüße, 世界 🎉 \\x41 ' \" $1 \n\t"
                let rows = try await test.database.run(
                    """
                    insert into t (i, r, b, s, x, n)
                    values (\(integer), \(0.1), \(true), \(text), \(bytes), \(String?.none)) returning *
                    """
                )
                let row = try #require(rows.first)
                #expect(try row.integer("i") == integer)
                #expect(try row.realOrNil("r") == 0.1)
                #expect(try row.bool("b"))
                #expect(try row.text("s") == text)
                #expect(try row.blob("x") == bytes)
                #expect(try row.textOrNil("n") == nil)
            }
            let empty = try await test.database.run("insert into t (s, x) values ('', \([UInt8]())) returning s, x, i")
            #expect(try empty.first?.text("s") == "")
            #expect(try empty.first?.blob("x") == [])
            #expect(try empty.first?.integerOrNil("i") == nil)
        }
    }

    @Test(arguments: DatabaseEngine.allCases) func aTextWithANULIsRefused(engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { test in
            await #expect(throws: DatabaseError.self) {
                try await test.database.run("select \("a\0b") as x")
            }
        }
    }

    @Test(arguments: DatabaseEngine.allCases) func aThrowingTransactionLeavesNothing(engine: DatabaseEngine)
        async throws
    {
        struct Stop: Error {}
        try await withDatabase(engine, isMigrated: false) { test in
            try await test.database.run("create table t (i bigint)")
            await #expect(throws: Stop.self) {
                try await test.database.write { transaction in
                    try transaction.execute("insert into t values (\(1))")
                    throw Stop()
                }
            }
            #expect(try await test.database.run("select i from t").isEmpty)
            let changes = try await test.database.write { transaction in
                try transaction.execute("insert into t values (\(1)), (\(2))")
            }
            #expect(changes == 2)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aFailedStatementSpoilsItsTransaction(engine: DatabaseEngine) async throws {
        try await withDatabase(engine, isMigrated: false) { test in
            try await test.database.run("create table t (i bigint primary key)")
            let error = await #expect(throws: DatabaseError.self) {
                try await test.database.write { transaction in
                    try transaction.execute("insert into t values (\(1))")
                    _ = try? transaction.execute("insert into t values (\(1))")
                    _ = try? transaction.execute("insert into t values (\(2))")
                }
            }
            #expect(error?.reason == .uniqueViolation)
            #expect(try await test.database.run("select i from t").isEmpty)
        }
    }

    @Test(arguments: DatabaseEngine.allCases) func errorsSayWhatKindTheyAre(engine: DatabaseEngine) async throws {
        try await withDatabase(engine, isMigrated: false) { test in
            let database = test.database
            try await database.run("create table t (i bigint primary key, s text not null)")
            try await database.run("insert into t values (1, 'secret-value')")
            func reason(_ statement: SQL) async -> DatabaseError? {
                await #expect(throws: DatabaseError.self) { try await database.run(statement) }
            }
            let twin = await reason("insert into t values (1, \("secret-value"))")
            #expect(twin?.reason == .uniqueViolation)
            #expect(twin?.description.contains("secret-value") == false)
            #expect(await reason("insert into t values (2, null)")?.reason == .constraint)
            #expect(await reason("selec 1")?.reason == .syntax)
            #expect(await reason("select nothing from t")?.reason == .syntax)
            #expect(try await database.run("select s from t").count == 1)
        }
    }

    @Test(arguments: DatabaseEngine.allCases) func readersCannotWrite(engine: DatabaseEngine) async throws {
        try await withDatabase(engine, isMigrated: false) { test in
            try await test.database.run("create table t (i bigint)")
            await #expect(throws: DatabaseError.self) {
                try await test.database.read { transaction in
                    try transaction.execute("insert into t values (\(1))")
                }
            }
            let rows = try await test.database.read { try $0.query("select i from t").count }
            #expect(rows == 0)
        }
    }

    @Test(arguments: DatabaseEngine.allCases) func concurrentWritersDoNotLoseUpdates(engine: DatabaseEngine)
        async throws
    {
        try await withDatabase(engine, isMigrated: false) { test in
            let database = test.database
            try await database.run("create table t (i bigint)")
            try await database.run("insert into t values (0)")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<40 {
                    group.addTask {
                        try await database.write { transaction in
                            let rows = try transaction.query("select i from t \(raw: transaction.dialect.forUpdate)")
                            let value = try rows.first?.integer("i") ?? 0
                            try transaction.execute("update t set i = \(value + 1)")
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await database.run("select i from t").first?.integer("i") == 40)
        }
    }

    @Test(arguments: DatabaseEngine.allCases) func aClosedDatabaseSaysSo(engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { test in
            let other = try test.open()
            try await other.run("select 1 as x")
            await other.close()
            let error = await #expect(throws: DatabaseError.self) { try await other.run("select 1 as x") }
            #expect(error?.isRetryable == false)
        }
    }
}
