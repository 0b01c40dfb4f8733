import CoreTypes
import Logging
import Synchronization

/// Carries wake-ups between processes with LISTEN and NOTIFY, and finds out whether they arrive.
///
/// A transaction pooler takes a LISTEN without an error and never delivers. So the listener sends itself a probe
/// through the pool, after each connect and then every thirty seconds; while none comes back within two seconds,
/// `WakeUps.isPolling` is true.
final class PostgresListener: Sendable {
    /// The channel that all processes share.
    static let channel = "aragora"

    /// How long the listener waits for what.
    struct Timing: Sendable {
        var probeInterval: Duration = .seconds(30)
        var probeTimeout: Duration = .seconds(2)
        /// Between two notifications of this process.
        var pause: Duration = .milliseconds(25)
        var firstBackoff: Duration = .milliseconds(100)
        var longestBackoff: Duration = .seconds(5)
    }

    private static let lineInterval = Duration.seconds(60)

    private let url: Secret
    private let wakeUps: WakeUps
    private let queue: NotificationQueue
    private let origin: String
    private let timing: Timing
    private let time: any TimeSource
    private let jitter: any JitterSource
    private let logger: Logger
    private let send: @Sendable ([String]) async throws -> Void
    private let probesHeard = Mutex(0)

    /// Makes a listener.
    /// - Parameters:
    ///   - origin: tells this process's notifications from others'.
    ///   - send: sends these payloads through the pool.
    init(
        url: Secret,
        wakeUps: WakeUps,
        queue: NotificationQueue,
        origin: String,
        timing: Timing,
        time: any TimeSource,
        jitter: any JitterSource,
        logger: Logger,
        send: @escaping @Sendable ([String]) async throws -> Void
    ) {
        self.url = url
        self.wakeUps = wakeUps
        self.queue = queue
        self.origin = origin
        self.timing = timing
        self.time = time
        self.jitter = jitter
        self.logger = logger
        self.send = send
    }

    /// Listens, sends and probes until the task is cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.listen() }
            group.addTask { await self.probe() }
            group.addTask {
                await self.queue.run(pause: self.timing.pause, time: self.time) { wakeUps in
                    await self.transmit(WakeUpPayload.texts(of: wakeUps, origin: self.origin))
                }
            }
        }
        wakeUps.notePolling(true)
    }

    private func listen() async {
        var failures = 0
        var nextLine = Timestamp(rawValue: 0)
        while !Task.isCancelled {
            let connection = PostgresListenConnection()
            do {
                let payloads = try await connection.listen(url: url, channel: Self.channel)
                failures = 0
                // What was sent while nobody listened is lost.
                wakeUps.publishResync()
                await transmit([WakeUpPayload.probe(origin: origin)])
                for await text in payloads { hear(text) }
                if !Task.isCancelled {
                    logger.info("The listening connection to Postgres was lost; it is opened again.")
                }
            } catch {
                // Where the database itself can be used, nobody else tells of it.
                let now = time.now()
                if !Task.isCancelled, now >= nextLine {
                    logger.warning("Cannot listen on Postgres; trying again.", metadata: ["reason": "\(error)"])
                    nextLine = now + Self.lineInterval
                }
            }
            await connection.close()
            if Task.isCancelled { return }
            wakeUps.notePolling(true)
            let pause = min(timing.longestBackoff, timing.firstBackoff * (1 << min(failures, 10)))
            failures += 1
            try? await time.sleep(for: pause * (0.5 + jitter.next() / 2))
        }
    }

    private func hear(_ text: String) {
        guard WakeUpPayload.isSent(by: origin, text) else {
            for wakeUp in WakeUpPayload.wakeUps(in: text) { wakeUps.publish(wakeUp) }
            return
        }
        guard text == WakeUpPayload.probe(origin: origin) else { return }
        probesHeard.withLock { $0 += 1 }
        if wakeUps.isPolling { logger.info("Wake-ups from other processes arrive.") }
        wakeUps.notePolling(false)
    }

    private func probe() async {
        while !Task.isCancelled {
            let heard = probesHeard.withLock { $0 }
            await transmit([WakeUpPayload.probe(origin: origin)])
            try? await time.sleep(for: timing.probeTimeout)
            if !Task.isCancelled, probesHeard.withLock({ $0 }) == heard {
                if !wakeUps.isPolling {
                    logger.warning("Wake-ups from other processes do not arrive; polling faster instead.")
                }
                wakeUps.notePolling(true)
            }
            try? await time.sleep(for: timing.probeInterval - timing.probeTimeout)
        }
    }

    private func transmit(_ payloads: [String]) async {
        do {
            try await send(payloads)
        } catch {
            logger.debug("A notification was not sent.", metadata: ["reason": "\(error)"])
        }
    }
}
