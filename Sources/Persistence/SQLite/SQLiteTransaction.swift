import GRDB

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Statements on one SQLite connection inside one transaction.
final class SQLiteTransaction: Transaction.Connection {
    /// Statements with more values than this vary in their text, and a cache would keep every variant.
    private static let maximumCachedValues = 16

    private let database: GRDB.Database
    /// Why the transaction cannot be committed: as in Postgres, a failed statement spoils it.
    private(set) var failure: DatabaseError?

    init(_ database: GRDB.Database) {
        self.database = database
    }

    func run(_ statement: SQL) throws -> (rows: [Row], changes: Int) {
        try spoiling {
            let prepared =
                statement.values.count <= Self.maximumCachedValues
                ? try database.cachedStatement(sql: statement.text)
                : try database.makeStatement(sql: statement.text)
            // `$1` is a name to SQLite; the names' first places are in the order of their numbers.
            let arguments = StatementArguments(try statement.values.map { try $0.databaseValue })
            let cursor = try GRDB.Row.fetchCursor(prepared, arguments: arguments)
            let columns = prepared.columnNames
            var rows: [Row] = []
            while let row = try cursor.next() {
                rows.append(Row(columns: columns, values: row.databaseValues.map { SQLValue($0) }))
            }
            return (rows, prepared.isReadonly ? rows.count : database.changesCount)
        }
    }

    func runScript(_ text: String) throws {
        try spoiling { try database.execute(sql: text) }
    }

    private func spoiling<Value>(_ body: () throws -> Value) throws -> Value {
        if let failure { throw failure }
        do {
            return try body()
        } catch let error as DatabaseError {
            failure = error
            throw error
        } catch let error as GRDB.DatabaseError {
            let translated = DatabaseError(error)
            failure = translated
            throw translated
        }
    }
}

extension SQLValue {
    fileprivate init(_ value: DatabaseValue) {
        switch value.storage {
        case .null: self = .null
        case .int64(let integer): self = .integer(integer)
        case .double(let real): self = .real(real)
        case .string(let text): self = .text(text)
        case .blob(let data): self = .blob([UInt8](data))
        }
    }

    fileprivate var databaseValue: DatabaseValue {
        get throws {
            switch self {
            case .null: return .null
            case .integer(let integer): return integer.databaseValue
            case .real(let real): return real.databaseValue
            case .bool(let bool): return bool.databaseValue
            case .text(let text):
                try text.requireNoNUL()
                return text.databaseValue
            case .blob(let bytes): return Data(bytes).databaseValue
            case .array: throw DatabaseError(.syntax, "SQLite has no arrays.")
            }
        }
    }
}

extension DatabaseError {
    /// Describes a failure of SQLite without the statement's values.
    init(_ error: GRDB.DatabaseError) {
        if error.resultCode == .SQLITE_FULL {
            self.init(.full, Self.noRoom)
            return
        }
        let reason: Code
        switch error.extendedResultCode {
        case .SQLITE_CONSTRAINT_UNIQUE, .SQLITE_CONSTRAINT_PRIMARYKEY, .SQLITE_CONSTRAINT_ROWID:
            reason = .uniqueViolation
        default:
            switch error.resultCode {
            case .SQLITE_CONSTRAINT, .SQLITE_MISMATCH, .SQLITE_TOOBIG: reason = .constraint
            case .SQLITE_BUSY, .SQLITE_LOCKED: reason = .locked
            case .SQLITE_NOMEM: reason = .full
            case .SQLITE_ERROR, .SQLITE_MISUSE, .SQLITE_RANGE: reason = .syntax
            default: reason = .other
            }
        }
        // The messages of SQLite name tables and columns, never values.
        self.init(reason, "SQLite refused the statement (\(error.extendedResultCode)): \(error.message ?? "").")
    }
}
