import Synchronization

/// Gathers entries that arrive while a commit is under way into the next one; a lone entry is not delayed.
final class GroupCommit<Entry: Sendable, Outcome: Sendable>: Sendable {
    private struct Waiting {
        let entry: Entry
        let ticket: CommitTicket<Outcome>
        let weight: Int
    }

    private struct State {
        var queue: [Waiting] = []
        var parked: CheckedContinuation<Void, Never>?
        var isClosed = false
        /// How many entries the commit has that is under way; 0 where nothing is written.
        var underWay = 0
    }

    private let capacity: Int
    private let maximumEntries: Int
    private let maximumWeight: Int
    private let state = Mutex(State())

    /// Makes an empty queue.
    /// - Parameters:
    ///   - capacity: the most entries that may wait.
    ///   - maximumEntries: the most entries of one commit.
    ///   - maximumWeight: the most bytes of one commit; an entry that is heavier goes alone.
    init(capacity: Int, maximumEntries: Int, maximumWeight: Int) {
        self.capacity = capacity
        self.maximumEntries = max(1, maximumEntries)
        self.maximumWeight = maximumWeight
    }

    /// How many entries the commit has that is under way: many where many write at once, 0 where nobody does.
    var underWay: Int { state.withLock { $0.underWay } }

    /// Puts an entry into the queue; one that comes before `run` waits for it.
    /// - Throws: `DatabaseError`: `full`, or `closed` after `run` has ended.
    func submit(_ entry: Entry, weight: Int) throws -> CommitTicket<Outcome> {
        let ticket = CommitTicket<Outcome>()
        let parked = try state.withLock { state in
            if state.isClosed { throw DatabaseError(.closed, "Nothing is written any more: the process is stopping.") }
            guard state.queue.count < capacity else {
                throw DatabaseError(.full, "Too many writes are waiting for the database.")
            }
            state.queue.append(Waiting(entry: entry, ticket: ticket, weight: weight))
            let parked = state.parked
            state.parked = nil
            return parked
        }
        parked?.resume()
        return ticket
    }

    /// Commits until the task is cancelled; then what is waiting is committed as well, and the queue is closed.
    /// - Parameter commit: commits a group and gives one result for each entry, in the group's order.
    func run(commit: ([Entry]) async -> [Result<Outcome, any Error>]) async {
        state.withLock { $0.isClosed = false }
        while true {
            let group = take()
            if group.isEmpty {
                if await parkOrClose() { return }
                continue
            }
            let results = await commit(group.map(\.entry))
            for (waiting, result) in zip(group, results) { waiting.ticket.resolve(result) }
        }
    }

    private func take() -> [Waiting] {
        state.withLock { state in
            var end = 0
            var weight = 0
            while end < state.queue.count, end < maximumEntries {
                weight += state.queue[end].weight
                if weight > maximumWeight, end > 0 { break }
                end += 1
            }
            state.underWay = end
            if end == state.queue.count {
                let group = state.queue
                state.queue = []
                return group
            }
            // A copy, because a slice would make the next append copy the whole queue.
            let group = Array(state.queue[..<end])
            state.queue.removeFirst(end)
            return group
        }
    }

    /// Waits for an entry.
    /// - Returns: true where there is none and the task was cancelled; the queue is closed then.
    private func parkOrClose() async -> Bool {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isDue = state.withLock { state in
                    if Task.isCancelled || state.queue.count > 0 { return true }
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
            if Task.isCancelled, state.queue.count == 0 { state.isClosed = true }
            return state.isClosed
        }
    }
}
