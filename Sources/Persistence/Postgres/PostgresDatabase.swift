package import CoreTypes
package import Logging

/// Postgres over libpq.
///
/// Works through a transaction pooler: no session state, no startup option, no named statement that it could not do
/// without. Whatever ends a connection ends the call that was on it and nothing else; the next call connects again.
package final class PostgresDatabase: Database {
    /// How the database is reached and how long it may take.
    package struct Configuration: Sendable {
        package var url: Secret
        /// The most connections of the pool; each takes a thread while it works, unless they share an `executor`.
        package var maximumConnections = 8
        /// How many idle connections stay open past `idleTimeout`.
        package var minimumConnections = 1
        package var idleTimeout: Duration = .seconds(300)
        package var lifetime: Duration = .seconds(1800)
        /// How long a caller waits for a connection.
        package var leaseTimeout: Duration = .seconds(5)
        /// The longest that one statement of a transaction may take.
        package var statementTimeout: Duration = .seconds(30)
        /// The longest pause between two statements of a transaction.
        package var idleInTransactionTimeout: Duration = .seconds(10)
        var honoursCancellation = true
        /// Whether the server remembers the statements, which pays where they are few.
        var preparesStatements = false
        /// Where the connections work; nil for each on a thread of its own.
        var executor: DispatchQueueExecutor?
        var listening = PostgresListener.Timing()

        /// Describes how to reach a database.
        /// - Parameter url: a connection URI, such as `postgres://user:password@host/name?sslmode=require`.
        package init(url: Secret) {
            self.url = url
        }
    }

    package let dialect = Dialect.postgres
    package let wakeUps: WakeUps

    private let configuration: Configuration
    private let pool: PostgresPool
    private let queue: NotificationQueue
    private let origin: String
    private let time: any TimeSource
    private let jitter: any JitterSource
    private let logger: Logger
    private let beginWrite: String
    private let beginRead: String

    /// Makes a database; the first call connects.
    package convenience init(
        _ configuration: Configuration,
        logger: Logger,
        time: any TimeSource = SystemTime(),
        jitter: any JitterSource = RandomJitter(),
        identifiers: any IdentifierSource = RandomIdentifiers()
    ) {
        self.init(
            configuration,
            wakeUps: WakeUps(isPolling: true),
            queue: NotificationQueue(),
            origin: identifiers.next(),
            logger: logger,
            time: time,
            jitter: jitter
        )
    }

    private init(
        _ configuration: Configuration,
        wakeUps: WakeUps,
        queue: NotificationQueue,
        origin: String,
        logger: Logger,
        time: any TimeSource,
        jitter: any JitterSource
    ) {
        self.configuration = configuration
        self.wakeUps = wakeUps
        self.queue = queue
        self.origin = origin
        self.logger = logger
        self.time = time
        self.jitter = jitter
        pool = PostgresPool(
            url: configuration.url,
            preparesStatements: configuration.preparesStatements,
            executor: configuration.executor,
            limits: PostgresPool.State.Limits(
                maximum: max(1, configuration.maximumConnections),
                minimumIdle: configuration.minimumConnections,
                idleTimeout: configuration.idleTimeout,
                lifetime: configuration.lifetime
            ),
            leaseTimeout: configuration.leaseTimeout,
            time: time,
            jitter: jitter
        )
        let limits = """
            set local statement_timeout = \(configuration.statementTimeout.milliseconds); \
            set local idle_in_transaction_session_timeout = \(configuration.idleInTransactionTimeout.milliseconds)
            """
        beginWrite = "begin isolation level read committed; \(limits)"
        beginRead = "begin isolation level repeatable read read only; \(limits)"
    }

    package func write<Value: Sendable>(
        _ body: @Sendable (borrowing Transaction) throws -> Value
    ) async throws -> Value {
        try await retryingConflicts { try await self.transaction(begin: self.beginWrite, body) }
    }

    package func read<Value: Sendable>(
        _ body: @Sendable (borrowing Transaction) throws -> Value
    ) async throws -> Value {
        do {
            return try await transaction(begin: beginRead, body)
        } catch let error as DatabaseError where error.reason == .commitUnknown {
            throw DatabaseError(.connection, "The connection to Postgres was lost.")
        }
    }

    @discardableResult
    package func run(_ statement: SQL) async throws -> [Row] {
        try await retryingConflicts { try await self.runOnce(statement, mayRetry: true) }
    }

    package func notify(_ wakeUp: WakeUp) async {
        wakeUps.publish(wakeUp)
        if queue.add(wakeUp) { return }
        do {
            try await send(WakeUpPayload.texts(of: [wakeUp], origin: origin))
        } catch {
            logger.debug("A notification was not sent.", metadata: ["reason": "\(error)"])
        }
    }

    package func runWakeUps() async {
        let listener = PostgresListener(
            url: configuration.url,
            wakeUps: wakeUps,
            queue: queue,
            origin: origin,
            timing: configuration.listening,
            time: time,
            jitter: jitter,
            logger: logger,
            send: { try await self.send($0) }
        )
        await listener.run()
    }

    package func dedicated(on executor: DispatchQueueExecutor) -> any Database {
        var configuration = configuration
        configuration.executor = executor
        configuration.maximumConnections = 1
        configuration.honoursCancellation = false
        configuration.preparesStatements = true
        return PostgresDatabase(
            configuration,
            wakeUps: wakeUps,
            queue: queue,
            origin: origin,
            logger: logger,
            time: time,
            jitter: jitter
        )
    }

    package func close() async {
        pool.close()
    }

    private func transaction<Value: Sendable>(
        begin: String,
        _ body: @Sendable (borrowing Transaction) throws -> Value
    ) async throws -> Value {
        var isSecondTry = false
        while true {
            let member = try await pool.lease()
            defer { pool.release(member) }
            let outcome = try await cancellable { operation in
                try await member.connection.transaction(begin: begin, operation: operation, body: body)
            }
            switch outcome {
            case .committed(let value): return value
            case .notBegun(let error):
                if isSecondTry { throw error }
                isSecondTry = true
            }
        }
    }

    private func runOnce(_ statement: SQL, mayRetry: Bool) async throws -> [Row] {
        let member = try await pool.lease()
        do {
            defer { pool.release(member) }
            return try await cancellable { operation in
                try await member.connection.run(statement, operation: operation)
            }
        } catch let error as DatabaseError where error.reason == .connection && member.connection.isLost {
            guard statement.isSelect else { throw DatabaseError.commitUnknown }
            guard mayRetry else { throw error }
        }
        return try await runOnce(statement, mayRetry: false)
    }

    private func cancellable<Value: Sendable>(_ body: (PostgresOperation) async throws -> Value) async throws -> Value {
        let operation = PostgresOperation()
        guard configuration.honoursCancellation else { return try await body(operation) }
        return try await withTaskCancellationHandler {
            try await body(operation)
        } onCancel: {
            operation.cancel()
        }
    }

    /// Tries again what lost against another transaction: at most four times, after 10 to 160 milliseconds.
    private func retryingConflicts<Value: Sendable>(_ attempt: () async throws -> Value) async throws -> Value {
        var failures = 0
        while true {
            do {
                return try await attempt()
            } catch let error as DatabaseError where error.reason == .serialization && failures < 4 {
                failures += 1
                let pause = Double(10 << failures) * (0.5 + jitter.next() / 2)
                try await time.sleep(for: .milliseconds(Int64(pause)))
            }
        }
    }

    private func send(_ payloads: [String]) async throws {
        let calls = SQL.joined(payloads.map { "pg_notify(\(PostgresListener.channel), \($0))" })
        _ = try await run("select \(calls)")
    }
}

extension SQL {
    /// Whether the statement only reads, so that it may be sent twice.
    fileprivate var isSelect: Bool { text.prefix(7).lowercased() == "select " }
}
