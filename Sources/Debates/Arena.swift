package import CoreTypes
import Synchronization

/// Runs a debate: makes the calls that its machine asks for and writes down what happens.
///
/// What happened is appended to the journal as soon as the debate has to wait for something, and the next phase does
/// not wait for the disk: an answer that was lost before it was durable is asked for again after a restart, under the
/// same key. All calls are children of the task that runs the debate; when that is cancelled they stop, and nothing
/// more is journaled.
package final class Arena: Sendable {
    private let description: DebateDescription
    private let agents: [any Agent]
    private let journal: any DebateJournal
    private let inputs: any DebateInputs
    private let time: any TimeSource
    private let voteWeight: @Sendable (AgentProfile) -> Double
    private let observer: (@Sendable ([JournalEntry]) -> Void)?
    private let drafts: LiveDrafts?
    private let board = CallBoard()
    private let hasRun = Mutex(false)

    /// Prepares a run.
    /// - Parameters:
    ///   - description: what is debated; a journal that is replayed counts before it.
    ///   - panel: the agents, in the order of their seats. When a journal is replayed they are found by name; a seat
    ///     whose agent is gone fails its calls with `agent_unavailable`, and one whose agent has another model now
    ///     names that model with each call.
    ///   - journal: where entries go.
    ///   - inputs: where people's additions come from.
    ///   - time: the clock of the entries and the timeouts.
    ///   - voteWeight: how much an agent's vote counts beside its confidence; brought into 0.5...2.
    ///   - observer: is told of entries after they were appended; it must return at once.
    ///   - drafts: where texts are shown while they are written; nil shows none.
    package init(
        description: DebateDescription,
        panel: [any Agent],
        journal: any DebateJournal,
        inputs: any DebateInputs,
        time: any TimeSource,
        voteWeight: @escaping @Sendable (AgentProfile) -> Double = { _ in 1 },
        observer: (@Sendable ([JournalEntry]) -> Void)? = nil,
        drafts: LiveDrafts? = nil
    ) {
        self.description = description
        self.agents = panel
        self.journal = journal
        self.inputs = inputs
        self.time = time
        self.voteWeight = voteWeight
        self.observer = observer
        self.drafts = drafts
    }

    /// Ends the debate as cancelled, keeping everything so far; calls under way are stopped.
    package func cancel(requestedBy person: String) {
        board.announceCancel(by: person)
    }

    /// Runs the debate to its end, once.
    /// - Parameters:
    ///   - entries: the journal so far, as `JournalEntry.decode(journal:)` read it; empty for a new debate.
    ///   - resolution: what people decided about the breakpoint at which the journal stops; nil for nothing.
    /// - Returns: the result, or where the debate waits for people. All entries but the final ones were appended to the
    ///   journal; the caller waits until they are durable before it acts on the result.
    /// - Throws: `CancellationError` when the task was cancelled; `DebateError` where the debate cannot begin; what
    ///   the journal or the inputs threw.
    @concurrent
    package func run(
        replaying entries: [JournalEntry] = [],
        resolution: BreakpointResolution? = nil
    ) async throws -> DebateOutcome {
        let isFirst = hasRun.withLock { hasRun in
            defer { hasRun = true }
            return !hasRun
        }
        guard isFirst else { throw DebateError(.alreadyRun, "An arena runs one debate, once.") }
        let debate = try begin(entries)
        var step = resume(debate, resolution)
        while true {
            try Task.checkCancellation()
            debate.recorder.record(step.events, at: time.now())
            switch step.next {
            case .finish(let result):
                try handOver(debate)
                return debate.recorder.outcome(result)
            case _ where board.cancelledBy != nil:
                step = debate.machine.handleCancel(by: board.cancelledBy ?? "")
            case .pause(let breakpoint):
                try handOver(debate)
                return debate.recorder.outcome(waitingAt: breakpoint, debate.machine.state.makeResult())
            case .loadInputs(let cursor):
                try handOver(debate)
                step = debate.machine.handle(inputs: try await inputs.load(after: cursor))
            case .calls(let calls):
                step = try await make(calls, debate)
            case .wait:
                // Whoever made the calls waits for them, so nothing is out here.
                step = debate.machine.resume()
            }
        }
    }

    /// The first step; a stop that is known before is heard before the end of a debate all of whose answers are there.
    ///
    /// What people decided is written down first: they may have released what the stop leaves standing.
    private func resume(_ debate: DebateUnderWay, _ resolution: BreakpointResolution?) -> DebateStep {
        if let resolution { return debate.machine.handle(resolution) }
        if let person = board.cancelledBy, debate.machine.state.stage != .new {
            return debate.machine.handleCancel(by: person)
        }
        return debate.machine.resume()
    }

    private func begin(_ entries: [JournalEntry]) throws -> DebateUnderWay {
        let recorder = Recorder(entries: entries, encodes: journal.wantsEncoding)
        if entries.isEmpty {
            let panel = agents.map { $0.profile }
            let machine = try DebateMachine(description: description, panel: panel, voteWeight: voteWeight)
            return DebateUnderWay(machine: machine, seats: agents.map { $0 }, recorder: recorder, start: time.now())
        }
        let machine = try DebateMachine(replaying: entries, voteWeight: voteWeight)
        let seats = machine.state.panel.map { profile -> (any Agent)? in
            guard let agent = agents.first(where: { $0.profile.name == profile.name }) else { return nil }
            return agent.profile == profile ? agent : StandInAgent(agent)
        }
        return DebateUnderWay(machine: machine, seats: seats, recorder: recorder, start: time.now())
    }

    /// Makes the calls of one phase and returns the first step that goes beyond it.
    private func make(
        _ calls: [AgentCallDescription],
        _ debate: DebateUnderWay
    ) async throws -> DebateStep {
        guard let kind = calls.first?.id.kind else { return DebateStep() }
        let settings = debate.machine.state.description.settings
        let phaseEnd = min(debate.deadline, time.now() + settings.time(for: calls.count, of: kind))
        let seats = debate.seats
        board.put(up: calls)
        return try await withThrowingDiscardingTaskGroup { group in
            // A worker runs here until its agent really waits for something; agents that answer at once need no
            // second one.
            for _ in 0..<min(calls.count, DebateProtocol.concurrency(of: kind)) {
                guard board.hasCalls else { break }
                group.addImmediateTask { await self.work(seats) }
            }
            defer { group.cancelAll() }
            var isWatched = false
            while true {
                try Task.checkCancellation()
                let news = board.takeNews()
                var step = DebateStep()
                if !news.completions.isEmpty { step = debate.machine.handle(news.completions) }
                if case .wait = step.next {
                    debate.recorder.record(step.events, at: time.now())
                    step.events = []
                    if news.cancelledBy != nil || news.isTimeUp {
                        // The calls under way may take a while to stop; what has arrived does not wait for them.
                        try handOver(debate)
                    }
                    if let person = news.cancelledBy {
                        step = debate.machine.handleCancel(by: person)
                    } else if news.isTimeUp {
                        let notAsked = board.takeDown()
                        step =
                            time.now() >= debate.deadline
                            ? debate.machine.handleDeadline(notAsked: notAsked)
                            : debate.machine.handlePhaseTimeout(notAsked: notAsked)
                    }
                }
                guard case .wait = step.next else { return step }
                try handOver(debate)
                if !isWatched {
                    isWatched = true
                    let rest = phaseEnd - time.now()
                    group.addTask { await self.watch(for: rest) }
                }
                await board.waitForNews()
            }
        }
    }

    /// Appends to the journal what happened since the last time.
    private func handOver(_ debate: DebateUnderWay) throws {
        let (entries, lines) = debate.recorder.takeRecorded()
        guard !entries.isEmpty else { return }
        try journal.append(entries, lines: lines)
        observer?(entries)
    }

    /// Ends the phase when its time is over.
    private func watch(for rest: Duration) async {
        do {
            if rest > .zero { try await time.sleep(for: rest) }
        } catch {
            return
        }
        board.announceTimeIsUp()
    }

    /// Makes calls until none is left.
    private func work(_ seats: [(any Agent)?]) async {
        var next = board.takeCall()
        while let call = next, !Task.isCancelled {
            let completion: AgentCallCompletion
            if let agent = seats[call.id.seat] {
                completion = await ask(agent, call)
            } else {
                completion = call.failed(
                    AgentCallFailure(code: "agent_unavailable", message: "The agent is not configured any more.")
                )
            }
            next = board.finish(completion)
        }
    }

    private func ask(_ agent: any Agent, _ call: AgentCallDescription) async -> AgentCallCompletion {
        let line: DraftLine?
        if case .generate = call.request {
            line = drafts?.line(
                of: call.id,
                agent: agent.profile.name,
                debate: description.id,
                workspace: description.workspace
            )
        } else {
            line = nil
        }
        let identity = AgentCall(key: call.key, listener: line)
        do {
            switch call.request {
            case .generate(let request):
                let reply = try await agent.generate(request, call: identity)
                line?.end()
                return call.answered(reply)
            case .critique(let request): return call.answered(try await agent.critique(request, call: identity))
            case .vote(let request): return call.answered(try await agent.vote(request, call: identity))
            }
        } catch {
            return call.failed(AgentCallFailure(error))
        }
    }
}

