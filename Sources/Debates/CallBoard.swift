import Synchronization

/// Where the calls of one phase, their outcomes and what interrupts them meet.
///
/// Workers take calls and leave outcomes; the run waits for news. There is no queue between them but this, and no
/// waiting where an outcome is already there.
final class CallBoard: Sendable {
    /// What came since the last look.
    struct News: Sendable {
        var completions: [AgentCallCompletion] = []
        var isTimeUp = false
        /// Who asked for the debate's end.
        var cancelledBy: String?

        var isEmpty: Bool { completions.isEmpty && !isTimeUp && cancelledBy == nil }
    }

    private struct State {
        var calls: [AgentCallDescription] = []
        var nextCall = 0
        var news = News()
        var waiter: CheckedContinuation<Void, Never>?
        var isStopped = false
    }

    private let state = Mutex(State())

    /// Puts up the calls of a phase; whatever is left of the one before is dropped.
    func put(up calls: [AgentCallDescription]) {
        state.withLock { state in
            state.calls = calls
            state.nextCall = 0
            state.news.completions.removeAll(keepingCapacity: true)
            state.news.completions.reserveCapacity(calls.count)
            state.news.isTimeUp = false
        }
    }

    /// Whether a call waits for a worker.
    var hasCalls: Bool { state.withLock { $0.nextCall < $0.calls.count } }

    /// Gives the next call to a worker, or nil where none is left.
    func takeCall() -> AgentCallDescription? {
        state.withLock { state in
            guard state.nextCall < state.calls.count else { return nil }
            defer { state.nextCall += 1 }
            return state.calls[state.nextCall]
        }
    }

    /// Takes down the calls that no worker took; nobody makes them any more.
    func takeDown() -> Set<AgentCallID> {
        state.withLock { state in
            defer { state.nextCall = state.calls.count }
            return Set(state.calls[state.nextCall...].map(\.id))
        }
    }

    /// Leaves an outcome, and in the same step takes the next call.
    func finish(_ completion: AgentCallCompletion) -> AgentCallDescription? {
        let (next, waiter) = state.withLock { state in
            state.news.completions.append(completion)
            var next: AgentCallDescription?
            if state.nextCall < state.calls.count {
                next = state.calls[state.nextCall]
                state.nextCall += 1
            }
            return (next, state.waiter.take())
        }
        waiter?.resume()
        return next
    }

    /// The time of the phase is over.
    func announceTimeIsUp() {
        interrupt { $0.isTimeUp = true }
    }

    /// Somebody asks for the debate's end.
    func announceCancel(by person: String) {
        interrupt { $0.cancelledBy = $0.cancelledBy ?? person }
    }

    /// Who asked for the debate's end, if anybody did.
    var cancelledBy: String? { state.withLock { $0.news.cancelledBy } }

    /// What came since the last look; the request to end stays.
    func takeNews() -> News {
        state.withLock { state in
            defer {
                state.news.completions = []
                state.news.isTimeUp = false
            }
            return state.news
        }
    }

    /// Returns once there is news, or the task is cancelled.
    func waitForNews() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isReady = state.withLock { state in
                    guard state.news.isEmpty, !state.isStopped else { return true }
                    state.waiter = continuation
                    return false
                }
                if isReady { continuation.resume() }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                state.isStopped = true
                return state.waiter.take()
            }
            waiter?.resume()
        }
    }

    private func interrupt(_ change: (inout News) -> Void) {
        let waiter = state.withLock { state in
            change(&state.news)
            return state.waiter.take()
        }
        waiter?.resume()
    }
}
