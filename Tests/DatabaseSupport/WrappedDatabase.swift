package import Persistence

/// A database that does something of its own to what is written or read; all else is done by the whole one.
package protocol WrappedDatabase: Database {
    /// The database that does the rest.
    var whole: any Database { get }
}

extension WrappedDatabase {
    package var dialect: Dialect { whole.dialect }
    package var wakeUps: WakeUps { whole.wakeUps }

    package func read<Value: Sendable>(_ body: @Sendable (borrowing Transaction) throws -> Value) async throws -> Value
    {
        try await whole.read(body)
    }

    package func run(_ statement: SQL) async throws -> [Row] { try await whole.run(statement) }
    package func notify(_ wakeUp: WakeUp) async { await whole.notify(wakeUp) }
    package func runWakeUps() async { await whole.runWakeUps() }
    package func dedicated(on executor: DispatchQueueExecutor) -> any Database { self }
    package func close() async {}
}
