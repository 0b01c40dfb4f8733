import CoreTypes
import Logging
import Persistence
import Synchronization

/// Takes one claimed row as far as it gets now: to its end, or back into the queue.
///
/// A part is written down as being on its way before its first byte leaves, and only what certainly did not arrive is
/// sent again.
struct Delivery {
    let adapter: any ChannelAdapter
    let operation: SendOperation
    var address: Address
    var record: DeliveryRecord

    private var context: DispatchContext { record.context }
    private var now: Timestamp { record.context.time.now() }

    /// How long a row waits for its platform to be mounted.
    private static let mountDelay = Duration.seconds(60)

    /// Delivers a row.
    /// - Throws: `DatabaseError`, and `CancellationError` where the dispatcher was cancelled; the row is then taken over
    ///   when its lease is over.
    static func run(_ row: ClaimedOutboxRow, _ context: DispatchContext) async throws {
        let record = DeliveryRecord(row, context)
        guard let adapter = context.adapters[row.platform] else {
            let note = OutboxNote(code: "not_mounted", message: "The platform \(row.platform) is not set up.")
            return try await record.requeue(at: context.time.now() + mountDelay, note: note)
        }
        do {
            guard let operation = SendOperation(rawValue: row.operation) else {
                throw DatabaseError(.decoding, "The outbox does not know the operation \(row.operation).")
            }
            let address = try StoredJSON.read(Address.self, from: row.addressJSON)
            var delivery = Delivery(adapter: adapter, operation: operation, address: address, record: record)
            try await delivery.run()
        } catch let error as DatabaseError where error.reason == .decoding {
            try await record.fail(OutboxNote(code: "unreadable", message: error.description))
        }
    }

    private mutating func run() async throws {
        guard let work = try await DeliveryWork.prepare(&self) else { return }
        while record.receipts.count < work.count { record.receipts.append(.waiting(now)) }
        for part in 0..<work.count {
            let goesOn =
                switch record.receipts[part].state {
                case .sent, .unknown: true
                case .sending: try await reconcile(part, work)
                case .waiting: try await send(part, work)
                }
            guard goesOn else { return }
        }
        if try await record.finish(operation: operation, address: address) {
            context.metrics.sent(platform: adapter.platform, operation: operation)
        }
    }

    /// Sends a part; false where the row was given back or ended.
    private mutating func send(_ part: Int, _ work: DeliveryWork) async throws -> Bool {
        if let message = work.message(of: part), let shown = message.digest, shown == work.digest(of: part) {
            // It says already what it is to say.
            record.receipts[part] = message
            return true
        }
        if context.pace.withLock({ $0.isDraining }) {
            try await record.requeue(at: now, note: nil)
            return false
        }
        if let expires = record.row.expiresAt, expires <= now {
            try await record.fail(OutboxNote(code: "expired", message: "Its time was over before it could be sent."))
            return false
        }
        guard try await waitForPace(part, work) else { return false }
        let hasKey = work.hasKey(adapter: adapter, address: address)
        try await record.begin(part, hasKey: hasKey, partsJSON: work.partsJSON)

        let began = now
        let outcome = await work.call(part, adapter: adapter, address: address, key: partKey(part))
        context.metrics.outcome(outcome.metricLabel, platform: adapter.platform)
        context.metrics.duration(now - began, platform: adapter.platform, operation: work.operation(of: part))
        return try await apply(
            context.policy.decide(outcome, attempt(part, work), now: now, jitter: context.jitter.next()),
            to: part,
            work
        )
    }

    /// Finds out what became of a part whose end nobody saw; false where the row was given back or ended.
    private mutating func reconcile(_ part: Int, _ work: DeliveryWork) async throws -> Bool {
        let sentAt = record.receipts[part].at
        let attempt = attempt(part, work)
        let decision: OutcomePolicy.Decision
        if let channel = reconciling(part, work) {
            let earliest = sentAt + context.policy.reconcileDelay
            if now < earliest {
                let message = "The send was interrupted; the platform is asked soon."
                decision = .reconcile(at: earliest, OutboxNote(code: "interrupted", message: message))
            } else {
                // The platform's clock may be behind ours.
                let after = sentAt - .seconds(60)
                let answer = await work.reconcile(channel, address: address, key: partKey(part), sentAfter: after)
                context.metrics.outcome(answer.metricLabel, platform: adapter.platform)
                decision = context.policy.decide(
                    answer,
                    attempt,
                    sentAt: sentAt,
                    now: now,
                    jitter: context.jitter.next()
                )
            }
        } else {
            let interrupted = SendOutcome.unknown(
                code: "interrupted",
                description: "The send was interrupted, and the platform cannot be asked about it."
            )
            decision = context.policy.decide(interrupted, attempt, now: now, jitter: context.jitter.next())
        }
        return try await apply(decision, to: part, work)
    }

