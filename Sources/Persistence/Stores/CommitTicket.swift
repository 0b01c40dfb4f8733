import Synchronization

/// A promise of what a group commit will have made of one entry.
package final class CommitTicket<Outcome: Sendable>: Sendable {
    private enum State {
        case pending([CheckedContinuation<Outcome, any Error>])
        case done(Result<Outcome, any Error>)
    }

    private let state = Mutex(State.pending([]))

    /// Waits for the commit.
    ///
    /// Cancellation does not end the wait: the entry is on its way.
    /// - Throws: why the entry was not committed.
    package func value() async throws -> Outcome {
        try await withCheckedThrowingContinuation { continuation in
            let result: Result<Outcome, any Error>? = state.withLock { state in
                switch state {
                case .pending(let waiting):
                    state = .pending(waiting + [continuation])
                    return nil
                case .done(let result): return result
                }
            }
            if let result { continuation.resume(with: result) }
        }
    }

    /// Tells those who wait; only the first result counts.
    func resolve(_ result: Result<Outcome, any Error>) {
        let waiting = state.withLock { state -> [CheckedContinuation<Outcome, any Error>] in
            guard case .pending(let waiting) = state else { return [] }
            state = .done(result)
            return waiting
        }
        for continuation in waiting { continuation.resume(with: result) }
    }
}
