package import CoreTypes
import Synchronization

/// Keeps a line that anybody outside can provoke from filling the log: one line, then a count.
package final class LogThrottle: Sendable {
    private let state = Mutex<(next: Timestamp, suppressed: Int)>((Timestamp(rawValue: 0), 0))
    private let interval: Duration

    /// Starts without any line.
    package init(interval: Duration = .seconds(10)) {
        self.interval = interval
    }

    /// Whether the line may be written now, and how many were left out since the last one; nil where it may not.
    package func admit(at now: Timestamp) -> Int? {
        state.withLock { state in
            guard now >= state.next else {
                state.suppressed += 1
                return nil
            }
            defer { state = (now + interval, 0) }
            return state.suppressed
        }
    }
}
