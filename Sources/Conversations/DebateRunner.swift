package import Channels
package import CoreTypes
import Debates
package import Logging
import Metrics
package import Persistence

/// Runs the jobs of debates: takes each up from its journal, and ends it in one transaction with everything that
/// follows from its end.
package struct DebateRunner: Sendable {
    let database: any Database
    let panel: any PanelSource
    let adapters: [String: any ChannelAdapter]
    let journalWriter: Persistence.JournalWriter
    let journal: JournalStore
    let concluder: DebateConcluder
    let progress: ProgressReporter
    let gate: (any BreakpointGate)?
    let time: any TimeSource
    let logger: Logger
    private let events: any WorkspaceEventSink
    private let debates = DebateStore()
    private let queue = JobQueue()

    /// How many messages of a thread become background.
    private static let historyLimit = 50

    /// How long a job sleeps whose debate waits for people; a decision wakes it before.
    private static let recheck = Duration.seconds(3600)

    /// Makes a runner.
    /// - Parameter events: who hears that a debate has begun.
    /// - Parameter gate: who asks people about debates that wait; without one, none waits.
    package init(
        database: any Database,
        panel: any PanelSource,
        adapters: [any ChannelAdapter],
        journalWriter: Persistence.JournalWriter,
        concluder: DebateConcluder,
        progress: ProgressReporter,
        events: any WorkspaceEventSink = NoSubscribers(),
        gate: (any BreakpointGate)? = nil,
        time: any TimeSource,
        logger: Logger
    ) {
        self.database = database
        self.panel = panel
        self.adapters = Dictionary(adapters.map { ($0.platform, $0) }, uniquingKeysWith: { first, _ in first })
        self.journalWriter = journalWriter
        self.journal = JournalStore(database)
        self.concluder = concluder
        self.progress = progress
        self.events = events
        self.gate = gate
        self.time = time
        self.logger = logger
    }

    /// What a job worker does for debates.
    package var handler: JobWorker.Handler {
        JobWorker.Handler(
            run: { try await run($0, signals: $1) },
            giveUp: { try concluder.giveUp($0, reason: $1, in: $2) }
        )
    }

    private func run(_ job: ClaimedJob, signals: AsyncStream<JobWorker.Signal>) async throws {
        let id = DebateID(job.id.rawValue)
        let (record, entries) = try await database.read { transaction in
            (
                try debates.find(id, workspace: job.workspaceID, in: transaction),
                try journal.entries(of: id, workspace: job.workspaceID, in: transaction)
            )
        }
        guard let record, !record.status.isFinal else {
            try await database.write { transaction in
                try queue.complete(JobClaim(id: job.id, fence: job.fence), now: time.now(), in: transaction)
            }
            return
        }
        let people = PeopleNames(channel: adapters[record.platform], workspace: record.workspace)
        let settings = try await settings(of: record, people)
        let waiting = entries.isEmpty ? nil : DebateProjection(entries).waiting
        let resolution = try await resolution(of: waiting, record)
        if let waiting, resolution == nil, !record.cancelRequested {
            return try await pause(record, at: waiting, entries, job: job)
        }
        let background = entries.isEmpty ? await background(of: record, settings, people) : settings.background
        try await database.write { transaction in
            try queue.assertHeld(JobClaim(id: job.id, fence: job.fence), in: transaction)
            try debates.start(id, workspace: record.workspace, now: time.now(), in: transaction)
            if record.status == .created {
                try events.publish(record.event("debate_start", at: time.now(), data: [:]), in: transaction)
            }
        }
        let writing = JobJournal(writer: journalWriter, job: job, debate: id)
        let reports = progress.reports(of: record, settings: settings, job: job, journal: entries)
        let arena = Arena(
            description: DebateDescription(
                id: id,
                workspace: record.workspace,
                task: record.task,
                background: background,
                requestedBy: record.requestedBy,
                settings: settings.debateProtocol
            ),
            panel: seats(settings.agents),
            journal: writing,
            inputs: StoredInputs(database: database, debate: id, workspace: record.workspace, people: people),
            time: time,
            observer: { reports.note($0) }
        )
        // Before it runs, so that nobody is asked any more.
        if record.cancelRequested {
            arena.cancel(requestedBy: await people.name(of: record.stoppedBy ?? Self.somebody))
        }
        let outcome = try await withThrowingTaskGroup(of: DebateOutcome?.self) { group in
            group.addTask { try await arena.run(replaying: entries, resolution: resolution) }
            group.addTask {
                for await signal in signals where signal == .cancel {
                    let now = try? await database.read { try debates.find(id, workspace: record.workspace, in: $0) }
                    arena.cancel(requestedBy: await people.name(of: now?.stoppedBy ?? Self.somebody))
                }
                return nil
            }
            group.addTask {
                await reports.run()
                return nil
            }
            defer { group.cancelAll() }
            while let finished = try await group.next() {
                if let finished { return finished }
            }
            throw CancellationError()
        }
        if let breakpoint = outcome.waiting {
            return try await pause(record, at: breakpoint, outcome.entries, job: job)
        }
        if let waiting, resolution == nil, let gate {
            try await database.write { try gate.withdraw(waiting, of: record, in: $0) }
        }
        try await concluder.conclude(record, settings: settings, outcome, job: job)
        Counter(label: "aragora_debates_total", dimensions: [("status", outcome.result.status.rawValue)]).increment()
    }

    /// What was chosen, with the asker's name: a platform's event may have their id alone.
    private func settings(of record: DebateRecord, _ people: PeopleNames) async throws -> DebateSettings {
        var settings = try DebateSettings(json: record.settings)
        if settings.requester == nil {
            let name = await people.name(of: record.requestedBy)
            if name != record.requestedBy { settings.requester = name }
        }
        return settings
    }

    private static let somebody = "somebody"

    /// What people decided; a debate that nobody can be asked about goes on, and a verdict is withheld.
    private func resolution(of breakpoint: DebateBreakpoint?, _ record: DebateRecord) async throws
        -> BreakpointResolution?
    {
        guard let breakpoint else { return nil }
        guard let gate else {
            let action: BreakpointResolution.Action = breakpoint.isRelease ? .abort : .continue
            return BreakpointResolution(number: breakpoint.number, action: action, by: "nobody")
        }
        return try await database.read { try gate.resolution(of: breakpoint, debate: record, in: $0) }
    }

    /// Asks people and puts the job to sleep: nothing is held while they think.
    /// - Parameter entries: the journal, from which alone it is read what people see: whoever takes the debate up after
    ///   a crash asks the same.
    private func pause(
        _ record: DebateRecord,
        at breakpoint: DebateBreakpoint,
        _ entries: [JournalEntry],
        job: ClaimedJob
    ) async throws {
        let context = breakpoint.isRelease ? DebateProjection(entries).answerSoFar : "The question: \(record.task)"
        try await database.write { transaction in
            let now = time.now()
            let claim = JobClaim(id: job.id, fence: job.fence)
            // First the job, whose row the decision locks too: either it sees the sleeping job, or this sees it.
            try queue.release(claim, runAt: gate == nil ? now : now + Self.recheck, now: now, in: transaction)
            guard let gate else { return }
            try gate.ask(about: breakpoint, of: record, context: context, in: transaction)
            if try gate.resolution(of: breakpoint, debate: record, in: transaction) != nil {
                try queue.wake(job.id, workspaceID: record.workspace, now: now, in: transaction)
            }
        }
        await database.notify(.debate(record.id))
        await database.notify(.outbox)
        await database.notify(.jobs)
    }

    /// The agents that were chosen; those that are not configured any more fail their calls.
    private func seats(_ names: [String]) -> [any Agent] {
        names.map { name in
            (try? panel.panel(named: [name]).first { $0.profile.name == name }) ?? AbsentAgent(name: name)
        }
    }

    /// What the panel should know: what was given with the question, who is mentioned in it, and the thread's earlier
    /// messages.
    private func background(
        of record: DebateRecord,
        _ settings: DebateSettings,
        _ people: PeopleNames
    ) async -> String {
        let given = [settings.background, await people.line(about: record.task)].filter { !$0.isEmpty }
            .joined(separator: "\n\n")
        guard let address = Address(json: record.address), address.thread != nil,
            let channel = adapters[record.platform] as? any HistoryChannel
        else { return given }
        do {
            // A question from a form has no message; the one that it was asked about may say the same.
            let messages = try await channel.history(
                of: address,
                before: record.metadata["message"]?.string,
                limit: Self.historyLimit
            ).filter { $0.text != record.task }
            guard !messages.isEmpty else { return given }
            let thread = await people.named(
                messages.map { "\($0.author): \($0.text)" }.joined(separator: "\n")
            )
            let parts = [given, "Earlier messages of the thread:\n\(thread)"]
            return parts.filter { !$0.isEmpty }.joined(separator: "\n\n")
        } catch {
            logger.notice("The thread's earlier messages could not be read.", metadata: ["error": "\(error)"])
            return given
        }
    }
}

/// Sits in for an agent whose provider is not configured any more.
private struct AbsentAgent: Agent {
    let profile: AgentProfile

    init(name: String) {
        profile = AgentProfile(name: name, provider: "none", model: "none")
    }

    private var error: AgentError {
        AgentError(.authentication, "The agent \(profile.name) is not configured any more.")
    }

    func generate(_ request: GenerateRequest, call: AgentCall) async throws -> Reply<String> { throw error }
    func critique(_ request: CritiqueRequest, call: AgentCall) async throws -> Reply<Critique> { throw error }
    func vote(_ request: VoteRequest, call: AgentCall) async throws -> Reply<Vote> { throw error }
}
