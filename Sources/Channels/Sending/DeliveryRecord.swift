import CoreTypes
import Logging
import Persistence
import Synchronization

/// What is known about a claimed row, and the writes that end it or give it back.
///
/// Every one of them is fenced.
struct DeliveryRecord {
    let row: ClaimedOutboxRow
    let context: DispatchContext
    var receipts: [PartReceipt]
    /// The tries of the present part that went wrong.
    var failures: Int
    /// What this edit did to messages and its target does not know yet.
    var newsForTarget: [PartReceipt] = []
    /// Why a part will never be known to have arrived.
    var unknownNote: OutboxNote?

    init(_ row: ClaimedOutboxRow, _ context: DispatchContext) {
        self.row = row
        self.context = context
        receipts = (try? PartReceipt.list(from: row.receiptsJSON)) ?? []
        failures = row.attempts
        if let part = context.beginnings.withLock({ $0.takePrevious(row.claim) }), receipts.indices.contains(part) {
            receipts[part].state = .waiting
        }
    }

    /// Writes down that a part is on its way.
    mutating func begin(_ part: Int, hasKey: Bool?, partsJSON: String) async throws {
        let now = context.time.now()
        receipts[part] = PartReceipt(state: .sending, messageID: "", at: now, hasKey: hasKey)
        context.beginnings.withLock { $0.add(row.claim, part: part) }
        try await write(endsClaim: false) { store, claim, receiptsJSON, transaction in
            try store.markSending(
                claim,
                partsJSON: partsJSON,
                receiptsJSON: receiptsJSON,
                now: now,
                in: transaction
            )
        }
        guard context.beginnings.withLock({ $0.take(row.claim) }) != nil else {
            throw DatabaseError(.leaseLost, "This process has claimed the row anew.")
        }
        newsForTarget = []
    }

    /// Ends the row after its last part, together with what follows from it.
    /// - Returns: false where a part is unknown for ever.
    func finish(operation: SendOperation, address: Address) async throws -> Bool {
        let now = context.time.now()
        if receipts.contains(where: { $0.state == .unknown }) {
            let note =
                unknownNote
                ?? OutboxNote(code: "unknown", message: "A part was sent and nobody knows whether it arrived.")
            try await giveBackUnknown(askingAt: OutboxStore.never, note: note)
            return false
        }
        let message = DeliveredMessage(
            workspace: row.claim.workspace,
            key: row.claim.key,
            platform: row.platform,
            operation: operation,
            address: address,
            context: (try? JSONValue(parsing: row.contextJSON)) ?? .object([:]),
            messageIDs: receipts.messageIDs,
            place: place(at: address)
        )
        let hooks = context.hooks
        try await end { isHooked, store, claim, receiptsJSON, transaction in
            try store.markSent(claim, receiptsJSON: receiptsJSON, now: now, in: transaction)
            if isHooked { try hooks.delivered(message, transaction) }
        }
        return true
    }

    private func place(at address: Address) -> MessagePlace? {
        guard let id = receipts.messageIDs.first, !id.isEmpty else { return nil }
        let redirecting = context.adapters[row.platform] as? any RedirectingChannel
        return redirecting?.place(of: id, sentTo: address) ?? MessagePlace(channel: address.channel, messageID: id)
    }

    /// Ends the row without success.
    func fail(_ note: OutboxNote) async throws {
        let now = context.time.now()
        let message = UndeliverableMessage(
            workspace: row.claim.workspace,
            key: row.claim.key,
            platform: row.platform,
            operation: row.operation,
            address: try? StoredJSON.read(Address.self, from: row.addressJSON),
            post: try? StoredJSON.read(Post.self, from: row.payloadJSON),
            context: (try? JSONValue(parsing: row.contextJSON)) ?? .object([:]),
            note: note
        )
        context.logger.warning(
            "A message cannot be delivered.",
            metadata: ["platform": "\(row.platform)", "key": "\(row.claim.key)", "code": "\(note.code)"]
        )
        let hooks = context.hooks
        try await end { isHooked, store, claim, receiptsJSON, transaction in
            try store.markFailed(claim, receiptsJSON: receiptsJSON, note: note, now: now, in: transaction)
            if isHooked { try hooks.undeliverable(message, transaction) }
        }
    }

    /// Gives the row back; its next part certainly did not arrive.
    func requeue(at moment: Timestamp, note: OutboxNote?) async throws {
        let (now, failures) = (context.time.now(), failures)
        try await write { store, claim, receiptsJSON, transaction in
            try store.requeue(
                claim,
                receiptsJSON: receiptsJSON,
                at: moment,
                attempts: failures,
                note: note,
                now: now,
                in: transaction
            )
        }
    }

    /// Gives the row back; the platform is asked at the moment about the part that is on its way.
    func giveBackUnknown(askingAt moment: Timestamp, note: OutboxNote) async throws {
        let now = context.time.now()
        try await write { store, claim, receiptsJSON, transaction in
            try store.markUnknown(
                claim,
                receiptsJSON: receiptsJSON,
                askingAt: moment,
                note: note,
                now: now,
                in: transaction
            )
        }
    }

    /// Writes an end with its hook.
    ///
    /// Where the hook fails, the end is written later, and at last without it: a message that is there must not be
    /// posted again because of what somebody wanted to note about it.
    private func end(
        _ body: @escaping @Sendable (Bool, OutboxStore, OutboxClaim, String, borrowing Transaction) throws -> Void
    ) async throws {
        let isHooked = failures < context.policy.maximumHookAttempts
        do {
            try await write { store, claim, receiptsJSON, transaction in
                try body(isHooked, store, claim, receiptsJSON, transaction)
            }
        } catch  where isHooked && Self.isHookFailure(error) {
            context.logger.error(
                "What follows from a delivery could not be written.",
                metadata: ["key": "\(row.claim.key)", "code": "\((error as? any CodedError)?.code ?? "other")"]
            )
            var later = self
            later.failures += 1
            let delay = context.policy.delay(failures: later.failures, jitter: context.jitter.next())
            try await later.requeue(
                at: context.time.now() + delay,
                note: OutboxNote(code: "hook_failed", message: "What follows from the delivery could not be written.")
            )
        }
    }

    private static func isHookFailure(_ error: any Error) -> Bool {
        if error is CancellationError { return false }
        guard let error = error as? DatabaseError else { return true }
        return error.reason != .leaseLost && !error.isRetryable
    }

    private func write(
        endsClaim: Bool = true,
        _ body: @escaping @Sendable (OutboxStore, OutboxClaim, String, borrowing Transaction) throws -> Void
    ) async throws {
        let (store, row, news, receiptsJSON) = (context.store, row, newsForTarget, try receipts.storedText())
        try await context.write(endsClaim: endsClaim) { transaction in
            if !news.isEmpty, let target = row.targetKey {
                try store.changeReceipts(of: target, workspace: row.claim.workspace, in: transaction) { text in
                    try PartReceipt.list(from: text).updated(with: news).storedText()
                }
            }
            try body(store, row.claim, receiptsJSON, transaction)
        }
    }
}
