package import Channels
package import CoreTypes
import Debates
package import Logging
package import Persistence
import Synchronization

/// Keeps the one progress message of each debate up to date.
///
/// Edits that nobody has seen yet are replaced by newer ones.
package struct ProgressReporter: Sendable {
    private let database: any Database
    private let outbox: Outbox
    private let posts: DebatePosts
    private let identifiers: any IdentifierSource
    private let time: any TimeSource
    private let logger: Logger

    /// No more often than this; platforms count edits as messages.
    static let interval = Duration.seconds(2)

    /// Makes a reporter.
    package init(
        database: any Database,
        outbox: Outbox,
        posts: DebatePosts,
        identifiers: any IdentifierSource,
        time: any TimeSource,
        logger: Logger
    ) {
        self.database = database
        self.outbox = outbox
        self.posts = posts
        self.identifiers = identifiers
        self.time = time
        self.logger = logger
    }

    /// Follows one debate.
    func reports(of record: DebateRecord, settings: DebateSettings, job: ClaimedJob, journal: [JournalEntry]) -> Reports
    {
        Reports(reporter: self, record: record, settings: settings, job: job, journal: journal)
    }

    /// The progress of one debate.
    final class Reports: Sendable {
        private let reporter: ProgressReporter
        private let record: DebateRecord
        private let settings: DebateSettings
        private let job: ClaimedJob
        private let address: Address?
        private let projection: Mutex<DebateProjection>
        private let news: AsyncStream<Void>
        private let newsContinuation: AsyncStream<Void>.Continuation

        init(
            reporter: ProgressReporter,
            record: DebateRecord,
            settings: DebateSettings,
            job: ClaimedJob,
            journal: [JournalEntry]
        ) {
            self.reporter = reporter
            self.record = record
            self.settings = settings
            self.job = job
            address = Address(json: record.address)
            projection = Mutex(DebateProjection(journal))
            (news, newsContinuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        }

        /// Takes in what happened; returns at once.
        func note(_ entries: [JournalEntry]) {
            guard address != nil else { return }
            projection.withLock { projection in
                for entry in entries { projection.apply(entry) }
            }
            newsContinuation.yield()
        }

        /// Writes edits until the task is cancelled.
        func run() async {
            var last = ""
            for await _ in news {
                guard !Task.isCancelled, let line = await edit(after: last) else { continue }
                last = line
                try? await reporter.time.sleep(for: ProgressReporter.interval)
            }
        }

        /// Edits the message unless it says so already.
        ///
        /// Not inlined: a thousand debates may wait in `run`.
        /// - Returns: What it says now; nil where nothing is to be said.
        @inline(never)
        private func edit(after last: String) async -> String? {
            guard let address else { return nil }
            let (post, line) = projection.withLock { projection in
                (
                    reporter.posts.progress(of: record, settings: settings, projection),
                    DebateWords.progressLine(projection)
                )
            }
            guard line != last else { return nil }
            await reporter.edit(record, post, at: address, job: job)
            return line
        }
    }

    /// Shows where a debate stands, in the transaction that holds it there: nothing follows soon that would show more.
    /// - Throws: `DatabaseError`.
    func show(
        _ projection: DebateProjection,
        of record: DebateRecord,
        _ settings: DebateSettings,
        in transaction: borrowing Transaction
    ) throws {
        guard let address = Address(json: record.address), !record.isUnreachable else { return }
        let post = posts.progress(of: record, settings: settings, projection)
        try edit(record, post, at: address, in: transaction)
    }

    private func edit(
        _ record: DebateRecord,
        _ post: Post,
        at address: Address,
        in transaction: borrowing Transaction
    ) throws {
        try outbox.edit(
            target: OutboxKey("\(record.id)/start"),
            post: post,
            address: address,
            key: OutboxKey(identifiers.next()),
            coalesceKey: "\(record.id)/progress",
            context: DeliveryContext(role: .progress, debate: record.id).json,
            in: transaction
        )
    }

    private func edit(_ record: DebateRecord, _ post: Post, at address: Address, job: ClaimedJob) async {
        do {
            try await database.write { transaction in
                try JobQueue().assertHeld(JobClaim(id: job.id, fence: job.fence), in: transaction)
                try edit(record, post, at: address, in: transaction)
            }
            await database.notify(.outbox)
        } catch {
            // The next edit, or the verdict, says more than this one would have.
            logger.debug("A progress edit was left out.", metadata: ["error": "\(error)"])
        }
    }
}
