import Channels
import CoreTypes
import Debates
import Persistence

extension DebateRunner {
    /// Takes a debate up where its journal ends.
    /// - Returns: nil where there is nothing to run: it has ended, or waits for people.
    @inline(never)
    func begin(_ job: ClaimedJob) async throws -> DebateTurn? {
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
            return nil
        }
        let people = PeopleNames(channel: adapters[record.platform], workspace: record.workspace)
        let settings = try await settings(of: record, people)
        let waiting = entries.isEmpty ? nil : DebateProjection(entries).waiting
        let resolution = try await resolution(of: waiting, record)
        if let waiting, resolution == nil, !record.cancelRequested {
            try await pause(record, at: waiting, entries, job: job)
            return nil
        }
        let background = entries.isEmpty ? await background(of: record, settings) : settings.background
        try await database.write { transaction in
            try debates.start(id, workspace: record.workspace, now: time.now(), in: transaction)
            try queue.assertHeld(JobClaim(id: job.id, fence: job.fence), in: transaction)
            if record.status == .created {
                try events.publish(record.event("debate_start", at: time.now(), data: [:]), in: transaction)
            }
        }
        let reports = progress.reports(of: record, settings: settings, job: job, journal: entries)
        let written = JobJournal(writer: journalWriter, job: job, debate: id)
        let arena = Arena(
            description: DebateDescription(
                id: id,
                workspace: record.workspace,
                task: record.task,
                background: background,
                requestedBy: record.requestedBy,
                settings: settings.debateProtocol
            ),
            panel: seats(settings.agents, isResumed: !entries.isEmpty),
            journal: written,
            inputs: StoredInputs(database: database, debate: id, workspace: record.workspace, people: people),
            time: time,
            observer: { reports.note($0) },
            drafts: drafts
        )
        // Before it runs, so that nobody is asked any more.
        if record.cancelRequested {
            arena.cancel(requestedBy: await people.name(of: record.stoppedBy ?? Self.somebody))
        }
        return DebateTurn(
            job: job,
            record: record,
            settings: settings,
            people: people,
            entries: entries,
            waiting: waiting,
            resolution: resolution,
            arena: arena,
            journal: written,
            reports: reports
        )
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

    private func background(of record: DebateRecord, _ settings: DebateSettings) async -> String {
        await backgrounds.background(
            of: record.task,
            given: settings.background,
            asked: Address(json: record.address),
            in: record.fact("message")?.string
        )
    }

    /// The agents that were chosen; those that are not configured any more fail their calls.
    ///
    /// Where the journal names the panel, a seat without its agent stays empty: nobody stands in for it.
    private func seats(_ names: [String], isResumed: Bool) -> [any Agent] {
        names.compactMap { name in
            let agent = try? panel.panel(named: [name]).first { $0.profile.name == name }
            return agent ?? (isResumed ? nil : AbsentAgent(name: name))
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
