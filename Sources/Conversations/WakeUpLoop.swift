import CoreTypes
import Persistence

/// Runs a piece of work at each wake-up, and at least once in each poll interval; one run at a time.
///
/// Wake-ups that come in while the work is under way lead to one more run, not to many.
struct WakeUpLoop: Sendable {
    let wakeUps: WakeUps
    let interest: WakeUps.Interest
    let time: any TimeSource
    /// How long to wait for a wake-up before looking anyway, while wake-ups arrive and while they do not.
    var pollInterval: (normal: Duration, broken: Duration) = (.seconds(2), .milliseconds(500))

    /// Runs until the task is cancelled.
    func run(_ work: @Sendable () async -> Void) async {
        let (ticks, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        await withDiscardingTaskGroup { group in
            group.addTask {
                for await _ in wakeUps.subscribe(interest) { continuation.yield() }
            }
            group.addTask {
                while !Task.isCancelled {
                    let interval = wakeUps.pollInterval(normal: pollInterval.normal, whenBroken: pollInterval.broken)
                    try? await time.sleep(for: interval)
                    continuation.yield()
                }
            }
            continuation.yield()
            for await _ in ticks {
                if Task.isCancelled { break }
                await work()
            }
            group.cancelAll()
        }
    }
}
