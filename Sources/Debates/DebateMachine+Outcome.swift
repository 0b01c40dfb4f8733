import CoreTypes

/// What the machine makes of a round and of the votes.
extension DebateMachine {
    /// How alike the proposals are after a round.
    func assess() -> DebateEvent.Convergence {
        DebateEvent.Convergence(
            of: state.living.map { state.proposals[$0] ?? "" },
            round: state.round,
            settings: state.description.settings
        )
    }

    /// Counts the votes.
    func decide() -> Consensus {
        var ballot = Ballot(settings: state.description.settings, panel: state.panel.map(\.name))
        for seat in state.living {
            ballot.addCandidate(seat: seat, content: state.proposals[seat] ?? "")
        }
        for seat in state.panel.indices {
            if let vote = state.votes[seat] { ballot.add(vote, seat: seat, weight: voteWeights[seat]) }
        }
        return ballot.count(isDeadlineExceeded: state.isDeadlineExceeded)
    }

    /// Why there can be no synthesis; nil while there can be one.
    var synthesisObstacle: String? {
        if let failure = state.synthesisFailure { return failure }
        if state.isDeadlineExceeded { return AgentCallFailure.deadline.code }
        return state.isOverBudget ? "budget_exceeded" : nil
    }

    /// What stands in place of a judge's text: the leading proposal or, in a tie, all of them.
    func fallbackSynthesis(because reason: String) -> DebateEvent.Synthesis {
        .init(
            agent: state.consensus?.leader ?? state.panel[state.judgeSeat].name,
            content: state.panelAnswer,
            sources: state.consensus?.leader.map { [$0] } ?? state.livingAgents,
            fallback: reason,
            usage: Usage()
        )
    }
}
