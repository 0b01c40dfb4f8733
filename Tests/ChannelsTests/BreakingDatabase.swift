import DatabaseSupport
import Persistence
import Synchronization

/// A database whose connection breaks while it commits the n-th write.
final class BreakingDatabase: WrappedDatabase {
    private enum Step { case works, breaks, isAway }

    private struct State {
        var writes = 0
        var isAway = false
    }

    let whole: any Database
    private let number: Int
    private let commits: Bool
    private let staysAway: Bool
    private let state = Mutex(State())

    /// Wraps a database.
    /// - Parameters:
    ///   - number: the write whose commit gets no answer, counted from 1.
    ///   - commits: whether it is committed all the same.
    ///   - staysAway: whether the database is away from then on, until it is mended.
    init(_ whole: any Database, at number: Int, commits: Bool, staysAway: Bool = false) {
        self.whole = whole
        self.number = number
        self.commits = commits
        self.staysAway = staysAway
    }

    /// Brings the database back.
    func mend() { state.withLock { $0.isAway = false } }

    func write<Value: Sendable>(_ body: @Sendable (borrowing Transaction) throws -> Value) async throws -> Value {
        let step: Step = state.withLock { state in
            if state.isAway { return .isAway }
            state.writes += 1
            guard state.writes == number else { return .works }
            state.isAway = staysAway
            return .breaks
        }
        switch step {
        case .works: return try await whole.write(body)
        case .isAway: throw DatabaseError(.connection, "The database is away.")
        case .breaks:
            if commits { _ = try await whole.write(body) }
            throw DatabaseError(.commitUnknown, "The connection broke before the answer.")
        }
    }
}
