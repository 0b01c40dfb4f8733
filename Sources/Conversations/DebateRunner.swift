package import Channels
package import CoreTypes
package import Debates
package import Logging
import Metrics
package import Persistence

/// Runs the jobs of debates: takes each up from its journal, and ends it in one transaction with everything that
/// follows from its end.
package struct DebateRunner: Sendable {
    let database: any Database
    let panel: any PanelSource
    let adapters: [String: any ChannelAdapter]
    let backgrounds: ThreadBackgrounds
    let journalWriter: Persistence.JournalWriter
    let journal: JournalStore
    let concluder: DebateConcluder
    let progress: ProgressReporter
    let drafts: LiveDrafts
    let gate: (any BreakpointGate)?
    let time: any TimeSource
    let events: any WorkspaceEventSink
    let debates = DebateStore()
    let queue = JobQueue()

    /// How long a run that was stopped waits for the disk.
    private static let patience = Duration.seconds(2)
    /// How long a job sleeps whose debate waits for people; a decision wakes it before.
    private static let recheck = Duration.seconds(3600)

    /// Makes a runner.
    /// - Parameters:
    ///   - drafts: where the texts of this process's debates are shown while they are written.
    ///   - events: who hears that a debate has begun.
    ///   - gate: who asks people about debates that wait; without one, none waits.
    package init(
        database: any Database,
        panel: any PanelSource,
        adapters: [any ChannelAdapter],
        journalWriter: Persistence.JournalWriter,
        concluder: DebateConcluder,
        progress: ProgressReporter,
        drafts: LiveDrafts = LiveDrafts(),
        events: any WorkspaceEventSink = NoSubscribers(),
        gate: (any BreakpointGate)? = nil,
        time: any TimeSource,
        logger: Logger
    ) {
        self.database = database
        self.panel = panel
        self.adapters = Dictionary(adapters.map { ($0.platform, $0) }, uniquingKeysWith: { first, _ in first })
        self.backgrounds = ThreadBackgrounds(adapters: self.adapters, logger: logger)
        self.journalWriter = journalWriter
        self.journal = JournalStore(database)
        self.concluder = concluder
        self.progress = progress
        self.drafts = drafts
        self.events = events
        self.gate = gate
        self.time = time
    }

    /// What a job worker does for debates.
    package var handler: JobWorker.Handler {
        JobWorker.Handler(
            run: { try await run($0, signals: $1) },
            hold: { try concluder.hold($0, in: $1) },
            giveUp: { try concluder.giveUp($0, reason: $1, in: $2) }
        )
    }

    /// Begins, runs and ends a debate.
    ///
    /// A thousand debates may wait here for slow models: what each needs meanwhile is one object, and the frames of the
    /// steps before and after are gone, which is why these are not inlined.
    private func run(_ job: ClaimedJob, signals: AsyncStream<JobWorker.Signal>) async throws {
        guard let turn = try await begin(job) else { return }
        try await end(turn, try await debate(turn, signals))
    }

    private func debate(_ turn: DebateTurn, _ signals: AsyncStream<JobWorker.Signal>) async throws -> DebateOutcome {
        try await withThrowingTaskGroup(of: DebateOutcome?.self) { group in
            group.addTask {
                do {
                    let outcome = try await turn.arena.run(replaying: turn.entries, resolution: turn.resolution)
                    try await turn.journal.flush()
                    return outcome
                } catch {
                    // The job is given back after this: what was answered before is on its way, and is not paid again.
                    await turn.journal.settle(within: Self.patience, time: time)
                    throw error
                }
            }
            group.addTask {
                for await signal in signals where signal == .cancel { await cancel(turn) }
                return nil
            }
            group.addTask {
                await turn.reports.run()
                return nil
            }
            defer { group.cancelAll() }
            while let finished = try await group.next() {
                if let finished { return finished }
            }
            throw CancellationError()
        }
    }

    @inline(never)
    private func cancel(_ turn: DebateTurn) async {
        let now = try? await database.read {
            try debates.find(turn.record.id, workspace: turn.record.workspace, in: $0)
        }
        turn.arena.cancel(requestedBy: await turn.people.name(of: now?.stoppedBy ?? Self.somebody))
    }

    @inline(never)
    private func end(_ turn: DebateTurn, _ outcome: DebateOutcome) async throws {
        if let breakpoint = outcome.waiting {
            return try await pause(
                turn.record,
                at: breakpoint,
                outcome.entries,
                job: turn.job,
                settings: turn.settings
            )
        }
        if let waiting = turn.waiting, turn.resolution == nil, let gate {
            try await database.write { try gate.withdraw(waiting, of: turn.record, in: $0) }
        }
        guard try await concluder.conclude(turn.record, settings: turn.settings, outcome, job: turn.job) else { return }
        Counter(label: "aragora_debates_total", dimensions: [("status", outcome.result.status.rawValue)]).increment()
    }

    static let somebody = "somebody"

    /// Asks people and puts the job to sleep: nothing is held while they think.
    /// - Parameters:
    ///   - entries: the journal, from which alone it is read what people see: whoever takes the debate up after a crash
    ///     asks the same.
    ///   - settings: of a debate that begins to wait, which its message has to show; nil where it waits already.
    func pause(
        _ record: DebateRecord,
        at breakpoint: DebateBreakpoint,
        _ entries: [JournalEntry],
        job: ClaimedJob,
        settings: DebateSettings? = nil
    ) async throws {
        let projection = DebateProjection(entries)
        let context = breakpoint.isRelease ? projection.answerSoFar : BreakpointBriefing(record, projection).text
        try await database.write { transaction in
            let now = time.now()
            let claim = JobClaim(id: job.id, fence: job.fence)
            // First the job, whose row the decision locks too: either it sees the sleeping job, or this sees it.
            let runAt = gate == nil ? now : now + Self.recheck
            let isToStop = try queue.release(claim, runAt: runAt, now: now, in: transaction)
            guard let gate, !isToStop else { return }
            if let settings { try progress.show(projection, of: record, settings, in: transaction) }
            try gate.ask(about: breakpoint, of: record, context: context, in: transaction)
            if try gate.resolution(of: breakpoint, debate: record, in: transaction) != nil {
                try queue.wake(job.id, workspaceID: record.workspace, now: now, in: transaction)
            }
        }
        await database.notify(.debate(record.id))
        await database.notify(.outbox)
        await database.notify(.jobs)
    }
}
