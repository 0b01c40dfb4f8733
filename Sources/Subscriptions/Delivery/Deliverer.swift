import Channels
package import CoreTypes
package import Logging
import Metrics
package import Persistence
import Synchronization
package import Transport

/// Delivers to subscribers; the only one who speaks to their endpoints.
///
/// Any number of processes may work on one database. An endpoint belongs to one of them at a time, by a lease that a
/// heartbeat renews; so its rate, its concurrency and its order are kept in one place, and an endpoint that is dead or
/// slow holds up nobody but itself. What a process leaves behind is delivered by the next one, under the same ids.
///
/// `run()` ends after `drain()`: requests that are open are finished, everything else is handed back.
package final class Deliverer: Sendable {
    /// How a deliverer works.
    package struct Configuration: Sendable {
        /// Endpoints that are delivered to at the same time.
        package var endpoints = 2000
        /// How long an endpoint is ours without a sign of life.
        package var lease = Duration.seconds(10)
        /// The longest time without a look while wake-ups arrive.
        package var pollInterval = Duration.seconds(2)
        /// The same while the wake-ups of other processes do not arrive.
        package var pollIntervalWhenBroken = Duration.milliseconds(500)

        /// The product's configuration.
        package init() {}
    }

    private struct State {
        var lanes: [EndpointID: EndpointLane] = [:]
        /// What is known of endpoints that have no lane now.
        var paces: [EndpointID: EndpointPace] = [:]
        var isDraining = false
        /// Whether the table may hold something that is due.
        var shouldLook = true
    }

    private let database: any Database
    private let configuration: Configuration
    private let endpoints: EndpointStore
    private let deliveries = DeliveryStore()
    private let call: DeliveryCall
    private let ledger: DeliveryLedger
    private let recorder: AttemptRecorder
    private let policy = RetryPolicy()
    private let owner: String
    private let time: any TimeSource
    private let jitter: any JitterSource
    private let logger: Logger
    private let attempts = MetricSeries { outcome in
        Counter(label: "aragora_webhook_attempts_total", dimensions: [("outcome", outcome)])
    }
    private let seconds = Timer(label: "aragora_webhook_seconds")
    private let signal = Signal()
    private let state = Mutex(State())

    /// Makes a deliverer.
    /// - Parameters:
    ///   - transport: its address guard decides where endpoints may be.
    ///   - owner: names this process among all, such as a fresh id.
    package init(
        database: any Database,
        endpoints: EndpointStore,
        sink: SubscriptionSink,
        transport: any HTTPTransport,
        owner: String,
        configuration: Configuration = Configuration(),
        time: any TimeSource = SystemTime(),
        jitter: any JitterSource = RandomJitter(),
        logger: Logger
    ) {
        self.database = database
        self.configuration = configuration
        self.endpoints = endpoints
        self.owner = owner
        self.time = time
        self.jitter = jitter
        self.logger = logger
        call = DeliveryCall(transport: transport, time: time)
        ledger = DeliveryLedger(endpoints: endpoints, sink: sink, outbox: Outbox(time: time))
        recorder = AttemptRecorder(database: database, ledger: ledger, time: time, logger: logger)
    }

    /// Delivers until `drain()` is called or the task is cancelled.
    package func run() async {
        await withTaskGroup(of: Void.self) { services in
            services.addTask { await self.listen() }
            services.addTask { await self.keepLeases() }
            services.addTask { await self.recorder.run { self.noteRecorded($0) } }
            await withDiscardingTaskGroup { workers in
                while !isDraining, !Task.isCancelled {
                    let nextDue = await look()
                    employ(&workers)
                    await releaseIdle()
                    await wait(until: nextDue)
                }
            }
            services.cancelAll()
        }
        await recorder.flush { self.noteRecorded($0) }
        await releaseIdle()
    }

    /// Ends `run()`: open requests are finished, the rest is handed back.
    package func drain() {
        state.withLock { $0.isDraining = true }
        signal.raise()
    }

    /// Delivers what is due now and returns when all of it was tried and written down.
    /// - Returns: how many attempts were made.
    /// - Throws: `DatabaseError`.
    package func deliverDue() async throws -> Int {
        try await claim()
        let count = await withTaskGroup(of: Int.self) { workers in
            for id in state.withLock({ Array($0.lanes.keys) }) {
                let vacancies = state.withLock { state in
                    let vacancies = state.lanes[id]?.vacancies(now: time.now()) ?? 0
                    state.lanes[id]?.addWorkers(vacancies)
                    return vacancies
                }
                for _ in 0..<vacancies { workers.addTask { await self.work(id) } }
            }
            return await workers.reduce(0, +)
        }
        await recorder.flush { self.noteRecorded($0) }
        for id in state.withLock({ Array($0.lanes.keys) }) { state.withLock { $0.lanes[id]?.close() } }
        await releaseIdle()
        return count
    }

    private var isDraining: Bool { state.withLock { $0.isDraining } }

    private func listen() async {
        for await _ in database.wakeUps.subscribe(.outbox) { wake() }
    }

    private func wake() {
        state.withLock { $0.shouldLook = true }
        signal.raise()
    }

    private func wait(until due: Timestamp?) async {
        var longest = database.wakeUps.pollInterval(
            normal: configuration.pollInterval,
            whenBroken: configuration.pollIntervalWhenBroken
        )
        if let due { longest = min(longest, max(due - time.now(), .milliseconds(1))) }
        let began = time.now()
        await signal.wait(atMost: longest, time: time)
        if time.now() - began >= longest { state.withLock { $0.shouldLook = true } }
    }

    // MARK: Claims

    /// Takes what is due, where there may be something.
    /// - Returns: when to look again at the latest.
    private func look() async -> Timestamp? {
        let shouldLook = state.withLock { state in
            defer { state.shouldLook = false }
            return state.shouldLook
        }
        guard shouldLook else { return nil }
        do {
            let nextDue = try await claim()
            database.wakeUps.noteSuccess(of: "webhooks", at: time.now(), logger)
            return nextDue
        } catch {
            state.withLock { $0.shouldLook = true }
            if !(error is CancellationError) {
                database.wakeUps.noteFailure(of: "webhooks", error, at: time.now(), logger)
            }
            return nil
        }
    }

    @discardableResult
    private func claim() async throws -> Timestamp? {
        let now = time.now()
        let lanes = state.withLock { $0.lanes.mapValues { ($0.appetite(now: now), $0.underWay) } }
        let (owner, lease) = (owner, configuration.lease)
        let sated = lanes.filter { $0.value.0 == 0 }.map(\.key)
        let (taken, nextDue, unreadable, hasNotices) = try await database.write { transaction in
            var taken: [(ClaimedEndpoint, [ClaimedDelivery])] = []
            let (claimed, unreadable) = try endpoints.claim(
                owner: owner,
                passing: sated,
                underWay: Set(lanes.values.filter { $0.0 > 0 }.flatMap(\.1)),
                limit: max(0, configuration.endpoints - sated.count),
                lease: lease,
                now: now,
                in: transaction
            )
            for endpoint in claimed {
                let (appetite, underWay) = lanes[endpoint.endpoint.id] ?? (pace(of: endpoint.endpoint.id).window, [])
                let due = try deliveries.due(
                    to: endpoint,
                    passing: underWay,
                    limit: endpoint.endpoint.settings.isOrdered ? 1 : appetite,
                    now: now,
                    in: transaction
                )
                taken.append((endpoint, due))
            }
            let notices = try unreadable.count { try ledger.note($0, now: now, in: transaction) }
            let hasMore = taken.contains { !$0.1.isEmpty }
            let nextDue = hasMore ? nil : try endpoints.nextDue(after: now, in: transaction)
            return (taken, nextDue, unreadable, notices > 0)
        }
        for endpoint in unreadable {
            logger.error(
                "What is stored of a webhook cannot be read; what it is owed waits.",
                metadata: ["webhook": "\(endpoint.id)", "reason": "\(endpoint.error.description)"]
            )
        }
        if hasNotices { await database.notify(.outbox) }
        state.withLock { state in
            for (endpoint, found) in taken {
                let id = endpoint.endpoint.id
                var lane =
                    state.lanes[id] ?? EndpointLane(endpoint, pace: state.paces.removeValue(forKey: id) ?? .init())
                // What it lets go of, because another process may have delivered it meanwhile, is read again.
                if lane.claimed.fence != endpoint.fence { state.shouldLook = true }
                lane.add(found, of: endpoint)
                state.lanes[id] = lane
            }
        }
        return nextDue
    }

    private func pace(of id: EndpointID) -> EndpointPace { state.withLock { $0.paces[id] ?? EndpointPace() } }

    // MARK: Workers

    /// Gives every lane as many workers as it has work for.
    private func employ(_ workers: inout DiscardingTaskGroup) {
        let now = time.now()
        let vacancies = state.withLock { state in
            state.lanes.compactMap { id, lane -> (EndpointID, Int)? in
                let vacancies = lane.vacancies(now: now)
                guard vacancies > 0 else { return nil }
                state.lanes[id]?.addWorkers(vacancies)
                return (id, vacancies)
            }
        }
        for (id, count) in vacancies {
            for _ in 0..<count { workers.addTask { _ = await self.work(id) } }
        }
    }

    /// Delivers to one endpoint, one message after the other, as long as there is one.
    /// - Returns: how many attempts it made.
    private func work(_ id: EndpointID) async -> Int {
        var count = 0
        while true {
            let now = time.now()
            let step = state.withLock { state in
                if state.isDraining { state.lanes[id]?.close() }
                return state.lanes[id]?.next(now: now) ?? .rest
            }
            switch step {
            case .rest:
                signal.raise()
                return count
            case .wait(let until):
                do { try await time.sleep(for: until - now) } catch { close(id) }
            case .send(let delivery, let claimed):
                await deliver(delivery, to: claimed)
                count += 1
            }
        }
    }

    private func close(_ id: EndpointID) {
        state.withLock { $0.lanes[id]?.close() }
    }

    private func deliver(_ delivery: ClaimedDelivery, to claimed: ClaimedEndpoint) async {
        let attempt = await call.send(delivery, to: claimed)
        guard !attempt.isOurs else {
            // Nothing is known of it: whoever holds the endpoint next sends it, under the same id.
            return state.withLock { $0.lanes[delivery.endpoint]?.abandon(delivery) }
        }
        let (now, chance) = (time.now(), jitter.next())
        let decision = policy.decide(
            attempt,
            failures: delivery.attempts,
            isTest: delivery.isTest,
            now: now,
            jitter: chance
        )
        let lane = state.withLock { state in
            let lane = state.lanes[delivery.endpoint]?.finish(attempt, decision, now: now, jitter: chance)
            if lane?.isHungry == true { state.shouldLook = true }
            return lane
        }
        attempts[attempt.metricLabel].increment()
        seconds.record(duration: attempt.duration)
        recorder.add(
            AttemptRecorder.Entry(
                delivery: delivery,
                attempt: attempt,
                decision: decision,
                heldUntil: lane?.heldUntil,
                isOrdered: claimed.endpoint.settings.isOrdered
            )
        )
        if let lane, lane.isHungry || lane.hasVacancies { signal.raise() }
    }

    private func noteRecorded(_ entries: [AttemptRecorder.Entry]) {
        let now = time.now()
        state.withLock { state in
            for entry in entries { state.lanes[entry.delivery.endpoint]?.noteRecorded(entry.delivery) }
            let isHungry = Set(entries.map(\.delivery.endpoint)).contains { id in
                (state.lanes[id]?.appetite(now: now) ?? 0) > 0
            }
            if isHungry { state.shouldLook = true }
        }
        // A lane that waited for this may go on, or be given back.
        signal.raise()
    }

    // MARK: Leases

    /// Renews the leases, and stops delivering to endpoints that are not ours any more, or not active.
    private func keepLeases() async {
        while !Task.isCancelled {
            try? await time.sleep(for: configuration.lease / 4)
            let (owner, lease, now) = (owner, configuration.lease, time.now())
            let before = state.withLock { $0.lanes.mapValues(\.claimed.fence) }
            guard !before.isEmpty, !Task.isCancelled else { continue }
            let kept = try? await database.write { transaction in
                try endpoints.renew(
                    owner: owner,
                    holding: Array(before.keys),
                    lease: lease,
                    now: now,
                    in: transaction
                )
            }
            // While the database is away nothing can be recorded; the fences refuse what comes too late.
            guard let kept else { continue }
            state.withLock { state in
                for (id, fence) in before where !kept.contains(id) && state.lanes[id]?.claimed.fence == fence {
                    state.lanes[id]?.close()
                }
            }
            signal.raise()
        }
    }

    /// Gives back the endpoints for which there is nothing to do.
    private func releaseIdle() async {
        let now = time.now()
        let idle = state.withLock { state in
            var idle: [EndpointLane] = []
            for id in Array(state.lanes.keys) {
                guard let lane = state.lanes[id], state.lanes[id]?.isLeavable(now: now) == true else { continue }
                state.lanes[id] = nil
                state.paces[id] = lane.pace
                idle.append(lane)
            }
            if state.paces.count > 10_000 { state.paces = [:] }
            return idle.map { lane in
                let endpoint = lane.claimed.endpoint
                return (id: endpoint.id, workspace: endpoint.workspace, fence: lane.claimed.fence)
            }
        }
        guard !idle.isEmpty else { return }
        let owner = owner
        do {
            try await database.write { transaction in
                try endpoints.release(idle, owner: owner, in: transaction)
            }
        } catch {
            logger.notice("Webhooks could not be handed back; their leases will run out.")
        }
    }
}
