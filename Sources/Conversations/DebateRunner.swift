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
    let time: any TimeSource
    let logger: Logger
    private let events: any WorkspaceEventSink
    private let debates = DebateStore()
    private let queue = JobQueue()

    /// How many messages of a thread become background.
    private static let historyLimit = 50

    /// Makes a runner.
    /// - Parameter events: who hears that a debate has begun.
    package init(
        database: any Database,
        panel: any PanelSource,
        adapters: [any ChannelAdapter],
        journalWriter: Persistence.JournalWriter,
        concluder: DebateConcluder,
        progress: ProgressReporter,
        events: any WorkspaceEventSink = NoSubscribers(),
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
        let settings = try DebateSettings(json: record.settings)
        let background = entries.isEmpty ? await background(of: record, settings) : settings.background
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
            inputs: StoredInputs(database: database, debate: id, workspace: record.workspace),
            time: time,
            observer: { reports.note($0) }
        )
        // Before it runs, so that nobody is asked any more.
        if record.cancelRequested { arena.cancel(requestedBy: record.stoppedBy ?? Self.somebody) }
        let outcome = try await withThrowingTaskGroup(of: DebateOutcome?.self) { group in
            group.addTask { try await arena.run(replaying: entries) }
            group.addTask {
                for await signal in signals where signal == .cancel {
                    let now = try? await database.read { try debates.find(id, workspace: record.workspace, in: $0) }
                    arena.cancel(requestedBy: now?.stoppedBy ?? Self.somebody)
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
        try await concluder.conclude(record, settings: settings, outcome, job: job)
        Counter(label: "aragora_debates_total", dimensions: [("status", outcome.result.status.rawValue)]).increment()
    }

    private static let somebody = "somebody"

    /// The agents that were chosen; those that are not configured any more fail their calls.
    private func seats(_ names: [String]) -> [any Agent] {
        names.map { name in
            (try? panel.panel(named: [name]).first { $0.profile.name == name }) ?? AbsentAgent(name: name)
        }
    }

    /// What the panel should know: what was given with the question, and the thread's earlier messages.
    private func background(of record: DebateRecord, _ settings: DebateSettings) async -> String {
        guard let address = Address(json: record.address), address.thread != nil,
            let channel = adapters[record.platform] as? any HistoryChannel
        else { return settings.background }
        do {
            let messages = try await channel.history(of: address, limit: Self.historyLimit)
                .filter { $0.text != record.task }
            guard !messages.isEmpty else { return settings.background }
            let thread = messages.map { "\($0.author): \($0.text)" }.joined(separator: "\n")
            let parts = [settings.background, "Earlier messages of the thread:\n\(thread)"]
            return parts.filter { !$0.isEmpty }.joined(separator: "\n\n")
        } catch {
            logger.notice("The thread's earlier messages could not be read.", metadata: ["error": "\(error)"])
            return settings.background
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
