#if os(Linux)
@preconcurrency import Dispatch
#else
import Dispatch
#endif

/// Runs the work of actors, and of tasks that prefer it, on a serial queue of its own: calls that block never hold a
/// thread of the cooperative pool, and what works for one purpose goes on without a change of threads.
package final class DispatchQueueExecutor: SerialExecutor, TaskExecutor {
    let queue: DispatchQueue

    /// Makes a queue; `label` names its thread for debuggers.
    package init(label: String) {
        queue = DispatchQueue(label: label)
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { [self] in
            job.runSynchronously(
                isolatedTo: asUnownedSerialExecutor(),
                taskExecutor: asUnownedTaskExecutor()
            )
        }
    }

    package func checkIsolated() {
        dispatchPrecondition(condition: .onQueue(queue))
    }
}
