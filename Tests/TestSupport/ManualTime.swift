package import CoreTypes
import Synchronization

/// A clock that stands still until a test moves it.
package final class ManualTime: TimeSource {
    private struct Sleeper {
        let ticket: Int
        let deadline: Timestamp
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var now: Timestamp
        var nextTicket = 0
        var sleepers: [Sleeper] = []
        var cancelled: Set<Int> = []
        var sleeps: [Duration] = []
        var watchers: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let state: Mutex<State>
    private let isAutomatic: Bool

    /// Makes a clock.
    /// - Parameter isAutomatic: Whether a sleep moves the clock by itself and returns at once.
    package init(now: Timestamp = Timestamp(milliseconds: 1_750_000_000_000), isAutomatic: Bool = false) {
        state = Mutex(State(now: now))
        self.isAutomatic = isAutomatic
    }

    package func now() -> Timestamp { state.withLock { $0.now } }

    /// The durations of all sleeps that were begun, in their order.
    package var sleeps: [Duration] { state.withLock { $0.sleeps } }

    /// How many sleepers wait for the clock to move.
    package var sleeperCount: Int { state.withLock { $0.sleepers.count } }

    /// Moves the clock and wakes those whose time has come, the earliest first.
    package func advance(by duration: Duration) {
        let awake = state.withLock { state in
            state.now = state.now + duration
            let now = state.now
            let due = state.sleepers.filter { $0.deadline <= now }
            state.sleepers.removeAll { $0.deadline <= now }
            return due.sorted { ($0.deadline, $0.ticket) < ($1.deadline, $1.ticket) }
        }
        for sleeper in awake { sleeper.continuation.resume() }
    }

    /// Returns once at least so many sleepers wait.
    package func waitForSleepers(_ count: Int = 1) async {
        await withCheckedContinuation { continuation in
            let isThere = state.withLock { state in
                if state.sleepers.count >= count { return true }
                state.watchers.append((count, continuation))
                return false
            }
            if isThere { continuation.resume() }
        }
    }

    package func sleep(for duration: Duration) async throws {
        try Task.checkCancellation()
        if isAutomatic {
            state.withLock { state in
                state.sleeps.append(duration)
                state.now = state.now + max(.zero, duration)
            }
            await Task.yield()
            return
        }
        let ticket = state.withLock { state in
            state.nextTicket += 1
            state.sleeps.append(duration)
            return state.nextTicket
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                enlist(ticket, duration, continuation)
            }
        } onCancel: {
            let sleeper = state.withLock { state in
                guard let position = state.sleepers.firstIndex(where: { $0.ticket == ticket }) else {
                    state.cancelled.insert(ticket)
                    return nil as Sleeper?
                }
                return state.sleepers.remove(at: position)
            }
            sleeper?.continuation.resume(throwing: CancellationError())
        }
    }

    private func enlist(_ ticket: Int, _ duration: Duration, _ continuation: CheckedContinuation<Void, any Error>) {
        var watchers: [CheckedContinuation<Void, Never>] = []
        let result: Result<Void, any Error>? = state.withLock { state in
            if state.cancelled.remove(ticket) != nil { return .failure(CancellationError()) }
            if duration <= .zero { return .success(()) }
            state.sleepers.append(
                Sleeper(ticket: ticket, deadline: state.now + duration, continuation: continuation)
            )
            let count = state.sleepers.count
            watchers = state.watchers.filter { $0.count <= count }.map(\.continuation)
            state.watchers.removeAll { $0.count <= count }
            return nil
        }
        if let result { continuation.resume(with: result) }
        for watcher in watchers { watcher.resume() }
    }
}

/// Ids in the order of their making: 26 characters, the first one `00000000000000000000000001`.
package final class SequentialIdentifiers: IdentifierSource {
    private let counter = Mutex(0)

    /// Starts at 1.
    package init() {}

    package func next() -> String {
        let number = counter.withLock { counter in
            counter += 1
            return counter
        }
        let digits = String(number)
        return String(repeating: "0", count: max(0, 26 - digits.count)) + digits
    }
}

/// Jitter that is always the same; 0.5 leaves pauses as they are.
package struct FixedJitter: JitterSource {
    private let value: Double

    /// Makes a jitter source of one number from 0 up to 1.
    package init(_ value: Double = 0.5) {
        self.value = value
    }

    package func next() -> Double { value }
}
