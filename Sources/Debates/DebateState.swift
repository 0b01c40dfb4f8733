import CoreTypes

/// Where a debate stands: a fold over its journal's events, for the machine that decides what is next and for readers.
package struct DebateState: Sendable {
    /// Where the debate stands; every stage follows from the events so far.
    enum Stage: Sendable {
        case new, context, proposals, intermission, critiques, revisions, assessment, voting, decision, synthesis
        case ending, ended
        /// People have to decide how it goes on.
        case waiting
    }

    let description: DebateDescription
    let panel: [AgentProfile]

    var stage = Stage.new
    var phase = DebatePhase.context
    var round = 0
    /// The present proposals, by seat.
    var proposals: [String?]
    /// The seats that have a proposal, or may still bring one.
    var living: SeatSet
    var votes: [Vote?]
    var evidence: [Evidence] = []
    /// What the people who decided at breakpoints ask of the panel.
    var guidance: [Evidence] = []
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
    /// Whether people sent the debate to its vote.
    var isConcluded = false
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

    /// A debate of which nothing has happened yet.
    /// - Throws: `DebateError` with code `invalid_settings` or `invalid_panel`.
    init(description: DebateDescription, panel: [AgentProfile]) throws(DebateError) {
        try description.validate(panel: panel)
        self.description = description
        self.panel = panel
        proposals = Array(repeating: nil, count: panel.count)
        votes = Array(repeating: nil, count: panel.count)
        critiques = Array(repeating: nil, count: panel.count * panel.count)
        pendingTargets = Array(repeating: SeatSet(), count: panel.count)
        living = SeatSet(panel: panel.count)
    }

    /// A debate as far as its journal tells.
    /// - Parameter entries: the journal from its first entry, not empty.
    /// - Throws: `DebateError` with code `invalid_journal` where the journal does not begin with its start.
    init(replaying entries: [JournalEntry]) throws(DebateError) {
        guard case .debateStart(let start) = entries.first?.event else {
            throw DebateError(.invalidJournal, "The journal does not begin with the start of a debate.")
        }
        try self.init(description: start.description, panel: start.panel)
        for entry in entries { apply(entry.event) }
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
    var livingAgents: [String] { living.map { panel[$0].name } }

    /// The standing proposals, in the order of the panel.
    var livingProposals: [Proposal] {
        var standing: [Proposal] = []
        standing.reserveCapacity(living.count)
        for seat in living { standing.append(Proposal(agent: panel[seat].name, content: proposals[seat] ?? "")) }
        return standing
    }

    /// Whether what the panel says is kept back until people release it: stopping a debate releases nothing.
    var isHeldBack: Bool {
        description.settings.breakpoints.triggers.contains(.release) && !isReleased && result?.status != .failed
    }

    /// Whether it has used what it may use.
    var isOverBudget: Bool {
        if let limit = description.settings.budgetTokens, usage.inputTokens + usage.outputTokens >= limit {
            return true
        }
        if let limit = description.settings.budgetMicrodollars, usage.costMicrodollars >= limit { return true }
        return false
    }

    /// Who writes the synthesis: the first on the panel that has a proposal, voted and did not win; where there is
    /// none, the first that did not win.
    var judgeSeat: Int {
        var second: Int?
        for seat in living where panel[seat].name != consensus?.leader {
            if votes[seat] != nil { return seat }
            if second == nil { second = seat }
        }
        return second ?? living.first { _ in true } ?? 0
    }
}
