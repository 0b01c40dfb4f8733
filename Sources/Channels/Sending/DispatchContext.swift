import CoreTypes
import Logging
import Persistence
import Synchronization

/// What all deliveries of one dispatcher share.
final class DispatchContext: Sendable {
    struct Pace: Sendable {
        var limiter = RateLimiter()
        var throttle = EditThrottle()
        var isDraining = false
    }

    let database: any Database
    let adapters: [String: any ChannelAdapter]
    let hooks: DeliveryHooks
    let policy: OutcomePolicy
    let time: any TimeSource
    let jitter: any JitterSource
    let logger: Logger
    let metrics = DispatchMetrics()
    let store = OutboxStore()
    let pace = Mutex(Pace())
    let beginnings = Mutex(SendBeginnings())

    init(
        database: any Database,
        adapters: [any ChannelAdapter],
        hooks: DeliveryHooks,
        policy: OutcomePolicy,
        time: any TimeSource,
        jitter: any JitterSource,
        logger: Logger
    ) {
        self.database = database
        self.adapters = Dictionary(adapters.map { ($0.platform, $0) }, uniquingKeysWith: { first, _ in first })
        self.hooks = hooks
        self.policy = policy
        self.time = time
        self.jitter = jitter
        self.logger = logger
    }

    /// Writes what is known about a send, through short outages of the database: what is not written down has to be
    /// asked of the platform later, and not every platform can answer.
    ///
    /// A write whose commit got no answer is done again: it is fenced, and done twice it leaves what it leaves once.
    /// - Parameter endsClaim: whether the claim is over with this write.
    func write(endsClaim: Bool, _ body: @Sendable (borrowing Transaction) throws -> Void) async throws {
        var delay = Duration.milliseconds(250)
        var tries = 0
        var mayBeWritten = false
        while true {
            tries += 1
            do {
                return try await database.write(body)
            } catch let error as DatabaseError where tries < 10 && (error.isRetryable || error.isUnclear) {
                mayBeWritten = mayBeWritten || error.isUnclear
                try await time.sleep(for: delay)
                delay = min(delay * 2, .seconds(5))
            } catch let error as DatabaseError where error.reason == .leaseLost && mayBeWritten && endsClaim {
                // The try without an answer was committed, or somebody else has the row: either way we are through.
                return
            } catch let error as DatabaseError where error.reason == .uniqueViolation && tries == 1 {
                // A newer row took the coalesce key at this very moment; now it is seen.
                continue
            }
        }
    }
}

extension DatabaseError {
    fileprivate var isUnclear: Bool { reason == .commitUnknown }
}
