package import Channels
package import CoreTypes
package import Debates
package import Persistence

/// Ends debates: the journal's last entries, the row, the receipt, the verdict and the job, in one transaction.
package struct DebateConcluder: Sendable {
    private let database: any Database
    private let outbox: Outbox
    private let posts: DebatePosts
    private let signer: ReceiptSigner
    private let tokens: ButtonTokens
    private let time: any TimeSource
    private let events: DebateEvents
    private let journal: JournalStore
    private let debates = DebateStore()
    private let inputs = DebateInputStore()
    private let receipts = ReceiptStore()
    private let queue = JobQueue()

    /// Makes the concluder.
    /// - Parameter events: who hears how debates end.
    package init(
        database: any Database,
        outbox: Outbox,
        posts: DebatePosts,
        signer: ReceiptSigner,
        events: any WorkspaceEventSink = NoSubscribers(),
        time: any TimeSource,
        identifiers: any IdentifierSource
    ) {
        self.database = database
        self.outbox = outbox
        self.posts = posts
        self.signer = signer
        self.time = time
        self.events = DebateEvents(sink: events)
        self.tokens = ButtonTokens(identifiers: identifiers, time: time)
        self.journal = JournalStore(database)
    }

    /// Ends a debate whose arena came to its end, unless it was stopped meanwhile: then its job goes back, and whoever
    /// takes it up again ends it as stopped.
    /// - Returns: whether it has ended.
    /// - Throws: `DatabaseError`, `leaseLost` among them: then somebody else ends it.
    func conclude(
        _ record: DebateRecord,
        settings: DebateSettings,
        _ outcome: DebateOutcome,
        job: ClaimedJob
    ) async throws -> Bool {
        let receipt = try Receipt(of: outcome.entries, signedBy: signer)
        let projection = DebateProjection(outcome.entries)
        let hasEnded = try await database.write { transaction in
            let now = time.now()
            let claim = JobClaim(id: job.id, fence: job.fence)
            let held = try debates.hold(record.id, workspace: record.workspace, in: transaction)
            if held?.cancelRequested == true, outcome.result.status == .completed {
                try queue.release(claim, runAt: now, now: now, in: transaction)
                return false
            }
            try queue.complete(claim, now: now, in: transaction)
            if let first = outcome.finalEntries.first {
                try journal.append(
                    JournalSegment(
                        workspaceID: record.workspace,
                        debateID: record.id,
                        claim: claim,
                        firstSequence: first.sequence,
                        count: outcome.finalLines.count,
                        lines: outcome.finalLines.bytes,
                        head: outcome.finalLines.head.bytes
                    ),
                    now: now,
                    in: transaction
                )
            }
            let result = outcome.result
            _ = try debates.conclude(
                record.id,
                workspace: record.workspace,
                with: DebateConclusion(
                    status: DebateRecord.Status(rawValue: result.status.rawValue) ?? .failed,
                    winner: result.winner,
                    confidence: result.confidence,
                    consensusReached: result.consensusReached
                ),
                now: now,
                in: transaction
            )
            try receipts.insert(
                receipt.document,
                receiptID: receipt.id,
                debate: record.id,
                workspace: record.workspace,
                now: now,
                in: transaction
            )
            try events.tellEnd(
                of: record,
                result,
                isHeldBack: projection.isHeldBack,
                receiptID: receipt.id,
                at: now,
                in: transaction
            )
            // The workspace may have removed the app while the debate ran.
            if held?.isUnreachable == true {
                try leaveUntold(record, in: transaction)
            } else {
                try announce(record, settings, projection, in: transaction)
            }
            return true
        }
        await database.notify(.debate(record.id))
        await database.notify(hasEnded ? .outbox : .jobs)
        return hasEnded
    }

    private func announce(
        _ record: DebateRecord,
        _ settings: DebateSettings,
        _ projection: DebateProjection,
        in transaction: borrowing Transaction
    ) throws {
        guard let address = Address(json: record.address), let result = projection.result else { return }
        try finish(record, settings, result, at: address, in: transaction)
        let late = try inputs.count(
            of: record.id,
            workspace: record.workspace,
            after: projection.evidenceCursor,
            in: transaction
        )
        var verdict = posts.verdict(of: record, projection, tokens: try buttons(record, in: transaction), late: late)
        verdict.mention = settings.mention
        try outbox.post(
            verdict,
            to: address.followingUp,
            key: OutboxKey("\(record.id)/verdict"),
            context: DeliveryContext(role: .verdict, debate: record.id).json,
            in: transaction
        )
    }

    /// Nothing is to wait for a place that is gone.
    private func leaveUntold(_ record: DebateRecord, in transaction: borrowing Transaction) throws {
        try OutboxStore().abandon(
            coalesceKey: "\(record.id)/progress",
            workspace: record.workspace,
            note: .uninstalled,
            now: time.now(),
            in: transaction
        )
    }

    /// Changes the message that showed the progress to its last state, without its button.
    private func finish(
        _ record: DebateRecord,
        _ settings: DebateSettings,
        _ result: DebateResult?,
        at address: Address,
        in transaction: borrowing Transaction
    ) throws {
        try outbox.edit(
            target: OutboxKey("\(record.id)/start"),
            post: posts.finished(record, settings: settings, result: result),
            address: address,
            key: OutboxKey("\(record.id)/finished"),
            coalesceKey: "\(record.id)/progress",
            context: DeliveryContext(role: .progress, debate: record.id).json,
            in: transaction
        )
    }

    private func buttons(
        _ record: DebateRecord,
        in transaction: borrowing Transaction
    ) throws -> DebatePosts.VerdictTokens {
        let payload: JSONValue = ["debate_id": .string(record.id.rawValue)]
        func issue(_ action: String, in transaction: borrowing Transaction) throws -> String {
            try tokens.issue(action, payload: payload, workspace: record.workspace, in: transaction)
        }
        return DebatePosts.VerdictTokens(
            details: try issue("details", in: transaction),
            receipt: try issue("receipt", in: transaction),
            agree: try issue("agree", in: transaction),
            disagree: try issue("disagree", in: transaction),
            again: try issue("again", in: transaction)
        )
    }

    /// Holds the debate of a job that may have come to a bad end.
    /// - Throws: `DatabaseError`.
    func hold(_ job: ClaimedJob, in transaction: borrowing Transaction) throws {
        _ = try debates.hold(DebateID(job.id.rawValue), workspace: job.workspaceID, in: transaction)
    }

    /// Tells those who wait that a debate could not be brought to its end.
    /// - Throws: `DatabaseError`.
    func giveUp(_ job: ClaimedJob, reason: String, in transaction: borrowing Transaction) throws {
        let id = DebateID(job.id.rawValue)
        guard let record = try debates.find(id, workspace: job.workspaceID, in: transaction),
            try debates.conclude(
                id,
                workspace: job.workspaceID,
                with: DebateConclusion(status: .failed),
                now: time.now(),
                in: transaction
            )
        else { return }
        try events.tellFailure(of: record, reason: reason, at: time.now(), in: transaction)
        guard let address = Address(json: record.address) else { return }
        guard !record.isUnreachable else { return try leaveUntold(record, in: transaction) }
        // Settings that cannot be read may be why it failed.
        let settings = try? DebateSettings(json: record.settings)
        if let settings {
            try finish(record, settings, nil, at: address, in: transaction)
        }
        var failure = posts.failure(of: record, reason: reason)
        failure.mention = settings?.mention
        try outbox.post(
            failure,
            to: address.followingUp,
            key: OutboxKey("\(id)/verdict"),
            context: DeliveryContext(role: .verdict, debate: id).json,
            in: transaction
        )
    }
}