    /// Does what the policy says; true where the next part's turn has come.
    private mutating func apply(
        _ decision: OutcomePolicy.Decision,
        to part: Int,
        _ work: DeliveryWork
    ) async throws -> Bool {
        if var message = work.message(of: part), work.count > 1 || message.digest != nil {
            // Until the part is known to be there, nobody can say what the message shows; one that was among several
            // when it was posted may be alone now.
            message.digest = nil
            record.newsForTarget.append(message)
        }
        switch decision {
        case .sent(let messageID):
            record.receipts[part].state = .sent
            record.receipts[part].messageID = messageID
            record.receipts[part].digest = work.digest(of: part)
            record.failures = 0
            // One message alone has no digest, and the one that it had is gone already.
            if operation == .edit, work.count > 1 { record.newsForTarget.append(record.receipts[part]) }
            return true
        case .leaveUnknown(let note):
            record.receipts[part].state = .unknown
            record.unknownNote = note
            record.failures = 0
            return true
        case .reconcile(let moment, let note):
            try await record.giveBackUnknown(askingAt: moment, note: note)
        case .retry(let moment, let failures, let note):
            record.receipts[part].state = .waiting
            record.failures = failures
            try await record.requeue(at: moment, note: note)
        case .slowDown(let moment, let scope, let note):
            record.receipts[part].state = .waiting
            let call = call(part, work)
            context.pace.withLock { $0.limiter.hold(scope, for: call, until: moment) }
            try await record.requeue(at: moment, note: note)
        case .holdWorkspace(let moment, let note):
            record.receipts[part].state = .waiting
            let (platform, workspace) = (record.row.platform, record.row.claim.workspace)
            context.pace.withLock {
                $0.limiter.holdForCredentials(platform: platform, workspace: workspace, until: moment)
            }
            context.logger.warning(
                "The platform refused our credentials; the workspace's messages wait.",
                metadata: ["platform": "\(platform)", "workspace": "\(workspace)"]
            )
            try await record.requeue(at: moment, note: note)
        case .fail(let note):
            record.receipts[part].state = .waiting
            try await record.fail(note)
        }
        return false
    }

    /// Gives the row back where the limits do not allow the call now.
    private mutating func waitForPace(_ part: Int, _ work: DeliveryWork) async throws -> Bool {
        let now = now
        let (call, limits) = (call(part, work), adapter.limits)
        let isEdit = call.operation == .edit
        let message = "\(record.row.claim.workspace) \(record.row.targetKey?.rawValue ?? "") \(part)"
        let verdict = context.pace.withLock { pace in
            if isEdit, let until = pace.throttle.wait(message, now: now) {
                return RateLimiter.Verdict.wait(until: until)
            }
            let verdict = pace.limiter.take(call, limits: limits, now: now)
            if isEdit, verdict == .go { pace.throttle.count(message, interval: limits.editInterval, now: now) }
            return verdict
        }
        switch verdict {
        case .go: return true
        case .wait(let until): try await record.requeue(at: until, note: nil)
        case .held(let until):
            let message = "The workspace waits because the platform refused our credentials."
            try await record.requeue(at: until, note: OutboxNote(code: OutboxStore.authentication, message: message))
        }
        return false
    }

    private func attempt(_ part: Int, _ work: DeliveryWork) -> OutcomePolicy.Attempt {
        OutcomePolicy.Attempt(
            operation: work.operation(of: part),
            failures: record.failures,
            canReconcile: reconciling(part, work) != nil
        )
    }

    private func reconciling(_ part: Int, _ work: DeliveryWork) -> (any ReconcilingChannel)? {
        work.reconciling(part, adapter: adapter, address: address, receipt: record.receipts[part])
    }

    private func call(_ part: Int, _ work: DeliveryWork) -> RateLimiter.Call {
        let operation = work.operation(of: part)
        return RateLimiter.Call(
            platform: record.row.platform,
            workspace: record.row.claim.workspace,
            channel: address.channel,
            operation: operation,
            needsCredentials: operation != .ephemeral || !address.hasResponseURL(at: now)
        )
    }

    /// What names a part on the platform: the same for every try.
    private func partKey(_ part: Int) -> String { "\(record.row.claim.key)#\(part + 1)" }
}
