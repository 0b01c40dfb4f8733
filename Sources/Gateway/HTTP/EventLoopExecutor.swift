import NIOCore

/// Runs the tasks of connections on the thread that serves their sockets.
///
/// A request that is acknowledged costs less than handing it to another thread and back would. What takes longer than
/// an acknowledgement leaves for the global executor, so that it holds nobody up.
final class EventLoopExecutor: TaskExecutor {
    private let eventLoop: any EventLoop

    init(_ eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        eventLoop.execute { [self] in job.runSynchronously(on: asUnownedTaskExecutor()) }
    }
}
