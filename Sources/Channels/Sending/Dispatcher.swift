package import CoreTypes
package import Logging
package import Persistence
import Synchronization

/// Sends what is in the outbox; the only one who speaks to the chat platforms.
///
/// Any number of dispatchers in any number of processes may work on one database: rows are claimed with a lease that a
/// heartbeat renews, and every write behind a claim is fenced. One destination's rows are sent one after the other.
///
/// `run()` ends after `drain()`: parts that are on their way are finished, everything else is handed back.
package final class Dispatcher: Sendable {
    /// How a dispatcher works.
    package struct Configuration: Sendable {
        /// Rows that are sent at the same time.
        package var concurrency = 16
        /// How long a row is ours without a sign of life.
        package var lease = Duration.seconds(10)
        /// The longest time without a look at the outbox while wake-ups arrive.
        package var pollInterval = Duration.seconds(5)
        /// The same while the wake-ups of other processes do not arrive.
        package var pollIntervalWhenBroken = Duration.milliseconds(500)
        /// How long sent rows are kept: as long as their messages can be changed and their keys may come again.
        package var retention = Duration.seconds(90 * 24 * 3600)
        package var policy = OutcomePolicy()

        /// The product's configuration.
        package init() {}
    }

    private let context: DispatchContext
    private let configuration: Configuration
    private let owner: String
    private let pulse: @Sendable () -> Void
    private let signal = Signal()
    private let running = Mutex(0)

    /// Makes a dispatcher.
    /// - Parameters:
    ///   - adapters: the platforms that are mounted; rows of others wait.
    ///   - owner: names this dispatcher among all, such as a fresh id.
    ///   - pulse: called each time that the loop goes round.
    package init(
        database: any Database,
        adapters: [any ChannelAdapter],
        owner: String,
        hooks: DeliveryHooks = DeliveryHooks(),
        configuration: Configuration = Configuration(),
        time: any TimeSource = SystemTime(),
        jitter: any JitterSource = RandomJitter(),
        logger: Logger = Logger(label: "aragora.dispatcher"),
        pulse: @escaping @Sendable () -> Void = {}
    ) {
        context = DispatchContext(
            database: database,
            adapters: adapters,
            hooks: hooks,
            policy: configuration.policy,
            time: time,
            jitter: jitter,
            logger: logger
        )
        self.configuration = configuration
        self.owner = owner
        self.pulse = pulse
    }

    /// Sends until `drain()` is called or the task is cancelled.
    package func run() async {
        async let _: Void = listen()
        await withDiscardingTaskGroup { group in
            var housekeeping = Housekeeping(now: context.time.now())
            while !isDraining, !Task.isCancelled {
                pulse()
                let free = configuration.concurrency - running.withLock { $0 }
                let (claimed, nextDue) = free > 0 ? await claimOrWait(limit: free) : ([], nil)
                for row in claimed {
                    running.withLock { $0 += 1 }
                    group.addTask {
                        await self.deliver(row)
                        self.running.withLock { $0 -= 1 }
                        self.signal.raise()
                    }
                }
                await housekeeping.work(context, retention: configuration.retention)
                if free == 0 || claimed.count < free { await wait(until: nextDue) }
            }
        }
    }

    /// Ends `run()`: nothing new is begun, what is on its way is finished, the rest is handed back.
    package func drain() {
        context.pace.withLock { $0.isDraining = true }
        signal.raise()
    }

    /// Tells that a workspace has new credentials: what waits for them is sent at once.
    /// - Throws: `DatabaseError`.
    package func credentialsChanged(workspace: WorkspaceID) async throws {
        context.pace.withLock { $0.limiter.credentialsChanged(workspace: workspace) }
        let (store, now) = (context.store, context.time.now())
        _ = try await context.database.write { transaction in
            try store.wake(workspace: workspace, now: now, in: transaction)
        }
        await context.database.notify(.outbox)
        signal.raise()
    }

    /// Sends what is due now and returns when all of it has got as far as it can.
    /// - Returns: how many rows were taken up.
    /// - Throws: `DatabaseError`.
    package func sendDue() async throws -> Int {
        let (claimed, _) = try await claim(limit: configuration.concurrency)
        await withDiscardingTaskGroup { group in
            for row in claimed { group.addTask { await self.deliver(row) } }
        }
        return claimed.count
    }

    private var isDraining: Bool { context.pace.withLock { $0.isDraining } }

    private func listen() async {
        for await _ in context.database.wakeUps.subscribe(.outbox) { signal.raise() }
    }

    private func wait(until due: Timestamp?) async {
        var longest = context.database.wakeUps.pollInterval(
            normal: configuration.pollInterval,
            whenBroken: configuration.pollIntervalWhenBroken
        )
        if let due { longest = min(longest, max(due - context.time.now(), .milliseconds(1))) }
        await signal.wait(atMost: longest, time: context.time)
    }

    private func claimOrWait(limit: Int) async -> (rows: [ClaimedOutboxRow], nextDue: Timestamp?) {
        let wakeUps = context.database.wakeUps
        do {
            let found = try await claim(limit: limit)
            wakeUps.noteSuccess(of: "outbox", at: context.time.now(), context.logger)
            return found
        } catch is CancellationError {
            return ([], nil)
        } catch {
            wakeUps.noteFailure(of: "outbox", error, at: context.time.now(), context.logger)
            return ([], nil)
        }
    }

    private func claim(limit: Int) async throws -> (rows: [ClaimedOutboxRow], nextDue: Timestamp?) {
        let (store, owner, lease, now) = (context.store, owner, configuration.lease, context.time.now())
        return try await context.database.write { transaction in
            let rows = try store.claim(owner: owner, limit: limit, lease: lease, now: now, in: transaction)
            let nextDue = rows.count < limit ? try store.nextDue(after: now, in: transaction) : nil
            return (rows, nextDue)
        }
    }

    /// Delivers a row while a heartbeat keeps it ours.
    private func deliver(_ row: ClaimedOutboxRow) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.deliverUnwatched(row) }
            group.addTask { await self.keepAlive(row.claim) }
            await group.next()
            group.cancelAll()
        }
    }

    private func deliverUnwatched(_ row: ClaimedOutboxRow) async {
        do {
            try await Delivery.run(row, context)
        } catch {
            let code = (error as? any CodedError)?.code ?? "other"
            guard !(error is CancellationError) else { return }
            context.logger.error(
                "A delivery was broken off; it is taken up again when its lease is over.",
                metadata: ["key": "\(row.claim.key)", "code": "\(code)"]
            )
        }
    }

    /// Renews the lease; returns when it is lost or the task is cancelled.
    private func keepAlive(_ claim: OutboxClaim) async {
        let (store, lease) = (context.store, configuration.lease)
        while true {
            do {
                try await context.time.sleep(for: lease / 3)
                let now = context.time.now()
                try await context.database.write { transaction in
                    try store.heartbeat(claim, lease: lease, now: now, in: transaction)
                }
            } catch let error as DatabaseError where error.reason != .leaseLost {
                continue
            } catch {
                return
            }
        }
    }
}
