package import CoreTypes

/// A database of either engine.
///
/// A transaction is a synchronous closure: nothing can be awaited inside, so no lock is ever held across the network.
package protocol Database: Sendable {
    /// Where the two engines' SQL differs.
    var dialect: Dialect { get }

    /// Runs a transaction and commits it; a throwing closure rolls it back.
    ///
    /// Serialisation failures and deadlocks are tried again; so the closure may run more than once and must have no
    /// effects beside its transaction's.
    /// A statement that failed has spoilt the transaction: it cannot be committed even where the closure goes on.
    /// - Throws: what the closure threw, or `DatabaseError`.
    func write<Value: Sendable>(_ body: @Sendable (borrowing Transaction) throws -> Value) async throws -> Value

    /// Runs a read-only transaction.
    /// - Throws: what the closure threw, or `DatabaseError`.
    func read<Value: Sendable>(_ body: @Sendable (borrowing Transaction) throws -> Value) async throws -> Value

    /// Runs one statement in a transaction of its own, in one round trip.
    /// - Returns: the rows that the statement gives back.
    /// - Throws: `DatabaseError`.
    @discardableResult
    func run(_ statement: SQL) async throws -> [Row]

    /// Where this process is told what others have committed.
    var wakeUps: WakeUps { get }

    /// Tells every process that listens; delivery is best effort and everybody polls as well.
    func notify(_ wakeUp: WakeUp) async

    /// Carries wake-ups between processes until its task is cancelled; without it, only this process is told.
    func runWakeUps() async

    /// The same database over one connection that nobody else uses, for a writer that must never wait for one.
    ///
    /// Cancelling a task does not stop a statement on it, so that what is being written ends one way or the other.
    /// - Parameter executor: where the writer works, and the connection with it, so that no statement costs a change of
    ///   threads.
    func dedicated(on executor: DispatchQueueExecutor) -> any Database

    /// Gives the connections back; every later call throws `DatabaseError` with the reason `closed`.
    func close() async
}

/// What is done inside one transaction.
///
/// It cannot leave the closure that it was given to.
package struct Transaction: ~Copyable {
    /// Runs the statements on one engine's connection.
    package protocol Connection {
        /// Runs a statement and gives its rows and how many rows it changed.
        func run(_ statement: SQL) throws -> (rows: [Row], changes: Int)
        /// Runs one or more statements without values.
        func runScript(_ text: String) throws
    }

    private let connection: any Connection
    /// Where the two engines' SQL differs.
    package let dialect: Dialect

    /// Wraps the connection on which a transaction was begun.
    package init(connection: any Connection, dialect: Dialect) {
        self.connection = connection
        self.dialect = dialect
    }

    /// Runs a statement and gives its rows.
    /// - Throws: `DatabaseError`.
    package borrowing func query(_ statement: SQL) throws -> [Row] {
        try connection.run(statement).rows
    }

    /// Runs a statement and tells how many rows it changed.
    /// - Throws: `DatabaseError`.
    @discardableResult
    package borrowing func execute(_ statement: SQL) throws -> Int {
        try connection.run(statement).changes
    }

    /// Runs a migration's text: one or more statements without values.
    /// - Throws: `DatabaseError`.
    package borrowing func executeScript(_ text: String) throws {
        try connection.runScript(text)
    }
}

/// Named fragments for the few places in which the engines need different SQL.
package enum Dialect: String, Sendable {
    case postgres, sqlite

    /// A text member of a column that holds a JSON object as text, in the words of the indexes.
    package func member(_ name: String, of column: String) -> String {
        switch self {
        case .postgres: "((cast(\(column) as json) ->> '\(name)') collate \"C\")"
        case .sqlite: "json_extract(\(column), '$.\(name)')"
        }
    }

    /// A column that holds a JSON object as text, without one of its members.
    package func without(_ name: String, in column: String) -> String {
        switch self {
        case .postgres: "cast(cast(\(column) as jsonb) - '\(name)' as text)"
        case .sqlite: "json_remove(\(column), '$.\(name)')"
        }
    }

    /// How many bytes the value of a text column has.
    package func bytes(of column: String) -> String {
        switch self {
        // Without reading a long value.
        case .postgres: "octet_length(\(column))"
        case .sqlite: "length(cast(\(column) as blob))"
        }
    }

    /// Behind a claiming `select`: rows that somebody else is claiming are passed over.
    ///
    /// SQLite has one writer.
    package var forUpdateSkipLocked: String {
        switch self {
        case .postgres: "for update skip locked"
        case .sqlite: ""
        }
    }

    /// Behind a `select`: waits for the row's present holder.
    ///
    /// SQLite has one writer.
    package var forUpdate: String {
        switch self {
        case .postgres: "for update"
        case .sqlite: ""
        }
    }

    /// Behind a `select`: the row stays as it is until this transaction ends.
    ///
    /// SQLite has one writer.
    package var forShare: String {
        switch self {
        case .postgres: "for share"
        case .sqlite: ""
        }
    }
}

/// What a process tells the others after a commit.
package enum WakeUp: Hashable, Sendable {
    /// The inbox has new rows.
    case inbox
    /// The outbox has new rows.
    case outbox
    /// The job queue has new rows.
    case jobs
    /// A debate's journal grew, or somebody asked it for something.
    case debate(DebateID)
}

/// A failure of the database or of what it holds.
package struct DatabaseError: CodedError {
    /// The closed list of reasons.
    package enum Code: String, Sendable {
        case connection, timeout, uniqueViolation = "unique_violation", serialization, constraint, syntax, decoding
        case leaseLost = "lease_lost", migration, locked, sealed, full, closed, other
        /// The connection broke while a commit was under way: it may have happened or not. Only what may safely
        /// happen twice is tried again.
        case commitUnknown = "commit_unknown"
    }

    package let reason: Code
    package let description: String
    package var code: String { "database_\(reason.rawValue)" }
    package var isRetryable: Bool {
        switch reason {
        case .connection, .timeout, .serialization, .locked, .full: true
        default: false
        }
    }

    /// What is said where the database's disk is full.
    static let noRoom =
        "The database has no room left on its disk. Make room; nothing that was acknowledged is lost."

    /// Describes a failure; the description holds no values of the statement.
    package init(_ reason: Code, _ description: String) {
        self.reason = reason
        self.description = description
    }
}
