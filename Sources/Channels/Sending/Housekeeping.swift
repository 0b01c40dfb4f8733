import CoreTypes
import Logging
import Persistence

/// What a dispatcher does now and then: measures the queue, forgets what was sent long ago.
struct Housekeeping {
    private static let measureInterval = Duration.seconds(15)
    private static let purgeInterval = Duration.seconds(600)
    /// So that a purge never holds many rows for long.
    private static let purgeBatch = 1000

    private var nextMeasure = Timestamp(rawValue: 0)
    private var nextPurge: Timestamp

    init(now: Timestamp) {
        nextPurge = now + Self.purgeInterval
    }

    /// Does what is due; a failure waits for the next time.
    mutating func work(_ context: DispatchContext, retention: Duration) async {
        let (ledger, now) = (OutboxLedger(), context.time.now())
        do {
            if nextMeasure <= now {
                nextMeasure = now + Self.measureInterval
                context.metrics.depths(try await context.database.read { try ledger.unsentCounts(in: $0) })
            }
            if nextPurge <= now {
                let purged = try await context.database.write { transaction in
                    try ledger.purgeSent(before: now - retention, limit: Self.purgeBatch, in: transaction)
                }
                nextPurge = now + (purged == Self.purgeBatch ? .seconds(1) : Self.purgeInterval)
            }
        } catch {
            context.logger.debug("The outbox could not be measured or cleaned; trying again later.")
        }
    }
}
