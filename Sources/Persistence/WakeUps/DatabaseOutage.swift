import CoreTypes
import Logging
import Synchronization

/// What the loops of this process know together of a database that is away.
///
/// The log is told when it goes, once a minute after that, and when it is back: not by each loop at each attempt.
final class DatabaseOutage: Sendable {
    private struct State {
        /// The loops whose latest attempt failed.
        var failing: Set<String> = []
        /// Whether one of them has got through since.
        var isRecovering = false
        var began = Timestamp(milliseconds: 0)
        var latest = Timestamp(milliseconds: 0)
        var nextLine = Timestamp(milliseconds: 0)
        var suppressed = 0
    }

    /// What a loop that got through has to know.
    private struct Recovery {
        /// Whether it is the first one.
        var isFirst = false
        /// How long the database was away, where nobody misses it any more.
        var length: Duration?
    }

    private static let lineInterval = Duration.seconds(60)
    private static let longestPause = Duration.seconds(5)

    private let state = Mutex(State())

    /// How long to wait at least before the next attempt: the longer, the longer the database is away.
    var pause: Duration {
        state.withLock { state in
            guard !state.failing.isEmpty, state.latest > state.began else { return .zero }
            return min(Self.longestPause, (state.latest - state.began) / 4)
        }
    }

    /// Notes that a loop could do nothing, and tells the log what it does not know yet.
    func failed(_ work: String, _ error: any Error, at now: Timestamp, _ logger: Logger) {
        let reason = (error as? any CodedError)?.description ?? String(reflecting: type(of: error))
        guard (error as? DatabaseError)?.isOutage == true else {
            logger.error(
                "Work on the database failed; trying again.",
                metadata: ["work": "\(work)", "reason": "\(reason)"]
            )
            return
        }
        let line = state.withLock { state -> (length: Duration, suppressed: Int)? in
            if state.failing.isEmpty { state = State(began: now) }
            state.failing.insert(work)
            state.latest = now
            state.isRecovering = false
            guard now >= state.nextLine else {
                state.suppressed += 1
                return nil
            }
            let suppressed = state.suppressed
            state.nextLine = now + Self.lineInterval
            state.suppressed = 0
            return (now - state.began, suppressed)
        }
        guard let line else { return }
        logger.error(
            "The database cannot be used; trying again.",
            metadata: [
                "reason": "\(reason)", "work": "\(work)", "seconds": "\(line.length.components.seconds)",
                "suppressed": "\(line.suppressed)",
            ]
        )
    }

    /// Notes that a loop could do its work.
    /// - Returns: whether it is the first one that can since the database was away.
    func worked(_ work: String, at now: Timestamp, _ logger: Logger) -> Bool {
        let recovery = state.withLock { state -> Recovery in
            guard state.failing.remove(work) != nil else { return Recovery() }
            let isFirst = !state.isRecovering
            state.isRecovering = true
            return Recovery(isFirst: isFirst, length: state.failing.isEmpty ? now - state.began : nil)
        }
        if let length = recovery.length {
            logger.notice(
                "The database can be used again.",
                metadata: ["seconds": "\(length.components.seconds)"]
            )
        }
        return recovery.isFirst
    }
}

extension DatabaseError {
    /// Whether nobody can use the database, or nobody can write: not a fault of one statement.
    fileprivate var isOutage: Bool {
        switch reason {
        case .connection, .timeout, .locked, .full, .commitUnknown, .other: true
        default: false
        }
    }
}
