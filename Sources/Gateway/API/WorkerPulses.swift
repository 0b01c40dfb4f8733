package import CoreTypes
import Synchronization

/// When each worker's loop last went round.
///
/// A worker that is idle goes round all the same; one that does not is stuck or has ended.
package final class WorkerPulses: Sendable {
    /// Several times as long as the slowest idle loop takes.
    private static let limit = Duration.seconds(30)

    private let pulses = Mutex<[String: Timestamp]>([:])
    private let time: any TimeSource

    /// Starts without any worker.
    package init(time: any TimeSource) {
        self.time = time
    }

    /// Expects a worker from now on.
    /// - Returns: what the worker calls each time that its loop goes round.
    package func expect(_ name: String) -> @Sendable () -> Void {
        let beat: @Sendable () -> Void = { [self] in
            let now = time.now()
            pulses.withLock { $0[name] = now }
        }
        beat()
        return beat
    }

    /// The workers that gave no sign for longer than they may.
    package func silent() -> [String] {
        let oldest = time.now() - Self.limit
        return pulses.withLock { $0.filter { $0.value < oldest }.keys.sorted() }
    }
}
