package import Channels
package import CoreTypes
package import Logging
import Metrics
package import Persistence

/// Works off the inbox: reads each row by its adapter, carries out what it says, and completes it, all in one
/// transaction.
///
/// Any number of processes may do so beside one another.
package struct InboxWorker: Sendable {
    private let database: any Database
    private let adapters: [String: any ChannelAdapter]
    private let handler: EventHandler
    private let time: any TimeSource
    private let logger: Logger
    private let makesWay: @Sendable () -> Bool
    private let pulse: @Sendable () -> Void
    private let inbox = InboxStore()

    /// How many rows one transaction takes at most.
    private static let batch = 256
    /// A row that fails this often is set aside and shown to the operator.
    private static let maximumAttempts = 8
    /// How many it takes with names that had to be asked for: nobody else waits for those.
    private static let namingBatch = 16
    /// How long a batch waits for what one person is called.
    private static let patience = Duration.seconds(3)

    /// Makes a worker.
    /// - Parameters:
    ///   - makesWay: whether senders crowd, who have to be acknowledged in time; what they sent can wait a little.
    ///   - pulse: called each time that the loop goes round.
    package init(
        database: any Database,
        adapters: [any ChannelAdapter],
        handler: EventHandler,
        time: any TimeSource,
        logger: Logger,
        makesWay: @escaping @Sendable () -> Bool = { false },
        pulse: @escaping @Sendable () -> Void = {}
    ) {
        self.database = database
        self.adapters = Dictionary(adapters.map { ($0.platform, $0) }, uniquingKeysWith: { first, _ in first })
        self.handler = handler
        self.time = time
        self.logger = logger
        self.makesWay = makesWay
        self.pulse = pulse
    }

    /// Works until the task is cancelled; what is not finished then stays in the inbox.
    package func run() async {
        await WakeUpLoop(wakeUps: database.wakeUps, interest: .inbox, time: time).run {
            do {
                while try await workConsiderately(), !Task.isCancelled {}
            } catch is CancellationError {
                // Shut down: what was not committed stays in the inbox.
            } catch {
                Counter(label: "aragora_inbox_failures_total").increment()
                database.wakeUps.noteFailure(of: "inbox", error, at: time.now(), logger)
            }
        }
    }

    /// Works off one batch, and rests a little where senders crowd.
    /// - Returns: whether there may be more.
    private func workConsiderately() async throws -> Bool {
        pulse()
        let start = time.now()
        let outcome = try await workOff()
        database.wakeUps.noteSuccess(of: "inbox", at: time.now(), logger)
        if makesWay() {
            let rest = Self.rest(worked: time.now() - start, waited: start - (outcome.oldest ?? start))
            try await time.sleep(for: rest)
        }
        return outcome.isFull
    }

    /// How long to rest where senders crowd.
    /// - Parameters:
    ///   - worked: how long the last batch took.
    ///   - waited: how long the first of it had waited before; what senders wait for must not starve the rest.
    static func rest(worked: Duration, waited: Duration) -> Duration {
        waited < .seconds(10) ? min(worked * 19, .seconds(1)) : .zero
    }

    /// Works off one batch.
    /// - Returns: how many rows were taken.
    /// - Throws: `DatabaseError`.
    package func workOnce() async throws -> Int {
        try await workOff().count
    }

    private func workOff() async throws -> Outcome {
        var names: [UnnamedActor: String] = [:]
        while true {
            do {
                let known = names
                let outcome = try await database.write { try workOff(calling: known, in: $0) }
                if outcome.acted {
                    await database.notify(.outbox)
                    await database.notify(.jobs)
                }
                return outcome
            } catch let unnamed as UnnamedActor {
                // Its transaction is gone: the rows are taken once more, with the name.
                names[unnamed] = await name(of: unnamed)
                try Task.checkCancellation()
            } catch let spoilt as SpoiltRow {
                // Its transaction is gone, and the rows beside it will be taken again.
                try await database.write { try setAside(spoilt.row, spoilt.description, in: $0) }
                return Outcome(count: 1, isFull: false, acted: false, oldest: spoilt.row.receivedAt)
            }
        }
    }

    /// What somebody is called; their id where the platform does not say it in time.
    private func name(of actor: UnnamedActor) async -> String {
        let people = PeopleNames(channel: adapters[actor.platform], workspace: actor.workspace)
        return await withTaskGroup(of: String?.self) { group in
            group.addTask { await people.name(of: actor.id) }
            group.addTask {
                try? await time.sleep(for: Self.patience)
                return nil
            }
            defer { group.cancelAll() }
            let first = await group.next()
            return (first ?? nil) ?? actor.id
        }
    }

    /// What one batch was.
    private struct Outcome {
        let count: Int
        /// Whether there may be more.
        let isFull: Bool
        /// Whether something is to be sent or done because of it.
        let acted: Bool
        /// When the first of it was received.
        let oldest: Timestamp?
    }

    /// A row that cannot be handled, and why.
    private struct SpoiltRow: Error {
        let row: InboxRow
        let description: String
    }

    /// - Parameter names: what those are called whose events did not say it.
    private func workOff(
        calling names: [UnnamedActor: String],
        in transaction: borrowing Transaction
    ) throws -> Outcome {
        let limit = names.isEmpty ? Self.batch : Self.namingBatch
        let rows = try inbox.claim(limit: limit, now: time.now(), in: transaction)
        var finished: [Int64] = []
        finished.reserveCapacity(rows.count)
        var acted = false
        for row in rows {
            let events: [InboundEvent]
            do {
                guard let adapter = adapters[row.platform] else {
                    throw ConversationError(.unreadable, "No adapter reads the platform \(row.platform).")
                }
                events = try adapter.interpret(StoredEvent(row))
            } catch {
                try setAside(row, Self.describe(error), in: transaction)
                continue
            }
            do {
                for event in events {
                    let name = names.isEmpty ? nil : names[UnnamedActor(of: event)]
                    try handler.handle(name.map(event.called) ?? event, in: transaction)
                }
            } catch let error as DatabaseError where error.isRetryable {
                throw error
            } catch let unnamed as UnnamedActor where names[unnamed] == nil {
                throw unnamed
            } catch {
                throw SpoiltRow(row: row, description: Self.describe(error))
            }
            acted = acted || !events.isEmpty
            finished.append(row.id)
        }
        try inbox.complete(ids: finished, in: transaction)
        return Outcome(
            count: rows.count,
            isFull: rows.count == limit,
            acted: acted,
            oldest: rows.map(\.receivedAt).min()
        )
    }

    private static func describe(_ error: any Error) -> String {
        (error as? any CodedError)?.description ?? "The event could not be handled."
    }

    private func setAside(_ row: InboxRow, _ description: String, in transaction: borrowing Transaction) throws {
        let attempts = row.attempts + 1
        logger.error(
            "An event could not be handled.",
            metadata: ["platform": "\(row.platform)", "shape": "\(row.shape)", "error": "\(description)"]
        )
        try inbox.fail(
            id: row.id,
            error: description,
            retryAt: time.now() + .seconds(1 << min(attempts, 8)),
            giveUp: attempts >= Self.maximumAttempts,
            in: transaction
        )
    }
}

extension StoredEvent {
    init(_ row: InboxRow) {
        self.init(
            workspace: row.workspaceID,
            eventKey: row.eventKey,
            shape: row.shape,
            conversationKey: row.conversationKey,
            body: row.body,
            receivedAt: row.receivedAt
        )
    }
}
