import CoreTypes
import DatabaseSupport
import Persistence
import Testing

/// Which key signs receipts, whoever starts when.
@Suite struct SigningKeyTests {
    private let mine = "local:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
    private let theirs = "local:HxwdHhsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQA="
    private let new = "new:HxwdHhsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQA="

    private func store(_ keys: String...) throws -> SigningKeyStore {
        SigningKeyStore(sealer: try Sealer(keys: Secret(keys.joined(separator: ","))))
    }

    @Test(arguments: DatabaseEngine.allCases)
    func processesThatStartTogetherSignWithOneKey(engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { test in
            let keys = try store(mine)
            let processes = try (0..<4).map { _ in try test.open() }
            for _ in 0..<20 {
                let ids = try await withThrowingTaskGroup(of: [String].self) { group in
                    for database in processes {
                        group.addTask {
                            let key = try await database.write { try keys.current(now: start, in: $0) }
                            return [key.id]
                        }
                    }
                    return try await group.reduce(into: []) { $0 += $1 }
                }
                #expect(Set(ids).count == 1, "\(ids)")
                let rows = try await test.database.run("select key_id from signing_keys")
                #expect(rows.count == 1)
                try await test.database.run("delete from signing_keys")
            }
            for database in processes { await database.close() }
        }
    }

    /// As processes made them that started together before one waited for the other.
    @Test(arguments: DatabaseEngine.allCases)
    func anotherKeyOfTheFirstOnesNameIsRefused(engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { test in
            let (first, second) = (try store(mine), try store(theirs))
            _ = try await test.database.write { try second.current(now: start + .seconds(1), in: $0) }
            try await test.database.run("create table aside as select * from signing_keys")
            try await test.database.run("delete from signing_keys")
            let key = try await test.database.write { try first.current(now: start, in: $0) }
            try await test.database.run("insert into signing_keys select * from aside")

            let error = await #expect(throws: DatabaseError.self) {
                _ = try await test.database.write { try second.current(now: start, in: $0) }
            }
            #expect(error?.reason == .sealed)
            let again = try await test.database.write { try first.current(now: start, in: $0) }
            #expect(again.id == key.id)
        }
    }

    /// A key that a former version made beside another one signs nothing because of an upgrade.
    @Test(arguments: DatabaseEngine.allCases)
    func theOldestSignsUntilSomebodyRenews(engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { test in
            let keys = try store(mine)
            let younger = try await test.database.write { try keys.current(now: start + .seconds(1), in: $0) }
            try await test.database.run("create table aside as select * from signing_keys")
            try await test.database.run("delete from signing_keys")
            let older = try await test.database.write { try keys.current(now: start, in: $0) }
            try await test.database.run("insert into signing_keys select * from aside")
            let current = try await test.database.write { try keys.current(now: start, in: $0) }
            #expect(current.id == older.id)

            let renewed = try await test.database.write { try keys.renew(now: start, in: $0) }
            let known = try await test.database.read { try keys.keys(in: $0).map(\.id) }
            #expect(known == [renewed.id, older.id, younger.id])
            let again = try await test.database.write { try keys.renew(now: start, in: $0) }
            #expect(try await test.database.write { try keys.current(now: start, in: $0) }.id == again.id)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func theLatestThatOpensSignsAndTheFormerStay(engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { test in
            let (before, both) = (try store(mine), try store(new, mine))
            let first = try await test.database.write { try before.current(now: start, in: $0) }
            // The clock of this process is behind.
            let renewed = try await test.database.write { try both.renew(now: start + .seconds(-60), in: $0) }
            let (current, known) = try await test.database.write { transaction in
                (try both.current(now: start, in: transaction), try both.keys(in: transaction).map(\.id))
            }
            #expect(current.id == renewed.id && renewed.id != first.id)
            #expect(known == [renewed.id, first.id])
            let elsewhere = try await test.database.write { try before.current(now: start, in: $0) }
            #expect(elsewhere.id == first.id)

            let stranger = try store(theirs)
            let error = await #expect(throws: DatabaseError.self) {
                _ = try await test.database.write { try stranger.renew(now: start, in: $0) }
            }
            #expect(error?.reason == .sealed)
        }
    }
}
