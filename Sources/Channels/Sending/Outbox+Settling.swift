import CoreTypes
package import Persistence

extension Outbox {
    /// What came of the wish to send once more what has ended without success.
    package enum Retry: Hashable, Sendable {
        /// It is queued. Where nobody knew whether it had arrived, it may arrive twice.
        case queued
        /// There is no such send that has ended without success.
        case absent
        /// What it said is not kept.
        case empty
        /// A newer change of the same message was made.
        case overtaken
    }

    /// Queues a send once more that failed or of which nobody knows whether it arrived, because the operator wants it.
    ///
    /// Parts that certainly arrived are not sent again.
    /// - Throws: `DatabaseError`.
    package func retry(_ id: Int64, in transaction: borrowing Transaction) throws -> Retry {
        let ledger = OutboxLedger()
        guard let row = try ledger.unsettled(id, in: transaction) else { return .absent }
        guard row.hasContent else { return .empty }
        let now = time.now()
        let receipts = try PartReceipt.list(from: row.receiptsJSON).map { receipt in
            receipt.state == .sent ? receipt : .waiting(now)
        }
        let isQueued = try ledger.retry(row, receiptsJSON: try receipts.storedText(), now: now, in: transaction)
        return isQueued ? .queued : .overtaken
    }
}
