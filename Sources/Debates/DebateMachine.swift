package import CoreTypes

/// The course of a debate, as a value without effects: it is told what happened and answers what to do.
///
/// Its state is a fold over the journal's events (`DebateState`). A machine that replayed a journal therefore goes on
/// exactly where the one that wrote it stopped, and asks no agent again for an answer that the journal holds.
package struct DebateMachine: Sendable {
    /// How long one answer may be, in bytes of UTF-8; a longer one counts as failed, for nothing is ever cut off.
    package static let maximumAnswer = CallBatch.maximumAnswer

    /// Where the debate stands.
    package private(set) var state: DebateState
    let voteWeights: [Double]

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
        state = try DebateState(description: description, panel: panel)
        voteWeights = Self.weights(of: panel, voteWeight)
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
        state = try DebateState(replaying: entries)
        voteWeights = Self.weights(of: state.panel, voteWeight)
    }

    private static func weights(of panel: [AgentProfile], _ voteWeight: (AgentProfile) -> Double) -> [Double] {
        panel.map { agent in
            let weight = voteWeight(agent)
            return weight.isFinite ? min(2, max(0.5, weight)) : 1
        }
    }

    /// Begins the debate.
    package mutating func start() -> DebateStep { resume() }

    /// Tells what is to be done now; calls that were given out before are given out again.
    package mutating func resume() -> DebateStep {
        state.isRequested = false
        state.isLoaded = false
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
        for input in inputs where input.cursor > state.evidenceCursor { emit(.evidenceAdded(input), to: &events) }
        state.isLoaded = true
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
        if !state.isDeadlineExceeded, state.stage != .ended {
            emit(.deadlineExceeded(round: state.round), to: &events)
            fail(pendingCalls.filter(notAsked.contains), .notAsked, to: &events)
        }
        return advanced(from: events)
    }

    /// Somebody wants the debate to end; everything so far is kept.
    package mutating func handleCancel(by person: String) -> DebateStep {
        var events: [DebateEvent] = []
        if !state.isCancelled, state.stage != .ended { emit(.cancelRequested(by: person), to: &events) }
        return advanced(from: events)
    }

    /// People have decided how the debate goes on; an answer to another breakpoint, or to a debate that was stopped
    /// while it waited, changes nothing.
    package mutating func handle(_ resolution: BreakpointResolution) -> DebateStep {
        var events: [DebateEvent] = []
        if state.stage == .waiting, let waiting = state.waiting, waiting.number == resolution.number {
            emit(.breakpointResolved(resolution), to: &events)
        }
        return advanced(from: events)
    }

    // MARK: The way through the stages

    /// Goes on from events that are applied already.
    private mutating func advanced(from events: [DebateEvent]) -> DebateStep {
        var step = DebateStep(events: events)
        while true {
            switch state.stage {
            case .new:
                emit(.debateStart(.init(description: state.description, panel: state.panel)), to: &step.events)
            case .context:
                guard state.isLoaded || state.isDeadlineExceeded else {
                    step.next = .loadInputs(after: state.evidenceCursor)
                    return step
                }
                emit(.phaseChange(from: state.phase, to: .proposals), to: &step.events)
            case .proposals, .critiques, .revisions, .voting:
                if state.isDeadlineExceeded {
                    // Behind the stage that the deadline met, nobody was asked anything.
                    fail(pendingCalls, state.stage == state.deadlineStage ? .deadline : .notAsked, to: &step.events)
                } else if state.stage == .revisions, state.pending == state.living, state.isOverBudget {
                    emitBudgetExceeded(to: &step.events)
                } else {
                    if !state.isRequested { step.next = .calls(makeCalls()) }
                    state.isRequested = true
                    return step
                }
            case .assessment:
                let settings = state.description.settings
                if settings.convergenceDetection || settings.breakpoints.triggers.contains(.deadlock) {
                    emit(.convergence(assess()), to: &step.events)
                } else {
                    state.stage = .intermission
                }
            case .waiting:
                if let waiting = state.waiting { step.next = .pause(waiting) }
                return step
            case .intermission:
                if let breakpoint = breakpoints?.breakpointAfterRound(in: state) {
                    emit(.breakpoint(breakpoint), to: &step.events)
                    continue
                }
                if needsInputs(&step) { return step }
            case .decision:
                emit(.consensus(decide()), to: &step.events)
            case .synthesis:
                if !state.isRequested, let breakpoint = breakpoints?.breakpointAfterDecision(in: state) {
                    emit(.breakpoint(breakpoint), to: &step.events)
                    continue
                }
                if let reason = synthesisObstacle {
                    emit(.synthesis(fallbackSynthesis(because: reason)), to: &step.events)
                } else {
                    if !state.isRequested { step.next = .calls(makeCalls()) }
                    state.isRequested = true
                    return step
                }
            case .ending:
                if let policy = breakpoints,
                    let breakpoint = policy.breakpointAfterDecision(in: state) ?? policy.breakpointBeforeEnd(in: state)
                {
                    emit(.breakpoint(breakpoint), to: &step.events)
                    continue
                }
                emit(.debateEnd(state.makeResult()), to: &step.events)
            case .ended:
                if let result = state.result { step.next = .finish(result) }
                return step
            }
        }
    }

    /// Between two stages: goes to the next round or to the vote; true where inputs have to be loaded before.
    private mutating func needsInputs(_ step: inout DebateStep) -> Bool {
        guard !state.living.isEmpty else {
            state.stage = .ending
            return false
        }
        let isVote =
            state.round >= state.description.settings.rounds || state.isConverged || state.isConcluded
            || state.isBudgetExceeded || state.isDeadlineExceeded || state.living.count < 2
        if !isVote, state.isOverBudget {
            emitBudgetExceeded(to: &step.events)
            return false
        }
        if !isVote, state.phase == .proposals {
            emit(.phaseChange(from: state.phase, to: .rounds), to: &step.events)
            return false
        }
        if !state.isLoaded, !state.isDeadlineExceeded, state.living.count >= 2 {
            step.next = .loadInputs(after: state.evidenceCursor)
            return true
        }
        if isVote {
            emit(.phaseChange(from: state.phase, to: .consensus), to: &step.events)
        } else {
            emit(.roundStart(round: state.round + 1, total: state.description.settings.rounds), to: &step.events)
        }
        return false
    }

    private mutating func emit(_ event: DebateEvent, to events: inout [DebateEvent]) {
        events.append(event)
        state.apply(event)
    }

    private mutating func emitBudgetExceeded(to events: inout [DebateEvent]) {
        let tokens = Int64(state.usage.inputTokens + state.usage.outputTokens)
        let microdollars = state.usage.costMicrodollars
        emit(.budgetExceeded(round: state.round, tokens: tokens, microdollars: microdollars), to: &events)
    }

    private mutating func fail(_ calls: [AgentCallID], _ failure: AgentCallFailure, to events: inout [DebateEvent]) {
        for id in calls { emit(.agentFailed(.init(id, state.panel, failure)), to: &events) }
    }

    /// What may make the debate wait for people; nil where nothing does, so that nothing is looked at.
    private var breakpoints: BreakpointPolicy? {
        state.description.settings.breakpoints.triggers.isEmpty ? nil : state.description.settings.breakpoints
    }
}
