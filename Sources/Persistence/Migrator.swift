package import CoreTypes
import Crypto
import PostgresMigrations
import SQLiteMigrations

/// Brings a database's schema to what this program needs, and refuses one that it does not know.
package struct Migrator: Sendable {
    /// A numbered file of SQL.
    ///
    /// A released file never changes.
    package struct Migration: Sendable {
        package let name: String
        package let sql: [UInt8]

        /// Names a text of SQL.
        package init(name: String, sql: [UInt8]) {
            self.name = name
            self.sql = sql
        }

        /// SHA-256 of the text, in hexadecimal.
        package var checksum: String { hexadecimal(SHA256.hash(data: sql)) }
    }

    /// A key for `pg_advisory_xact_lock` that nothing else uses: "aragora" in ASCII.
    private static let lockKey: Int64 = 0x61_72_61_67_6F_72_61

    private let database: any Database
    private let migrations: [Migration]
    private let time: any TimeSource

    /// Makes a migrator with the migrations of the database's engine.
    package init(_ database: any Database, time: any TimeSource = SystemTime()) {
        let embedded =
            switch database.dialect {
            case .postgres: PostgresMigrations.all
            case .sqlite: SQLiteMigrations.all
            }
        self.init(database, migrations: embedded.map { Migration(name: $0.name, sql: $0.sql) }, time: time)
    }

    /// Makes a migrator with migrations of the caller's.
    package init(_ database: any Database, migrations: [Migration], time: any TimeSource = SystemTime()) {
        self.database = database
        self.migrations = migrations.sorted { $0.name < $1.name }
        self.time = time
    }

    /// A word for the schema that this program needs: another one for every other list of migrations.
    package var fingerprint: String {
        hexadecimal(SHA256.hash(data: Array(migrations.map { "\($0.name) \($0.checksum)\n" }.joined().utf8)))
    }

    /// The names of the migrations that the database still lacks.
    /// - Throws: `DatabaseError` with the reason `migration` where the database holds one that is unknown or changed.
    package func pending() async throws -> [String] {
        let applied = try await database.read { transaction in try Self.applied(in: transaction) }
        return try missing(from: applied).map(\.name)
    }

    /// What the database lacks, and what a newer program has put behind what this one knows: that one left room for its
    /// predecessor, which goes on until it is replaced.
    /// - Throws: `DatabaseError` with the reason `migration` where the database holds one that is changed, or unknown and
    ///   not newer.
    package func standing() async throws -> (pending: [String], newer: [String]) {
        let applied = try await database.read { transaction in try Self.applied(in: transaction) }
        let last = migrations.last?.name ?? ""
        let pending = try missing(from: applied.filter { $0.name <= last }).map(\.name)
        return (pending, applied.map(\.name).filter { $0 > last })
    }

    /// Checks that the database has exactly the schema that this program knows.
    /// - Throws: `DatabaseError` with the reason `migration`.
    package func verify() async throws {
        let missing = try await pending()
        guard missing.isEmpty else {
            throw DatabaseError(
                .migration,
                "The database lacks the migrations \(missing.joined(separator: ", ")); run `aragora migrate`."
            )
        }
    }

    /// Applies what the database lacks: each migration in one transaction together with its record, one process at a
    /// time.
    /// - Returns: the names of those that were applied.
    /// - Throws: `DatabaseError`; the migrations before the failed one stay applied.
    @discardableResult
    package func apply() async throws -> [String] {
        var names: [String] = []
        while let name = try await applyNext() { names.append(name) }
        return names
    }

    private func applyNext() async throws -> String? {
        try await database.write { transaction in
            if transaction.dialect == .postgres {
                // A large table may take its time, and so may another process that migrates.
                try transaction.executeScript("set local statement_timeout = 0")
                _ = try transaction.query("select pg_advisory_xact_lock(\(Self.lockKey))")
            }
            guard let next = try missing(from: Self.applied(in: transaction)).first else { return nil }
            try transaction.executeScript(Self.createTable)
            try transaction.executeScript(String(decoding: next.sql, as: UTF8.self))
            try transaction.execute(
                """
                insert into schema_migrations (name, checksum, applied_at)
                values (\(next.name), \(next.checksum), \(time.now()))
                """
            )
            return next.name
        }
    }

    private static let createTable = """
        create table if not exists schema_migrations (
            name text primary key,
            checksum text not null,
            applied_at bigint not null
        )
        """

    private static func applied(in transaction: borrowing Transaction) throws -> [(name: String, checksum: String)] {
        let exists =
            switch transaction.dialect {
            case .postgres:
                // To name a table reads what others have made meanwhile; `to_regclass` alone answers from what it knew
                // before this transaction waited for its lock.
                try transaction.query("select 1 from pg_catalog.pg_class where oid = to_regclass('schema_migrations')")
            case .sqlite: try transaction.query("select 1 from sqlite_master where name = 'schema_migrations'")
            }
        guard !exists.isEmpty else { return [] }
        return try transaction.query("select name, checksum from schema_migrations order by name").map { row in
            (try row.text("name"), try row.text("checksum"))
        }
    }

    private func missing(from applied: [(name: String, checksum: String)]) throws -> [Migration] {
        for (name, checksum) in applied {
            guard let known = migrations.first(where: { $0.name == name }) else {
                throw DatabaseError(
                    .migration,
                    "The database has the migration \(name), which this program does not know: it is older than the "
                        + "database. Install the newer program."
                )
            }
            guard known.checksum == checksum else {
                throw DatabaseError(
                    .migration,
                    "The migration \(name) was changed after it was applied to this database. Restore the file."
                )
            }
        }
        let names = Set(applied.map(\.name))
        return migrations.filter { !names.contains($0.name) }
    }
}
