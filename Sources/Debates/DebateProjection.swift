package import CoreTypes

/// A debate as readers see it: a fold over its journal, for status, live views, lists of messages and the receipt.
package struct DebateProjection: Sendable {
    /// One seat of the panel.
    package struct Seat: Sendable, Hashable {
        package let agent: AgentProfile
        /// Its present proposal.
        package fileprivate(set) var proposal: String?
        package fileprivate(set) var usage = Usage()
    }

    /// One criticism and the round it was made in.
    package struct RoundCritique: Sendable, Hashable {
        package let round: Int
        package let critique: Critique
    }

    /// What the debate is about; nil before its start was journaled.
    package var description: DebateDescription? { state?.description }
    package private(set) var status = DebateStatus.created
    /// The agents, in the order of their seats.
    package private(set) var seats: [Seat] = []
    /// Every criticism, in the order of its arrival.
    package private(set) var critiques: [RoundCritique] = []
    package private(set) var votes: [Vote] = []
    /// What people added, in order.
    package private(set) var evidence: [DebateInput] = []
    package private(set) var failures: [DebateEvent.Failure] = []
    /// How alike the proposals were, round by round.
    package private(set) var convergence: [DebateEvent.Convergence] = []
    package private(set) var consensus: Consensus?
    package private(set) var synthesis: DebateEvent.Synthesis?
    /// The end; nil while the debate runs.
    package private(set) var result: DebateResult?
    /// Everything that was said, in order.
    package private(set) var messages: [DebateMessage] = []
    package private(set) var usage = Usage()
    package private(set) var startedAt: Timestamp?
    package private(set) var finishedAt: Timestamp?
    /// Where the debate waits for people; nil while it goes on.
    package private(set) var waiting: DebateBreakpoint?
    /// Who asked for the debate's end.
    package private(set) var cancelledBy: String?
    /// The number of the last entry, 0 before the first.
    package private(set) var lastSequence = 0
    /// The hash of the last entry.
    package private(set) var head = JournalHash.zero
    private var state: DebateState?

    /// A debate without any entry.
    package init() {}

    /// Reads a journal.
    /// - Parameter entries: the journal from its first entry.
    package init(_ entries: some Sequence<JournalEntry>) {
        for entry in entries { apply(entry) }
    }

    /// The part of the debate that is under way.
    package var phase: DebatePhase { state?.phase ?? .context }
    /// The present round, from 1; 0 before the first.
    package var round: Int { state?.round ?? 0 }
    package var totalRounds: Int { description?.settings.rounds ?? 0 }
    /// The agents that the debate waits for.
    package var awaited: [String] { result == nil ? state?.awaited ?? [] : [] }
    /// Whether any agent of the panel is a demo.
    package var isDemo: Bool { seats.contains(where: \.agent.isDemo) }
    package var verdict: Verdict? { result?.verdict }
    /// Whether what the panel says is the operator's alone to read, because people have to release it and have not.
    package var isHeldBack: Bool { state?.isHeldBack ?? false }
    /// The text that the debate would answer with if it ended now; empty before its start.
    package var answerSoFar: String { state?.makeResult().finalAnswer ?? "" }
    /// The cursor of the last input that the panel took up; 0 where it took up none.
    package var evidenceCursor: Int64 { evidence.map(\.cursor).max() ?? 0 }
    /// The proposals that stand, in the order of the panel.
    package var proposals: [Proposal] { state?.livingProposals.filter { !$0.content.isEmpty } ?? [] }

    /// Takes in the next entry.
    package mutating func apply(_ entry: JournalEntry) {
        lastSequence = entry.sequence
        head = entry.hash
        state?.apply(entry.event)
        switch entry.event {
        case .debateStart(let start):
            state = try? DebateState(replaying: [entry])
            seats = start.panel.map { Seat(agent: $0) }
            status = .running
            startedAt = entry.at
        case .propose(let contribution), .revision(let contribution):
            note(contribution.agent, contribution.usage) { $0.proposal = contribution.content }
            say(.proposer, contribution.agent, contribution.content, entry.at, round: contribution.round)
        case .critique(let given):
            note(given.critique.agent, given.usage) { _ in }
            critiques.append(RoundCritique(round: given.round, critique: given.critique))
            say(.critic, given.critique.agent, given.critique.text, entry.at, round: given.round)
        case .evidenceAdded(let input):
            evidence.append(input)
            say(.user, input.author, input.text, entry.at)
        case .vote(let cast):
            note(cast.vote.agent, cast.usage) { _ in }
            votes.append(cast.vote)
            let reasoning = cast.vote.reasoning.isEmpty ? "" : "\n\n\(cast.vote.reasoning)"
            say(.voter, cast.vote.agent, "Vote: \(cast.vote.choice)\(reasoning)", entry.at)
        case .agentFailed(let failure):
            note(failure.agent, failure.usage) { _ in }
            failures.append(failure)
        case .convergence(let similarity): convergence.append(similarity)
        case .consensus(let decision): consensus = decision
        case .synthesis(let text):
            note(text.agent, text.usage) { _ in }
            synthesis = text
            if text.fallback == nil { say(.synthesizer, text.agent, text.content, entry.at) }
        case .cancelRequested(let person): cancelledBy = person
        case .breakpoint(let breakpoint): waiting = breakpoint
        case .breakpointResolved(let resolution):
            waiting = nil
            if !resolution.guidance.isEmpty { say(.user, resolution.by, resolution.guidance, entry.at) }
        case .debateEnd(let end):
            waiting = nil
            result = end
            status = end.status
            finishedAt = entry.at
        case .phaseChange, .roundStart, .budgetExceeded, .deadlineExceeded: break
        }
    }

    private mutating func note(_ agent: String, _ used: Usage, _ change: (inout Seat) -> Void) {
        usage = usage + used
        guard let seat = seats.firstIndex(where: { $0.agent.name == agent }) else { return }
        seats[seat].usage = seats[seat].usage + used
        change(&seats[seat])
    }

    private mutating func say(
        _ role: DebateMessage.Role,
        _ agent: String,
        _ content: String,
        _ at: Timestamp,
        round: Int? = nil
    ) {
        messages.append(
            DebateMessage(
                index: messages.count,
                role: role,
                agent: agent,
                round: round ?? self.round,
                content: content,
                at: at
            )
        )
    }
}
