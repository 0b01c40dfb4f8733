/// A thread for blocking work on SQLite: one task at a time, in the order of their arrival.
actor SQLiteLane {
    private let executor: DispatchQueueExecutor

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(label: String) {
        executor = DispatchQueueExecutor(label: label)
    }

    func perform<Value: Sendable>(_ body: @Sendable () throws -> Value) throws -> Value {
        try body()
    }
}
