import CoreTypes
import Synchronization

/// Gathers entries that arrive while a commit is under way into the next one; a lone entry is not delayed.
final class GroupCommit<Queue: CommitQueue>: Sendable {
    private struct State {
        var queue: Queue
        var parked: CheckedContinuation<Void, Never>?
        var isClosed = false
        /// When a commit last had as many entries as a crowd.
        var crowdedAt: Timestamp?
    }

    /// So many entries in one commit are a crowd.
    private static var crowd: Int { 8 }
    /// How long the memory of a crowd lasts.
    private static var memory: Duration { .milliseconds(100) }
    private let state: Mutex<State>
    private let gathering: Duration?
    private let time: any TimeSource
    /// Where the commits are made, apart from all else: while hundreds of tasks wait for one commit, the task that makes
    /// the next must not stand in the queue behind them, or the database would idle meanwhile.
    let executor = DispatchQueueExecutor(label: "aragora.commit")

    /// Starts with an empty queue.
    /// - Parameter gathering: how long the first few of a crowd wait for the others; nil for not at all. Where those
    ///   that a commit has answered come again together, their first would otherwise get a commit of their own, for
    ///   which all others would have to wait.
    init(_ queue: Queue, gathering: Duration? = nil, time: any TimeSource) {
        state = Mutex(State(queue: queue))
        self.gathering = gathering
        self.time = time
    }

    /// Whether many write at once.
    var isCrowded: Bool {
        guard let crowdedAt = state.withLock({ $0.crowdedAt }) else { return false }
        return time.now() - crowdedAt < Self.memory
    }

    /// Puts an entry into the queue; one that comes before `run` waits for it.
    /// - Throws: `DatabaseError`: `full`, or `closed` after `run` has ended.
    func submit(_ entry: Queue.Entry) throws -> CommitTicket<Queue.Outcome> {
        let (ticket, parked) = try state.withLock { state in
            if state.isClosed { throw DatabaseError(.closed, "Nothing is written any more: the process is stopping.") }
            let ticket = try state.queue.add(entry)
            let parked = state.parked
            state.parked = nil
            return (ticket, parked)
        }
        parked?.resume()
        return ticket
    }

    /// Commits until the task is cancelled; then what is waiting is committed as well, and the queue is closed.
    /// - Parameter commit: commits a group and gives one result for each entry, in the group's order.
    func run(commit: ([Queue.Entry]) async -> [Result<Queue.Outcome, any Error>]) async {
        state.withLock { $0.isClosed = false }
        await withTaskExecutorPreference(executor) {
            await commitUntilCancelled(commit)
        }
    }

    private func commitUntilCancelled(
        _ commit: ([Queue.Entry]) async -> [Result<Queue.Outcome, any Error>]
    ) async {
        while true {
            if state.withLock({ $0.queue.isEmpty }), await parkOrClose() { return }
            if let gathering, isCrowded, state.withLock({ $0.queue.count }) < Self.crowd * 2 {
                try? await time.sleep(for: gathering)
            }
            let group = state.withLock { $0.queue.take() }
            guard !group.isEmpty else { continue }
            if group.count >= Self.crowd {
                let now = time.now()
                state.withLock { $0.crowdedAt = now }
            }
            let results = await commit(group.map(\.entry))
            for (waiting, result) in zip(group, results) { waiting.ticket.resolve(result) }
        }
    }

    /// Waits for an entry.
    /// - Returns: true where there is none and the task was cancelled; the queue is closed then.
    private func parkOrClose() async -> Bool {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isDue = state.withLock { state in
                    if Task.isCancelled || !state.queue.isEmpty { return true }
                    state.parked = continuation
                    return false
                }
                if isDue { continuation.resume() }
            }
        } onCancel: {
            let parked = state.withLock { state in
                let parked = state.parked
                state.parked = nil
                return parked
            }
            parked?.resume()
        }
        return state.withLock { state in
            if Task.isCancelled, state.queue.isEmpty { state.isClosed = true }
            return state.isClosed
        }
    }
}
