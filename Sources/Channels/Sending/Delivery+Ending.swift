import CoreTypes
import Logging
import Persistence

extension Delivery {
    /// Ends the row after its last part, together with what follows from it.
    func finish() async throws {
        let (row, context, posted) = (row, context, postedForTarget)
        let receiptsJSON = try receipts.storedText()
        let now = context.time.now()
        if receipts.contains(where: { $0.state == .unknown }) {
            let note =
                unknownNote
                ?? OutboxNote(code: "unknown", message: "A part was sent and nobody knows whether it arrived.")
            return try await context.write { transaction in
                try Self.addToTarget(of: row, posted, context.store, transaction)
                try context.store.markUnknown(
                    row.claim,
                    receiptsJSON: receiptsJSON,
                    askingAt: OutboxStore.never,
                    note: note,
                    now: now,
                    in: transaction
                )
            }
        }
        let message = DeliveredMessage(
            workspace: row.claim.workspace,
            key: row.claim.key,
            platform: row.platform,
            operation: operation,
            address: address,
            context: (try? JSONValue(parsing: row.contextJSON)) ?? .object([:]),
            messageIDs: receipts.messageIDs
        )
        try await end { isHooked, transaction in
            try Self.addToTarget(of: row, posted, context.store, transaction)
            try context.store.markSent(row.claim, receiptsJSON: receiptsJSON, now: now, in: transaction)
            if isHooked { try context.hooks.delivered(message, transaction) }
        }
        context.metrics.sent(platform: adapter.platform, operation: operation)
    }

    /// Ends the row without success.
    func fail(_ note: OutboxNote) async throws {
        let (row, context, posted) = (row, context, postedForTarget)
        let receiptsJSON = try receipts.storedText()
        let now = context.time.now()
        let message = UndeliverableMessage(
            workspace: row.claim.workspace,
            key: row.claim.key,
            platform: row.platform,
            operation: row.operation,
            context: (try? JSONValue(parsing: row.contextJSON)) ?? .object([:]),
            note: note
        )
        context.logger.warning(
            "A message cannot be delivered.",
            metadata: ["platform": "\(row.platform)", "key": "\(row.claim.key)", "code": "\(note.code)"]
        )
        try await end { isHooked, transaction in
            try Self.addToTarget(of: row, posted, context.store, transaction)
            try context.store.markFailed(row.claim, receiptsJSON: receiptsJSON, note: note, now: now, in: transaction)
            if isHooked { try context.hooks.undeliverable(message, transaction) }
        }
    }

    /// Gives the row back; its next part certainly did not arrive.
    func requeue(at moment: Timestamp, note: OutboxNote?) async throws {
        let (row, context, posted, failures) = (row, context, postedForTarget, failures)
        let receiptsJSON = try receipts.storedText()
        let now = context.time.now()
        try await context.write { transaction in
            try Self.addToTarget(of: row, posted, context.store, transaction)
            try context.store.requeue(
                row.claim,
                receiptsJSON: receiptsJSON,
                at: moment,
                attempts: failures,
                note: note,
                now: now,
                in: transaction
            )
        }
    }

    /// Gives the row back; the platform is asked about the part that is on its way.
    func giveBackUnknown(askingAt moment: Timestamp, note: OutboxNote) async throws {
        let (row, context, posted) = (row, context, postedForTarget)
        let receiptsJSON = try receipts.storedText()
        let now = context.time.now()
        try await context.write { transaction in
            try Self.addToTarget(of: row, posted, context.store, transaction)
            try context.store.markUnknown(
                row.claim,
                receiptsJSON: receiptsJSON,
                askingAt: moment,
                note: note,
                now: now,
                in: transaction
            )
        }
    }

    /// Writes an end with its hook. Where the hook fails, the end is written later, and at last without it: a message
    /// that is there must not be posted again because of what somebody wanted to note about it.
    private func end(_ body: @escaping @Sendable (_ isHooked: Bool, borrowing Transaction) throws -> Void) async throws {
        guard failures < context.policy.maximumAttempts else {
            return try await context.write { transaction in try body(false, transaction) }
        }
        do {
            try await context.write { transaction in try body(true, transaction) }
        } catch is CancellationError {
            throw CancellationError()
        } catch let error as DatabaseError where error.reason == .leaseLost || error.isRetryable {
            throw error
        } catch {
            context.logger.error(
                "What follows from a delivery could not be written.",
                metadata: ["key": "\(row.claim.key)", "code": "\((error as? any CodedError)?.code ?? "other")"]
            )
            var later = self
            later.failures += 1
            try await later.requeue(
                at: context.time.now()
                    + context.policy.delay(failures: later.failures, jitter: context.jitter.next()),
                note: OutboxNote(code: "hook_failed", message: "What follows from the delivery could not be written.")
            )
        }
    }

    static func addToTarget(
        of row: ClaimedOutboxRow,
        _ posted: [PartReceipt],
        _ store: OutboxStore,
        _ transaction: borrowing Transaction
    ) throws {
        guard !posted.isEmpty, let target = row.targetKey else { return }
        try store.changeReceipts(of: target, workspace: row.claim.workspace, in: transaction) { text in
            try (PartReceipt.list(from: text) + posted).storedText()
        }
    }
}
