import Synchronization

/// A promise of what a group commit will have made of one entry.
package final class CommitTicket<Outcome: Sendable>: Sendable {
    private enum State {
        case pending([@Sendable (Result<Outcome, any Error>) -> Void])
        case done(Result<Outcome, any Error>)
    }

    private let state = Mutex(State.pending([]))

    /// Waits for the commit.
    ///
    /// Cancellation does not end the wait: the entry is on its way.
    /// - Throws: why the entry was not committed.
    package func value() async throws -> Outcome {
        try await withCheckedThrowingContinuation { continuation in
            whenResolved { continuation.resume(with: $0) }
        }
    }

    /// Has a closure called once after the commit: at once where it has been, otherwise on the committing thread.
    package func whenResolved(_ body: @escaping @Sendable (Result<Outcome, any Error>) -> Void) {
        let result: Result<Outcome, any Error>? = state.withLock { state in
            switch state {
            case .pending(let waiting):
                state = .pending(waiting + [body])
                return nil
            case .done(let result): return result
            }
        }
        if let result { body(result) }
    }

    /// Tells those who wait; only the first result counts.
    func resolve(_ result: Result<Outcome, any Error>) {
        let waiting = state.withLock { state -> [@Sendable (Result<Outcome, any Error>) -> Void] in
            guard case .pending(let waiting) = state else { return [] }
            state = .done(result)
            return waiting
        }
        for body in waiting { body(result) }
    }
}

extension CommitTicket where Outcome == Void {
    /// Has a closure called once after all commits: with nil, or with why the first of them failed that did.
    package static func whenAllResolved(
        _ tickets: ArraySlice<CommitTicket<Void>>,
        _ body: @escaping @Sendable ((any Error)?) -> Void
    ) {
        guard let first = tickets.first else { return body(nil) }
        first.whenResolved { result in
            switch result {
            case .success: whenAllResolved(tickets.dropFirst(), body)
            case .failure(let error): body(error)
            }
        }
    }
}
