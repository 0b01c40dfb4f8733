import DatabaseSupport
import Persistence
import Synchronization

/// A database that is gone after some writes, as it is for a process that dies then.
final class FailingDatabase: WrappedDatabase {
    let whole: any Database
    private let left: Mutex<Int>

    init(_ whole: any Database, writes: Int) {
        self.whole = whole
        left = Mutex(writes)
    }

    func write<Value: Sendable>(_ body: @Sendable (borrowing Transaction) throws -> Value) async throws -> Value {
        let isAlive = left.withLock { left in
            left -= 1
            return left >= 0
        }
        guard isAlive else { throw CancellationError() }
        return try await whole.write(body)
    }
}
