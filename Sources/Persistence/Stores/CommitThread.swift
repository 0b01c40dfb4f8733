#if os(Linux)
@preconcurrency import Dispatch
#else
import Dispatch
#endif

/// Runs a writer's task apart from all others.
///
/// While hundreds of tasks wait for one commit, the task that makes the next must not stand in the queue behind them:
/// the database would idle meanwhile.
final class CommitThread: TaskExecutor {
    private let queue = DispatchQueue(label: "aragora.commit")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { [self] in job.runSynchronously(on: asUnownedTaskExecutor()) }
    }
}
