import Persistence

/// A database of which only the writes go wrong; all else is done by the whole one.
protocol WrappedDatabase: Database {
    var whole: any Database { get }
}

extension WrappedDatabase {
    var dialect: Dialect { whole.dialect }
    var wakeUps: WakeUps { whole.wakeUps }

    func read<Value: Sendable>(_ body: @Sendable (borrowing Transaction) throws -> Value) async throws -> Value {
        try await whole.read(body)
    }

    func run(_ statement: SQL) async throws -> [Row] { try await whole.run(statement) }
    func notify(_ wakeUp: WakeUp) async { await whole.notify(wakeUp) }
    func runWakeUps() async { await whole.runWakeUps() }
    func dedicated(on executor: DispatchQueueExecutor) -> any Database { self }
    func close() async {}
}
