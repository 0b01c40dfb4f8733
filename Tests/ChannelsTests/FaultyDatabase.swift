import DatabaseSupport
import Persistence
import Synchronization

/// A database that is gone from the n-th write on, as it is for a process that is killed there.
final class FaultyDatabase: WrappedDatabase {
    let whole: any Database
    private let left: Mutex<Int>
    private let loseAnswer: Bool

    /// Wraps a database.
    /// - Parameters:
    ///   - writes: the number of writes that work.
    ///   - loseAnswer: whether the first one that fails is committed all the same.
    init(_ whole: any Database, writes: Int, loseAnswer: Bool) {
        self.whole = whole
        left = Mutex(writes)
        self.loseAnswer = loseAnswer
    }

    /// How many writes there are left until the first one that fails.
    var writesLeft: Int { left.withLock { $0 } }

    /// Whether a write has failed.
    var hasFailed: Bool { left.withLock { $0 < 0 } }

    func write<Value: Sendable>(_ body: @Sendable (borrowing Transaction) throws -> Value) async throws -> Value {
        let left = left.withLock { left in
            left -= 1
            return left
        }
        if left >= 0 { return try await whole.write(body) }
        if left == -1, loseAnswer { _ = try await whole.write(body) }
        throw DatabaseError(.closed, "The process is dead.")
    }
}
