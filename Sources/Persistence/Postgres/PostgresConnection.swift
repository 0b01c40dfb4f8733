import CPostgres
import CoreTypes
import Synchronization

#if canImport(Glibc)
import Glibc
#endif

/// A connection that works on a serial queue, its own or its owner's: calls block that, never the cooperative pool.
actor PostgresConnection {
    private struct Condition {
        var isReusable = false
        var isLost = true
        var socket: Int32 = -1
    }

    private let executor: DispatchQueueExecutor
    private var handle: PostgresHandle?
    private var cancelHandle: PostgresCancelHandle?
    private let condition = Mutex(Condition())

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// Connects.
    /// - Parameters:
    ///   - preparesStatements: whether the connection runs the same few statements over and over.
    ///   - executor: where it works.
    /// - Throws: `DatabaseError`.
    static func open(
        url: Secret,
        preparesStatements: Bool,
        executor: DispatchQueueExecutor
    ) async throws -> PostgresConnection {
        let connection = PostgresConnection(executor: executor)
        try await connection.connect(url: url, preparesStatements: preparesStatements)
        return connection
    }

    private init(executor: DispatchQueueExecutor) {
        self.executor = executor
    }

    private func connect(url: Secret, preparesStatements: Bool) throws {
        let handle = try PostgresHandle(url: url, preparesStatements: preparesStatements)
        self.handle = handle
        cancelHandle = handle.makeCancelHandle()
        noteCondition()
    }

    /// Whether the connection may serve somebody else after what was last done on it.
    nonisolated var isReusable: Bool { condition.withLock { $0.isReusable } }

    /// Whether the server is gone, so that it is not known what became of the last statement.
    nonisolated var isLost: Bool { condition.withLock { $0.isLost } }

    /// Whether an idle connection still has its server.
    ///
    /// An idle server says nothing; if something has arrived, then it is its farewell.
    nonisolated var isSilent: Bool {
        var descriptor = pollfd(fd: condition.withLock { $0.socket }, events: Int16(POLLIN), revents: 0)
        return poll(&descriptor, 1, 0) == 0
    }

    /// Runs a statement that is a transaction by itself.
    /// - Throws: `DatabaseError`, or `CancellationError` where the operation was cancelled.
    func run(_ statement: SQL, operation: PostgresOperation) throws -> [Row] {
        let handle = try open()
        defer { noteCondition() }
        return try cancellable(operation) { try handle.run(statement).rows }
    }

    /// Runs a transaction.
    /// - Parameters:
    ///   - begin: the statements that start it, which are sent in one message.
    ///   - body: what is done in it.
    /// - Returns: what the body returned, after the commit; or that there was no connection to begin it on.
    /// - Throws: what the body threw, `DatabaseError`, or `CancellationError` where the operation was cancelled.
    func transaction<Value: Sendable>(
        begin: String,
        operation: PostgresOperation,
        body: @Sendable (borrowing Transaction) throws -> Value
    ) throws -> PostgresTransactionOutcome<Value> {
        let handle = try open()
        defer { noteCondition() }
        do {
            try handle.runScript(begin)
        } catch let error as DatabaseError where error.reason == .connection {
            return .notBegun(error)
        }
        let value: Value
        do {
            value = try cancellable(operation) {
                try body(Transaction(connection: handle, dialect: .postgres))
            }
        } catch {
            handle.rollBack()
            throw error
        }
        // Out of reach of a cancellation, so that it always ends one way or the other.
        try handle.commit()
        return .committed(value)
    }

    private func open() throws -> PostgresHandle {
        guard let handle else { throw DatabaseError(.connection, "The connection to Postgres is not open.") }
        handle.reset()
        return handle
    }

    private func cancellable<Value>(_ operation: PostgresOperation, _ body: () throws -> Value) throws -> Value {
        try operation.attach(cancelHandle)
        defer { operation.detach() }
        do {
            return try body()
        } catch let error as DatabaseError where error.reason == .timeout && operation.isCancelled {
            throw CancellationError()
        }
    }

    private func noteCondition() {
        let now = Condition(
            isReusable: handle?.isReusable ?? false,
            isLost: handle?.isLost ?? true,
            socket: handle?.socket ?? -1
        )
        condition.withLock { $0 = now }
    }
}

/// How an attempted transaction ended, where it did not throw.
enum PostgresTransactionOutcome<Value: Sendable>: Sendable {
    case committed(Value)
    /// The connection was dead before the transaction began; nothing was sent that could have an effect.
    case notBegun(DatabaseError)
}
