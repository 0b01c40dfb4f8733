import CoreTypes
import Logging
import Persistence

/// Takes one claimed row as far as it gets now: to its end, or back into the queue.
///
/// Every change of the row is fenced, and a part is written down as being on its way before its first byte leaves.
struct Delivery {
    let row: ClaimedOutboxRow
    let context: DispatchContext
    let adapter: any ChannelAdapter
    let operation: SendOperation
    var address: Address
    var receipts: [PartReceipt]
    var failures: Int
    /// Messages that this edit had to post and that its target does not know yet.
    var postedForTarget: [PartReceipt] = []
    /// Why a part will never be known to have arrived.
    var unknownNote: OutboxNote?

    private var now: Timestamp { context.time.now() }

    /// Sends what has not been sent.
    /// - Throws: `DatabaseError`, and `CancellationError` where the dispatcher was cancelled; the row is then taken over
    ///   when its lease is over.
    mutating func run() async throws {
        guard let work = try await DeliveryWork.prepare(&self) else { return }
        for _ in receipts.count..<max(receipts.count, work.count) { receipts.append(.waiting(now)) }
        for part in 0..<work.count {
            let goesOn =
                switch receipts[part].state {
                case .sent, .unknown: true
                case .sending: try await reconcile(part, work)
                case .waiting: try await send(part, work)
                }
            guard goesOn else { return }
        }
        try await finish()
    }

    // MARK: One part

    /// Sends a part; false where the row was given back or ended.
    private mutating func send(_ part: Int, _ work: DeliveryWork) async throws -> Bool {
        let now = now
        if context.pace.withLock({ $0.isDraining }) {
            try await requeue(at: now, note: nil)
            return false
        }
        if let expires = row.expiresAt, expires <= now {
            try await fail(OutboxNote(code: "expired", message: "Its time was over before it could be sent."))
            return false
        }
        guard try await waitForPace(part, work) else { return false }

        receipts[part] = PartReceipt(state: .sending, messageID: "", at: now)
        let receiptsJSON = try receipts.storedText()
        let (row, context, posted) = (row, context, postedForTarget)
        try await context.write { transaction in
            try Self.addToTarget(of: row, posted, context.store, transaction)
            try context.store.markSending(
                row.claim,
                partsJSON: work.partsJSON,
                receiptsJSON: receiptsJSON,
                now: now,
                in: transaction
            )
        }
        postedForTarget = []

        let outcome = await work.call(part, adapter: adapter, address: address, key: partKey(part))
        context.metrics.outcome(outcome.metricLabel, platform: adapter.platform)
        context.metrics.duration(self.now - now, platform: adapter.platform, operation: operation)
        let decision = context.policy.decide(
            outcome,
            attempt(part, work),
            now: self.now,
            jitter: context.jitter.next()
        )
        return try await apply(decision, to: part, work)
    }

    /// Finds out what became of a part whose end nobody saw; false where the row was given back or ended.
    private mutating func reconcile(_ part: Int, _ work: DeliveryWork) async throws -> Bool {
        let sentAt = receipts[part].at
        let attempt = attempt(part, work)
        guard attempt.operation == .post, let channel = adapter as? any ReconcilingChannel else {
            let interrupted = SendOutcome.unknown(
                code: "interrupted",
                description: "The send was interrupted, and the platform cannot be asked about it."
            )
            let decision = context.policy.decide(interrupted, attempt, now: now, jitter: context.jitter.next())
            return try await apply(decision, to: part, work)
        }
        let earliest = sentAt + context.policy.reconcileDelay
        guard now >= earliest else {
            let note = OutboxNote(code: "interrupted", message: "The send was interrupted; the platform is asked soon.")
            return try await apply(.reconcile(at: earliest, note), to: part, work)
        }
        // The platform's clock may be behind ours.
        let answer = await channel.reconcile(key: partKey(part), at: address, sentAfter: sentAt - .seconds(60))
        context.metrics.outcome(answer.metricLabel, platform: adapter.platform)
        let decision = context.policy.decide(
            answer,
            attempt,
            sentAt: sentAt,
            now: now,
            jitter: context.jitter.next()
        )
        return try await apply(decision, to: part, work)
    }

    /// Does what the policy says; true where the next part's turn has come.
    private mutating func apply(
        _ decision: OutcomePolicy.Decision,
        to part: Int,
        _ work: DeliveryWork
    ) async throws -> Bool {
        switch decision {
        case .sent(let messageID):
            receipts[part].state = .sent
            receipts[part].messageID = messageID
            failures = 0
            if operation == .edit, work.operation(of: part) == .post { postedForTarget.append(receipts[part]) }
            return true
        case .leaveUnknown(let note):
            receipts[part].state = .unknown
            unknownNote = note
            failures = 0
            return true
        case .reconcile(let moment, let note):
            try await giveBackUnknown(askingAt: moment, note: note)
        case .retry(let moment, let failures, let note):
            receipts[part].state = .waiting
            self.failures = failures
            try await requeue(at: moment, note: note)
        case .slowDown(let moment, let scope, let note):
            receipts[part].state = .waiting
            let call = call(part, work)
            context.pace.withLock { $0.limiter.hold(scope, for: call, until: moment) }
            try await requeue(at: moment, note: note)
        case .holdWorkspace(let moment, let note):
            receipts[part].state = .waiting
            context.pace.withLock {
                $0.limiter.holdForCredentials(platform: row.platform, workspace: row.claim.workspace, until: moment)
            }
            context.logger.warning(
                "The platform refused our credentials; the workspace's messages wait.",
                metadata: ["platform": "\(row.platform)", "workspace": "\(row.claim.workspace)"]
            )
            try await requeue(at: moment, note: note)
        case .fail(let note):
            receipts[part].state = .waiting
            try await fail(note)
        }
        return false
    }

    /// Gives the row back where the limits do not allow the call now.
    private mutating func waitForPace(_ part: Int, _ work: DeliveryWork) async throws -> Bool {
        let now = now
        let (call, limits) = (call(part, work), adapter.limits)
        let isEdit = call.operation == .edit
        let message = "\(row.claim.workspace) \(row.targetKey?.rawValue ?? "") \(part)"
        let verdict = context.pace.withLock { pace in
            if isEdit, let until = pace.throttle.wait(message, now: now) { return RateLimiter.Verdict.wait(until: until) }
            let verdict = pace.limiter.take(call, limits: limits, now: now)
            if isEdit, verdict == .go { pace.throttle.count(message, interval: limits.editInterval, now: now) }
            return verdict
        }
        switch verdict {
        case .go: return true
        case .wait(let until): try await requeue(at: until, note: nil)
        case .held(let until):
            let note = OutboxNote(
                code: OutboxStore.authentication,
                message: "The workspace waits because the platform refused our credentials."
            )
            try await requeue(at: until, note: note)
        }
        return false
    }

    private func attempt(_ part: Int, _ work: DeliveryWork) -> OutcomePolicy.Attempt {
        OutcomePolicy.Attempt(
            operation: work.operation(of: part),
            failures: failures,
            canReconcile: adapter is any ReconcilingChannel
        )
    }

    private func call(_ part: Int, _ work: DeliveryWork) -> RateLimiter.Call {
        RateLimiter.Call(
            platform: row.platform,
            workspace: row.claim.workspace,
            channel: address.channel,
            operation: work.operation(of: part)
        )
    }

    /// What names a part on the platform: the same for every try.
    private func partKey(_ part: Int) -> String { "\(row.claim.key)#\(part + 1)" }
}
