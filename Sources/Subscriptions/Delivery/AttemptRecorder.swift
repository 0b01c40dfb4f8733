import Channels
import CoreTypes
import Logging
import Persistence
import Synchronization

/// Writes down what came of attempts: as many as have gathered in one transaction, with what follows for their
/// endpoints.
final class AttemptRecorder: Sendable {
    /// One attempt and what becomes of its message.
    struct Entry: Sendable {
        let delivery: ClaimedDelivery
        let attempt: Attempt
        let decision: RetryPolicy.Decision
        /// Until when the endpoint is left alone.
        let heldUntil: Timestamp?
        let isOrdered: Bool
    }

    private static let batch = 500
    /// Where so many were written at once, the next ones wait for each other: shortly where a message in order waits
    /// for them, too.
    private static let crowd = 8
    private static let gathering = (inOrder: Duration.milliseconds(5), otherwise: Duration.milliseconds(20))
    private static let pauseAfterFailure = Duration.milliseconds(500)

    private let database: any Database
    private let ledger: DeliveryLedger
    private let time: any TimeSource
    private let logger: Logger
    private let signal = Signal()
    private let waiting = Mutex<[Entry]>([])

    init(database: any Database, ledger: DeliveryLedger, time: any TimeSource, logger: Logger) {
        self.database = database
        self.ledger = ledger
        self.time = time
        self.logger = logger
    }

    /// Takes an attempt; it is written down with the next group.
    func add(_ entry: Entry) {
        waiting.withLock { $0.append(entry) }
        signal.raise()
    }

    /// Writes until the task is cancelled; then once more.
    func run(_ recorded: @Sendable ([Entry]) -> Void) async {
        var isCrowded = false
        while !Task.isCancelled {
            await signal.wait()
            if isCrowded {
                let isAwaited = waiting.withLock { $0.contains { $0.isOrdered } }
                try? await time.sleep(for: isAwaited ? Self.gathering.inOrder : Self.gathering.otherwise)
            }
            isCrowded = await flush(recorded) >= Self.crowd
        }
    }

    /// Writes what has gathered; what cannot be written stays and is tried again.
    /// - Returns: how many were written.
    @discardableResult
    func flush(_ recorded: @Sendable ([Entry]) -> Void) async -> Int {
        var written = 0
        while true {
            let entries = waiting.withLock { Array($0.prefix(Self.batch)) }
            guard !entries.isEmpty else { return written }
            do {
                let now = time.now()
                let hasNotices = try await database.write { try ledger.record(entries, now: now, in: $0) }
                waiting.withLock { $0.removeFirst(entries.count) }
                written += entries.count
                database.wakeUps.noteSuccess(of: "attempts at webhooks", at: now, logger)
                recorded(entries)
                if hasNotices { await database.notify(.outbox) }
                // What came meanwhile has raised the signal, and may gather.
                if entries.count < Self.batch { return written }
            } catch is CancellationError {
                return written
            } catch {
                database.wakeUps.noteFailure(of: "attempts at webhooks", error, at: time.now(), logger)
                let pause = Self.pauseAfterFailure
                do {
                    try await time.sleep(for: database.wakeUps.pollInterval(normal: pause, whenBroken: pause))
                } catch {
                    return written
                }
            }
        }
    }
}
