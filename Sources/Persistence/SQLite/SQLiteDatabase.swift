package import CoreTypes
import GRDB

#if canImport(Glibc)
import Glibc
#endif

/// SQLite over GRDB: the embedded database, for one process.
package final class SQLiteDatabase: Database {
    package let dialect = Dialect.sqlite
    package let wakeUps = WakeUps()

    private let writer: any DatabaseWriter
    private let writeLane = SQLiteLane(label: "aragora.sqlite.write")
    private let readLanes: [SQLiteLane]
    private let time: any TimeSource

    /// Opens a file, which is made where it does not exist, for its user alone.
    ///
    /// A commit is on the disk before it is reported (`synchronous = FULL`); readers do not wait for the writer (WAL).
    /// - Throws: `DatabaseError`.
    package init(path: String, time: any TimeSource = SystemTime()) throws {
        self.time = time
        readLanes = (0..<4).map { SQLiteLane(label: "aragora.sqlite.read.\($0)") }
        Self.makeFile(path)
        // SQLite would open it all the same, and then nothing that anybody asks for could be kept.
        guard access(path, W_OK) == 0 || errno == ENOENT || errno == ENOTDIR else {
            let reason = String(cString: strerror(errno))
            throw DatabaseError(
                .other,
                "The database file \(path) cannot be written: \(reason). It and its folder must be readable and "
                    + "writable for this user (chmod u+rw); ARAGORA_DATA_DIR or DATABASE_URL names it."
            )
        }
        do {
            let pool = try DatabasePool(path: path, configuration: Self.configuration)
            try pool.writeWithoutTransaction { try $0.execute(sql: "pragma synchronous = full") }
            writer = pool
        } catch let error as GRDB.DatabaseError {
            throw DatabaseError(opening: path, error)
        }
    }

    /// Makes an empty file that only its user reads; what SQLite puts beside it gets the same mode.
    ///
    /// One that is there is not touched: to close it would take away the locks that this process has on it.
    private static func makeFile(_ path: String) {
        let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        if descriptor >= 0 { Glibc.close(descriptor) }
    }

    /// Opens a database in memory, for tests.
    /// - Throws: `DatabaseError`.
    package init(inMemory time: any TimeSource = SystemTime()) throws {
        self.time = time
        readLanes = [writeLane]
        writer = try translatingErrors { try DatabaseQueue(configuration: Self.configuration) }
    }

    private static var configuration: Configuration {
        var configuration = Configuration()
        configuration.busyMode = .timeout(5)
        configuration.foreignKeysEnabled = true
        configuration.maximumReaderCount = 4
        return configuration
    }

    package func write<Value: Sendable>(
        _ body: @Sendable (borrowing Transaction) throws -> Value
    ) async throws -> Value {
        try await writeLane.perform {
            try translatingErrors {
                try self.writer.write { database in
                    let statements = SQLiteTransaction(database)
                    let value = try body(Transaction(connection: statements, dialect: .sqlite))
                    if let failure = statements.failure { throw failure }
                    return value
                }
            }
        }
    }

    package func read<Value: Sendable>(
        _ body: @Sendable (borrowing Transaction) throws -> Value
    ) async throws -> Value {
        let lane = readLanes[Int.random(in: 0..<readLanes.count)]
        return try await lane.perform {
            try translatingErrors {
                try self.writer.read { database in
                    try body(Transaction(connection: SQLiteTransaction(database), dialect: .sqlite))
                }
            }
        }
    }

    @discardableResult
    package func run(_ statement: SQL) async throws -> [Row] {
        try await write { transaction in try transaction.query(statement) }
    }

    package func notify(_ wakeUp: WakeUp) async {
        wakeUps.publish(wakeUp)
    }

    /// Waits for its task's end: one process serves the file, so there is nobody else to tell.
    package func runWakeUps() async {
        while !Task.isCancelled { try? await time.sleep(for: .seconds(3600)) }
    }

    /// This database: SQLite has one writer, whoever asks.
    package func dedicated(on executor: DispatchQueueExecutor) -> any Database { self }

    package func close() async {
        try? await writeLane.perform { try self.writer.close() }
    }
}

extension DatabaseError {
    /// Describes why a file could not be opened, and what to do about it.
    fileprivate init(opening path: String, _ error: GRDB.DatabaseError) {
        switch error.resultCode {
        case .SQLITE_CANTOPEN, .SQLITE_READONLY, .SQLITE_PERM:
            self.init(
                .other,
                "The database file \(path) cannot be opened. It has to be a file, and it and its folder must be "
                    + "readable and writable for this user; ARAGORA_DATA_DIR or DATABASE_URL names it."
            )
        case .SQLITE_NOTADB, .SQLITE_CORRUPT:
            self.init(
                .other,
                "The file \(path) is no SQLite database, or it is damaged. Restore it from a backup, or name another "
                    + "one with ARAGORA_DATA_DIR or DATABASE_URL."
            )
        default:
            self.init(error)
        }
    }
}

private func translatingErrors<Value>(_ body: () throws -> Value) throws -> Value {
    do {
        return try body()
    } catch let error as GRDB.DatabaseError {
        throw DatabaseError(error)
    }
}