/// A debate that runs: an object, so that a thousand that wait for their models keep little more than a pointer in the
/// frames of their tasks.
private final class DebateUnderWay {
    var machine: DebateMachine
    var recorder: Recorder
    let seats: [(any Agent)?]
    let deadline: Timestamp

    init(machine: DebateMachine, seats: [(any Agent)?], recorder: Recorder, start: Timestamp) {
        self.machine = machine
        self.seats = seats
        self.recorder = recorder
        deadline = start + machine.state.description.settings.debateTimeout
    }
}

/// What a run has written so far, what is not handed over yet, and what it holds back for its end.
private struct Recorder {
    private var writer: JournalWriter
    private var entries: [JournalEntry]
    private let encodes: Bool
    private var recorded: [JournalEntry] = []
    private var lines = JournalLines()
    private var finalEntries: [JournalEntry] = []
    private var finalLines = JournalLines()
    /// The bytes of an entry with a short text.
    private static let usualEntry = 256

    init(entries: [JournalEntry], encodes: Bool) {
        self.entries = entries
        self.encodes = encodes
        writer = JournalWriter(sequence: entries.last?.sequence ?? 0, head: entries.last?.hash ?? .zero)
        if entries.isEmpty { self.entries.reserveCapacity(64) }
    }

    /// Makes entries of events; the end of the debate is kept back.
    mutating func record(_ events: [DebateEvent], at: Timestamp) {
        if encodes, recorded.isEmpty { lines.bytes.reserveCapacity(events.count * Self.usualEntry) }
        for event in events {
            let entry: JournalEntry
            if case .debateEnd = event {
                finalLines = JournalLines()
                entry = encodes ? writer.append(event, at: at, to: &finalLines) : writer.appendUnencoded(event, at: at)
                finalEntries = [entry]
            } else {
                entry = encodes ? writer.append(event, at: at, to: &lines) : writer.appendUnencoded(event, at: at)
                recorded.append(entry)
            }
            entries.append(entry)
        }
    }

    /// Gives what was recorded since the last time, and forgets it.
    mutating func takeRecorded() -> ([JournalEntry], JournalLines) {
        defer {
            recorded = []
            lines = JournalLines()
        }
        return (recorded, lines)
    }

    func outcome(waitingAt breakpoint: DebateBreakpoint, _ soFar: DebateResult) -> DebateOutcome {
        var result = soFar
        result.status = .running
        var outcome = outcome(result)
        outcome.waiting = breakpoint
        return outcome
    }

    func outcome(_ result: DebateResult) -> DebateOutcome {
        DebateOutcome(result: result, entries: entries, finalEntries: finalEntries, finalLines: finalLines)
    }
}
