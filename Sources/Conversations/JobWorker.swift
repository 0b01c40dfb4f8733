package import CoreTypes
package import Logging
import Metrics
package import Persistence
import Synchronization

/// Claims jobs, keeps their leases alive while they run, and hands them back on shutdown.
///
/// Whoever loses a lease stops: the job's task is cancelled, and every write that it may still try is refused by its
/// fence.
package final class JobWorker: Sendable {
    /// What a running job is told.
    package enum Signal: Sendable { case cancel }

    /// What is done for one type of job.
    package struct Handler: Sendable {
        /// Runs one job to its end, completion included.
        let run: @Sendable (ClaimedJob, AsyncStream<Signal>) async throws -> Void
        /// Locks what has to be locked before the job, in the transaction that may end it badly.
        let hold: @Sendable (ClaimedJob, borrowing Transaction) throws -> Void
        /// Brings the bad end of a job to those who wait for it, in the transaction that ends it.
        let giveUp: @Sendable (ClaimedJob, String, borrowing Transaction) throws -> Void

        /// Pairs the two ends of a job.
        package init(
            run: @escaping @Sendable (ClaimedJob, AsyncStream<Signal>) async throws -> Void,
            hold: @escaping @Sendable (ClaimedJob, borrowing Transaction) throws -> Void = { _, _ in },
            giveUp: @escaping @Sendable (ClaimedJob, String, borrowing Transaction) throws -> Void
        ) {
            self.run = run
            self.hold = hold
            self.giveUp = giveUp
        }
    }

    /// A job of this process and the two ways to reach it.
    private struct Assignment {
        let job: ClaimedJob
        let signals: AsyncStream<Signal>
        let stops: AsyncStream<Void>
    }

    private struct Held {
        let fence: Int64
        let signals: AsyncStream<Signal>.Continuation
        let stop: AsyncStream<Void>.Continuation
    }

    /// Short enough that the debates of a dead process go on elsewhere within seconds.
    static let lease = Duration.seconds(9)
    static let heartbeat = Duration.seconds(2)

    private let database: any Database
    private let queue = JobQueue()
    private let handlers: [String: Handler]
    private let capacity: Int
    private let workerID: String
    private let time: any TimeSource
    private let jitter: any JitterSource
    private let logger: Logger
    private let pulse: @Sendable () -> Void
    private let held = Mutex<[JobID: Held]>([:])
    /// False while leases cannot be renewed: then nothing is claimed, or this worker would take its own jobs over.
    private let isInTouch = Mutex(true)

    /// Makes a worker.
    /// - Parameters:
    ///   - handlers: what runs each type of job.
    ///   - capacity: how many jobs run at once.
    ///   - workerID: unique among all processes.
    ///   - pulse: called each time that the loop that claims jobs goes round.
    package init(
        database: any Database,
        handlers: [String: Handler],
        capacity: Int,
        workerID: String,
        time: any TimeSource,
        jitter: any JitterSource,
        logger: Logger,
        pulse: @escaping @Sendable () -> Void = {}
    ) {
        self.database = database
        self.handlers = handlers
        self.capacity = capacity
        self.workerID = workerID
        self.time = time
        self.jitter = jitter
        self.logger = logger
        self.pulse = pulse
    }

    /// How many jobs are running now.
    package var running: Int { held.withLock { $0.count } }

    /// Works until the task is cancelled; what runs then is handed back for another process.
    package func run() async {
        await run(only: nil)
    }

    /// Works on one job, for a process that is here for nothing else; nil stands for all.
    package func run(only: JobID?) async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.beat() }
            let (claims, continuation) = AsyncStream.makeStream(of: [Assignment].self)
            group.addTask {
                await WakeUpLoop(
                    wakeUps: self.database.wakeUps,
                    interest: .jobs,
                    time: self.time,
                    pollInterval: (.seconds(1), .milliseconds(500))
                )
                .run {
                    // A full batch means that there may be more.
                    while !Task.isCancelled {
                        self.pulse()
                        let jobs = await self.claim(only)
                        if !jobs.isEmpty { continuation.yield(jobs) }
                        if jobs.count < Self.batch { break }
                    }
                }
                continuation.finish()
            }
            for await jobs in claims {
                for job in jobs { group.addTask { await self.perform(job) } }
            }
        }
    }

    private static let batch = 50

    /// Takes what there is room for; a job counts as running from here on.
    private func claim(_ only: JobID?) async -> [Assignment] {
        let free = min(Self.batch, capacity - running)
        guard free > 0, isInTouch.withLock({ $0 }) else { return [] }
        do {
            let jobs = try await database.write { transaction in
                try queue.claim(
                    types: handlers.keys.sorted(),
                    only: only,
                    workerID: workerID,
                    limit: free,
                    lease: Self.lease,
                    now: time.now(),
                    in: transaction
                )
            }
            database.wakeUps.noteSuccess(of: "jobs", at: time.now(), logger)
            return jobs.map(assign)
        } catch is CancellationError {
            return []
        } catch {
            // Leases may have run out meanwhile: they are renewed before anything new is taken.
            isInTouch.withLock { $0 = running == 0 }
            database.wakeUps.noteFailure(of: "jobs", error, at: time.now(), logger)
            return []
        }
    }

    private func assign(_ job: ClaimedJob) -> Assignment {
        let (signals, signal) = AsyncStream.makeStream(of: Signal.self, bufferingPolicy: .bufferingNewest(4))
        let (stops, stop) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        // A process that stood still for longer than a lease takes its own job over: the earlier run has lost it.
        let earlier = held.withLock {
            $0.updateValue(Held(fence: job.fence, signals: signal, stop: stop), forKey: job.id)
        }
        earlier?.stop.yield()
        if job.isCancelRequested { signal.yield(.cancel) }
        return Assignment(job: job, signals: signals, stops: stops)
    }

    private func perform(_ assignment: Assignment) async {
        let job = assignment.job
        let outcome = await withTaskGroup(of: Result<Void, any Error>?.self) { group in
            group.addTask {
                guard let handler = self.handlers[job.type] else { return .success(()) }
                do {
                    guard !job.isExhausted else {
                        throw ConversationError(.conflict, "It was tried \(job.attempts) times without success.")
                    }
                    return .success(try await handler.run(job, assignment.signals))
                } catch {
                    return .failure(error)
                }
            }
            group.addTask {
                // The lease was lost: stop at once.
                for await _ in assignment.stops { return .failure(DatabaseError(.leaseLost, "The lease was lost.")) }
                return nil
            }
            var outcome: Result<Void, any Error> = .success(())
            for await finished in group {
                guard let finished else { continue }
                outcome = finished
                break
            }
            group.cancelAll()
            return outcome
        }
        let entry = held.withLock { held in
            held[job.id]?.fence == job.fence ? held.removeValue(forKey: job.id) : nil
        }
        entry?.signals.finish()
        entry?.stop.finish()
        await settle(job, outcome)
        // There is room for another job.
        database.wakeUps.publish(.jobs)
    }

    private func settle(_ job: ClaimedJob, _ outcome: Result<Void, any Error>) async {
        guard case .failure(let error) = outcome else { return }
        if let error = error as? DatabaseError, error.reason == .leaseLost {
            logger.info("Another process took a job over.", metadata: ["job": "\(job.id)"])
            return
        }
        // Where nobody knows whether the last write was made, the next run reads what there is and goes on from it.
        let isUnclear = (error as? DatabaseError)?.reason == .commitUnknown
        let isHandBack = error is CancellationError || Task.isCancelled || isUnclear
        let isRetryable = (error as? any CodedError)?.isRetryable ?? false
        let description = (error as? any CodedError)?.description ?? "Unexpected error."
        if !isHandBack {
            Counter(label: "aragora_job_failures_total", dimensions: [("type", job.type)]).increment()
            logger.error(
                "A job failed.",
                metadata: ["job": "\(job.id)", "type": "\(job.type)", "error": "\(description)"]
            )
        }
        let delay = Duration.milliseconds(Int64(1000 * (1 + jitter.next()) * Double(1 << min(job.attempts, 6))))
        let claim = JobClaim(id: job.id, fence: job.fence)
        let handler = handlers[job.type]
        // Unstructured and awaited at once: the hand-back has to survive the cancellation that caused it.
        let handBack = Task {
            try await database.write { transaction in
                let now = time.now()
                if isHandBack {
                    try queue.release(claim, runAt: now, now: now, in: transaction)
                } else {
                    try handler?.hold(job, transaction)
                    let failure = try queue.fail(
                        claim,
                        error: description,
                        retryAt: isRetryable ? now + delay : nil,
                        now: now,
                        in: transaction
                    )
                    if failure == .failed { try handler?.giveUp(job, description, transaction) }
                }
            }
            await database.notify(.jobs)
            await database.notify(.outbox)
        }
        do {
            try await handBack.value
        } catch {
            logger.notice("A job could not be handed back; its lease will run out.", metadata: ["job": "\(job.id)"])
        }
    }

    /// Renews the leases, tells jobs that somebody wants them stopped, and stops those whose lease is gone.
    private func beat() async {
        while !Task.isCancelled {
            try? await time.sleep(for: Self.heartbeat)
            let claims = held.withLock { $0.map { JobClaim(id: $0.key, fence: $0.value.fence) } }
            guard !claims.isEmpty, !Task.isCancelled else {
                isInTouch.withLock { $0 = true }
                database.wakeUps.noteSuccess(of: "leases", at: time.now(), logger)
                continue
            }
            do {
                let kept = try await database.write { transaction in
                    try queue.heartbeat(
                        workerID: workerID,
                        jobs: claims,
                        lease: Self.lease,
                        now: time.now(),
                        in: transaction
                    )
                }
                isInTouch.withLock { $0 = true }
                database.wakeUps.noteSuccess(of: "leases", at: time.now(), logger)
                let alive = Dictionary(kept.map { ($0.id, $0.isCancelRequested) }, uniquingKeysWith: { $0 || $1 })
                held.withLock { held in
                    for claim in claims where held[claim.id]?.fence == claim.fence {
                        guard let cancelRequested = alive[claim.id] else {
                            held[claim.id]?.stop.yield()
                            continue
                        }
                        if cancelRequested { held[claim.id]?.signals.yield(.cancel) }
                    }
                }
            } catch is CancellationError {
                return
            } catch {
                // The database is away: the jobs go on, and their writes are fenced.
                isInTouch.withLock { $0 = false }
                database.wakeUps.noteFailure(of: "leases", error, at: time.now(), logger)
            }
        }
    }
}
