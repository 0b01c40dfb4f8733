package import CoreTypes
package import Logging
import Synchronization

/// Tells the parts of this process what has changed in the database.
///
/// A wake-up is a hint to look, never the news itself: streams keep only the newest few, and whoever waits on one
/// polls as well.
package final class WakeUps: Sendable {
    /// What a subscriber wants to hear of.
    package enum Interest: Hashable, Sendable {
        case inbox, outbox, jobs
        /// One debate.
        case debate(DebateID)
        /// Every debate.
        case debates
    }

    private struct State {
        var subscribers: [Interest: [Int: AsyncStream<WakeUp>.Continuation]] = [:]
        var nextSubscriber = 0
        var isPolling: Bool
    }

    private let state: Mutex<State>
    private let outage = DatabaseOutage()

    /// Makes a hub without subscribers.
    /// - Parameter isPolling: whether wake-ups of other processes are known not to arrive, or not yet known to.
    package init(isPolling: Bool = false) {
        state = Mutex(State(isPolling: isPolling))
    }

    /// The wake-ups of these interests from now on; the stream ends with the subscriber's task.
    package func subscribe(_ interests: Interest...) -> AsyncStream<WakeUp> {
        let (stream, continuation) = AsyncStream.makeStream(of: WakeUp.self, bufferingPolicy: .bufferingNewest(16))
        let interests = Set(interests)
        let subscriber = state.withLock { state in
            state.nextSubscriber += 1
            for interest in interests { state.subscribers[interest, default: [:]][state.nextSubscriber] = continuation }
            return state.nextSubscriber
        }
        continuation.onTermination = { [weak self] _ in self?.unsubscribe(subscriber, interests) }
        return stream
    }

    /// Tells the subscribers in this process.
    package func publish(_ wakeUp: WakeUp) {
        let subscribers = state.withLock { state in
            wakeUp.interests.flatMap { state.subscribers[$0].map { Array($0.values) } ?? [] }
        }
        // Without the lock: a task that is being cancelled holds what resuming it needs while it waits to unsubscribe.
        for continuation in subscribers { continuation.yield(wakeUp) }
    }

    /// Tells subscribers to look, because wake-ups may have been lost; those who hear of every debate poll.
    package func publishResync() {
        let interests = state.withLock { Array($0.subscribers.keys) }
        for interest in interests { if let wakeUp = interest.wakeUp { publish(wakeUp) } }
    }

    /// Whether the wake-ups of other processes do not arrive, so that polling has to be fast.
    package var isPolling: Bool { state.withLock { $0.isPolling } }

    /// Notes whether the wake-ups of other processes arrive.
    func notePolling(_ isPolling: Bool) {
        state.withLock { $0.isPolling = isPolling }
    }

    /// How long to wait for a wake-up before looking anyway; longer while the database is away.
    /// - Parameters:
    ///   - normal: while wake-ups arrive.
    ///   - broken: while those of other processes do not.
    package func pollInterval(normal: Duration, whenBroken broken: Duration) -> Duration {
        max(isPolling ? broken : normal, outage.pause)
    }

    /// Notes that a loop could not do its work, which it tries again, and tells the log what it does not know yet.
    /// - Parameter work: names the loop among all of this process.
    package func noteFailure(of work: String, _ error: any Error, at now: Timestamp, _ logger: Logger) {
        outage.failed(work, error, at: now, logger)
    }

    /// Notes that a loop could do its work; the first one that can after an outage wakes the others.
    package func noteSuccess(of work: String, at now: Timestamp, _ logger: Logger) {
        if outage.worked(work, at: now, logger) { publishResync() }
    }

    private func unsubscribe(_ subscriber: Int, _ interests: Set<Interest>) {
        state.withLock { state in
            for interest in interests {
                state.subscribers[interest]?[subscriber] = nil
                if state.subscribers[interest]?.isEmpty == true { state.subscribers[interest] = nil }
            }
        }
    }
}

extension WakeUp {
    /// Who hears of it.
    fileprivate var interests: [WakeUps.Interest] {
        switch self {
        case .inbox: [.inbox]
        case .outbox: [.outbox]
        case .jobs: [.jobs]
        case .debate(let debate): [.debate(debate), .debates]
        }
    }
}

extension WakeUps.Interest {
    fileprivate var wakeUp: WakeUp? {
        switch self {
        case .inbox: .inbox
        case .outbox: .outbox
        case .jobs: .jobs
        case .debate(let debate): .debate(debate)
        case .debates: nil
        }
    }
}
