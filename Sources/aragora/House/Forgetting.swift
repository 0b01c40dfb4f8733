import Approvals
import CoreTypes
import Logging
import Metrics
import Persistence
import Subscriptions

/// Forgets what nobody needs any more: keys of events that no platform repeats after so long, logins that have ended,
/// work that is done, buttons that have run out, and what nobody has settled for a month.
struct Forgetting: Sendable {
    private typealias Deletion = @Sendable (Int, borrowing Transaction) throws -> Int

    private static let day = Duration.seconds(24 * 3600)
    private static let interval = Duration.seconds(600)
    private static let retention = day * 7
    /// Long enough for an operator to look.
    private static let failureRetention = day * 30
    private static let webhookRetention = day * 90
    /// So that no transaction holds many rows for long.
    private static let batch = 1000

    let database: any Database
    let deliveries: DeliveryService
    let time: any TimeSource
    let logger: Logger

    func run() async {
        while !Task.isCancelled {
            await forget()
            try? await time.sleep(for: Self.interval)
        }
    }

    /// Forgets what is old by now.
    ///
    /// What fails is done the next time, and keeps nothing else from being forgotten.
    func forget() async {
        let now = time.now()
        let (week, month) = (now - Self.retention, now - Self.failureRetention)
        await delete("logins") { _, transaction in
            try OAuthStateStore.prune(now: now, in: transaction)
            return 0
        }
        await delete("events") { try InboxStore().prune(receivedBefore: week, limit: $0, in: $1) }
        await delete("button tokens") { try ButtonTokenStore().prune(expiredBefore: week, limit: $0, in: $1) }
        await delete("jobs") { try JobQueue().prune(endedBefore: month, limit: $0, in: $1) }
        await delete("steps of approvals") { try ApprovalStepStore().prune(endedBefore: month, limit: $0, in: $1) }
        await delete("failed messages") { try OutboxLedger().purgeFailed(before: month, limit: $0, in: $1) }
        let unknown = await delete("unknown messages") {
            try OutboxLedger().purgeUnknown(before: month, limit: $0, in: $1)
        }
        noteUnsettled(unknown, in: "outbox", "Messages of which nobody knows whether they arrived were forgotten.")
        let givenUp = await delete("given up events") {
            try InboxStore().pruneGivenUp(receivedBefore: month, limit: $0, in: $1)
        }
        noteUnsettled(givenUp, in: "inbox", "Events that could not be handled were forgotten.")
        await attempt("webhooks") { while try await deliveries.purge(olderThan: Self.webhookRetention) {} }
        await attempt("deliveries to nobody") { try await deliveries.sweep() }
    }

    /// Deletes a little at a time until nothing is left.
    /// - Returns: how much.
    @discardableResult
    private func delete(_ what: String, _ deletion: Deletion) async -> Int {
        var total = 0
        await attempt(what) {
            var count = Self.batch
            while count == Self.batch {
                count = try await database.write { try deletion(Self.batch, $0) }
                total += count
            }
        }
        return total
    }

    private func attempt(_ what: String, _ body: () async throws -> Void) async {
        do {
            try await body()
        } catch is CancellationError {
        } catch {
            logger.warning(
                "What is old could not be forgotten; trying again later.",
                metadata: ["what": "\(what)", "code": "\((error as? any CodedError)?.code ?? "other")"]
            )
        }
    }

    private func noteUnsettled(_ count: Int, in table: String, _ message: Logger.Message) {
        guard count > 0 else { return }
        Counter(label: "aragora_forgotten_total", dimensions: [("table", table)]).increment(by: count)
        logger.warning(message, metadata: ["count": "\(count)"])
    }
}

extension Forgetting {
    init(house: House) {
        self.init(
            database: house.database,
            deliveries: house.subscribers.service.deliveries,
            time: house.time,
            logger: house.logger
        )
    }
}
