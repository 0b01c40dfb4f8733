package import CoreTypes

/// What a debate needs next; the events come first.
package struct DebateStep: Sendable {
    /// What to do once the events are appended to the journal.
    package enum Next: Sendable {
        /// Nothing: calls are still out.
        case wait
        /// Make these calls, all of the same kind.
        case calls([AgentCallDescription])
        /// Load what people added behind this cursor.
        case loadInputs(after: Int64)
        /// The debate is over.
        indirect case finish(DebateResult)
        /// Nothing until people have decided.
        indirect case pause(DebateBreakpoint)
    }

    package var events: [DebateEvent] = []
    package var next = Next.wait
}

/// The course of a debate, as a value without effects: it is told what happened and answers what to do.
///
/// Its state is a fold over the journal's events and nothing else. A machine that replayed a journal therefore goes on
/// exactly where the one that wrote it stopped, and asks no agent again for an answer that the journal holds.
package struct DebateMachine: Sendable {
    /// Where the debate stands; every stage follows from the events so far.
    enum Stage: Sendable {
        case new, context, proposals, intermission, critiques, revisions, assessment, voting, decision, synthesis
        case ending, ended
        /// People have to decide how it goes on.
        case waiting
    }

    /// How long one answer may be, in bytes of UTF-8; a longer one counts as failed, for nothing is ever cut off.
    package static let maximumAnswer = CallBatch.maximumAnswer

    package let description: DebateDescription
    package let panel: [AgentProfile]
    let voteWeights: [Double]

    var stage = Stage.new
    package internal(set) var phase = DebatePhase.context
    package internal(set) var round = 0
    /// The present proposals, by seat.
    var proposals: [String?]
    /// The seats that have a proposal, or may still bring one.
    var living: SeatSet
    var votes: [Vote?]
    var evidence: [Evidence] = []
    var usage = Usage()
    /// This round's criticisms, by critic and target.
    var critiques: [DebateEvent.CritiqueGiven?]
    /// The seats that the present stage still waits for.
    var pending = SeatSet()
    /// In the critique stage, the targets that each seat has yet to criticise.
    var pendingTargets: [SeatSet]
    var evidenceCursor: Int64 = 0
    var consensus: Consensus?
    var synthesis: DebateEvent.Synthesis?
    var synthesisFailure: String?
    var proposalFailures: [(agent: String, code: String)] = []
    var isCancelled = false
    var isConverged = false
    var isBudgetExceeded = false
    var isDeadlineExceeded = false
    /// Where the debate stood when its time was over.
    var deadlineStage: Stage?
    var cancelledBy: String?
    var result: DebateResult?
    /// The breakpoint at which the debate stands; nil while it goes on.
    package internal(set) var waiting: DebateBreakpoint?
    /// The stage in which it goes on.
    var waitingFrom = Stage.new
    var breakpointCount = 0
    /// Whether people did not let the verdict out.
    var isWithheld = false
    /// Whether people let the verdict out.
    var isReleased = false
    var firedTriggers: Set<BreakpointPolicy.Trigger> = []
    /// How alike the proposals were, round by round.
    var similarities: [Double] = []
    /// Whether the present stage's calls were given out; not part of the journal.
    var isRequested = false
    /// Whether people's inputs were loaded for the next stage; not part of the journal.
    var isLoaded = false

    /// Prepares a new debate.
    /// - Parameters:
    ///   - description: what it is about.
    ///   - panel: who takes part, in the order of the seats.
    ///   - voteWeight: how much an agent's vote counts beside its confidence; brought into 0.5...2.
    /// - Throws: `DebateError` with code `invalid_settings` or `invalid_panel`.
    package init(
        description: DebateDescription,
        panel: [AgentProfile],
        voteWeight: (AgentProfile) -> Double = { _ in 1 }
    ) throws(DebateError) {
        try description.validate(panel: panel)
        self.description = description
        self.panel = panel
        voteWeights = panel.map { agent in
            let weight = voteWeight(agent)
            return weight.isFinite ? min(2, max(0.5, weight)) : 1
        }
        proposals = Array(repeating: nil, count: panel.count)
        votes = Array(repeating: nil, count: panel.count)
        critiques = Array(repeating: nil, count: panel.count * panel.count)
        pendingTargets = Array(repeating: SeatSet(), count: panel.count)
        living = SeatSet(panel: panel.count)
    }

    /// Takes up a debate from its journal; `resume` then tells what is missing.
    /// - Parameters:
    ///   - entries: the journal from its first entry, not empty.
    ///   - voteWeight: how much an agent's vote counts beside its confidence; brought into 0.5...2.
    /// - Throws: `DebateError` with code `invalid_journal` where the journal does not begin with its start.
    package init(
        replaying entries: [JournalEntry],
        voteWeight: (AgentProfile) -> Double = { _ in 1 }
    ) throws(DebateError) {
        guard case .debateStart(let start) = entries.first?.event else {
            throw DebateError(.invalidJournal, "The journal does not begin with the start of a debate.")
        }
        try self.init(description: start.description, panel: start.panel, voteWeight: voteWeight)
        for entry in entries { apply(entry.event) }
    }

    /// Begins the debate.
    package mutating func start() -> DebateStep { resume() }

    /// Tells what is to be done now; calls that were given out before are given out again.
    package mutating func resume() -> DebateStep {
        isRequested = false
        isLoaded = false
        return advanced(from: [])
    }

    /// Takes in what became of calls; answers that nobody waits for any more are ignored.
    package mutating func handle(_ completions: [AgentCallCompletion]) -> DebateStep {
        var events: [DebateEvent] = []
        events.reserveCapacity(completions.count + 2)
        for completion in completions where isPending(completion.id) {
            emit(completion.event, to: &events)
        }
        return advanced(from: events)
    }

    /// Takes in what people added, and goes on.
    package mutating func handle(inputs: [DebateInput]) -> DebateStep {
        var events: [DebateEvent] = []
        for input in inputs where input.cursor > evidenceCursor { emit(.evidenceAdded(input), to: &events) }
        isLoaded = true
        return advanced(from: events)
    }

    /// The time of the phase is over: what is missing counts as failed.
    /// - Parameter notAsked: the calls that were given out but never made.
    package mutating func handlePhaseTimeout(notAsked: Set<AgentCallID> = []) -> DebateStep {
        var events: [DebateEvent] = []
        let calls = pendingCalls
        fail(calls.filter(notAsked.contains), .notAsked, to: &events)
        fail(calls.filter { !notAsked.contains($0) }, .timeout, to: &events)
        return advanced(from: events)
    }

    /// The time of the debate is over: it makes no more calls and ends with what it has.
    /// - Parameter notAsked: the calls that were given out but never made.
    package mutating func handleDeadline(notAsked: Set<AgentCallID> = []) -> DebateStep {
        var events: [DebateEvent] = []
        if !isDeadlineExceeded, stage != .ended {
            emit(.deadlineExceeded(round: round), to: &events)
            fail(pendingCalls.filter(notAsked.contains), .notAsked, to: &events)
        }
        return advanced(from: events)
    }

    /// Somebody wants the debate to end; everything so far is kept.
    package mutating func handleCancel(by person: String) -> DebateStep {
        var events: [DebateEvent] = []
        if !isCancelled, stage != .ended { emit(.cancelRequested(by: person), to: &events) }
        return advanced(from: events)
    }

    /// The agents that the debate waits for, in the order of the panel.
    package var awaited: [String] {
        switch stage {
        case .critiques: panel.indices.filter { !pendingTargets[$0].isEmpty }.map { panel[$0].name }
        case .synthesis: [panel[judgeSeat].name]
        default: pending.map { panel[$0].name }
        }
    }

    /// The agents whose proposal stands.
    package var livingAgents: [String] { living.map { panel[$0].name } }

    // MARK: The way through the stages

    /// Goes on from events that are applied already.
    mutating func advanced(from events: [DebateEvent]) -> DebateStep {
        var step = DebateStep(events: events)
        while true {
            switch stage {
            case .new:
                emit(.debateStart(.init(description: description, panel: panel)), to: &step.events)
            case .context:
                guard isLoaded || isDeadlineExceeded else {
                    step.next = .loadInputs(after: evidenceCursor)
                    return step
                }
                emit(.phaseChange(from: phase, to: .proposals), to: &step.events)
            case .proposals, .critiques, .revisions, .voting:
                if isDeadlineExceeded {
                    // Behind the stage that the deadline met, nobody was asked anything.
                    fail(pendingCalls, stage == deadlineStage ? .deadline : .notAsked, to: &step.events)
                } else if stage == .revisions, pending == living, isOverBudget {
                    emitBudgetExceeded(to: &step.events)
                } else {
                    if !isRequested { step.next = .calls(makeCalls()) }
                    isRequested = true
                    return step
                }
            case .assessment:
                let settings = description.settings
                if settings.convergenceDetection || settings.breakpoints.triggers.contains(.deadlock) {
                    emit(.convergence(assess()), to: &step.events)
                } else {
                    stage = .intermission
                }
            case .waiting:
                if let waiting { step.next = .pause(waiting) }
                return step
            case .intermission:
                if let breakpoint = breakpointAfterRound() {
                    emit(.breakpoint(breakpoint), to: &step.events)
                    continue
                }
                if needsInputs(&step) { return step }
            case .decision:
                emit(.consensus(decide()), to: &step.events)
            case .synthesis:
                if !isRequested, let breakpoint = breakpointAfterDecision() {
                    emit(.breakpoint(breakpoint), to: &step.events)
                    continue
                }
                if let reason = synthesisObstacle {
                    emit(.synthesis(fallbackSynthesis(because: reason)), to: &step.events)
                } else {
                    if !isRequested { step.next = .calls(makeCalls()) }
                    isRequested = true
                    return step
                }
            case .ending:
                if let breakpoint = breakpointAfterDecision() ?? breakpointBeforeEnd() {
                    emit(.breakpoint(breakpoint), to: &step.events)
                    continue
                }
                emit(.debateEnd(makeResult()), to: &step.events)
            case .ended:
                if let result { step.next = .finish(result) }
                return step
            }
        }
    }

    /// Between two stages: goes to the next round or to the vote; true where inputs have to be loaded before.
    private mutating func needsInputs(_ step: inout DebateStep) -> Bool {
        guard !living.isEmpty else {
            stage = .ending
            return false
        }
        let isVote =
            round >= description.settings.rounds || isConverged || isBudgetExceeded || isDeadlineExceeded
            || living.count < 2
        if !isVote, isOverBudget {
            emitBudgetExceeded(to: &step.events)
            return false
        }
        if !isVote, phase == .proposals {
            emit(.phaseChange(from: phase, to: .rounds), to: &step.events)
            return false
        }
        if !isLoaded, !isDeadlineExceeded, living.count >= 2 {
            step.next = .loadInputs(after: evidenceCursor)
            return true
        }
        if isVote {
            emit(.phaseChange(from: phase, to: .consensus), to: &step.events)
        } else {
            emit(.roundStart(round: round + 1, total: description.settings.rounds), to: &step.events)
        }
        return false
    }

    private mutating func emit(_ event: DebateEvent, to events: inout [DebateEvent]) {
        events.append(event)
        apply(event)
    }

    private mutating func emitBudgetExceeded(to events: inout [DebateEvent]) {
        let tokens = Int64(usage.inputTokens + usage.outputTokens)
        emit(.budgetExceeded(round: round, tokens: tokens, microdollars: usage.costMicrodollars), to: &events)
    }

    private mutating func fail(_ calls: [AgentCallID], _ failure: AgentCallFailure, to events: inout [DebateEvent]) {
        for id in calls { emit(.agentFailed(.init(id, panel, failure)), to: &events) }
    }

    var isOverBudget: Bool {
        if let limit = description.settings.budgetTokens, usage.inputTokens + usage.outputTokens >= limit {
            return true
        }
        if let limit = description.settings.budgetMicrodollars, usage.costMicrodollars >= limit { return true }
        return false
    }

    // MARK: What is out

    /// The calls that the present stage waits for, in the order of the panel.
    var pendingCalls: [AgentCallID] {
        switch stage {
        case .proposals: return pending.map { AgentCallID(.proposal, round: 0, seat: $0) }
        case .revisions: return pending.map { AgentCallID(.revision, round: round, seat: $0) }
        case .voting: return pending.map { AgentCallID(.vote, round: round, seat: $0) }
        case .synthesis: return [AgentCallID(.synthesis, round: round, seat: judgeSeat)]
        case .critiques:
            var calls: [AgentCallID] = []
            calls.reserveCapacity(panel.count * panel.count)
            for seat in panel.indices {
                for target in pendingTargets[seat] {
                    calls.append(AgentCallID(.critique, round: round, seat: seat, target: target))
                }
            }
            return calls
        case .new, .context, .intermission, .assessment, .decision, .ending, .ended, .waiting: return []
        }
    }

    private func isPending(_ id: AgentCallID) -> Bool {
        guard panel.indices.contains(id.seat) else { return false }
        switch id.kind {
        case .proposal: return stage == .proposals && pending.contains(id.seat)
        case .revision: return stage == .revisions && id.round == round && pending.contains(id.seat)
        case .vote: return stage == .voting && pending.contains(id.seat)
        case .synthesis: return stage == .synthesis && id.seat == judgeSeat && synthesisFailure == nil
        case .critique:
            guard stage == .critiques, id.round == round, let target = id.target else { return false }
            return panel.indices.contains(target) && pendingTargets[id.seat].contains(target)
        }
    }
}
