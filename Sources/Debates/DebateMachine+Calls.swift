import CoreTypes

/// The calls that are out.
extension DebateMachine {
    /// The calls of the present stage that are missing.
    func makeCalls() -> [AgentCallDescription] {
        let missing = pendingCalls
        guard let kind = missing.first?.kind else { return [] }
        let batch = CallBatch(
            kind,
            of: state.description,
            panel: state.panel,
            round: state.round,
            evidence: state.evidence,
            guidance: state.guidance,
            proposals: kind == .proposal || kind == .critique ? [] : state.livingProposals,
            contents: state.proposals,
            critiques: state.critiques,
            winner: state.consensus?.winner,
            votes: kind == .synthesis ? panelVotes : nil
        )
        var calls: [AgentCallDescription] = []
        calls.reserveCapacity(missing.count)
        for id in missing { calls.append(AgentCallDescription(id, of: batch)) }
        return calls
    }

    /// How the panel voted, for whoever writes its answer; nil before the votes are counted.
    private var panelVotes: PanelVotes? {
        guard let consensus = state.consensus else { return nil }
        return PanelVotes(
            votes: state.votes.compactMap(\.self),
            shares: consensus.shares.map { PanelVotes.Share(choice: $0.choice, share: $0.share) },
            abstained: consensus.abstained,
            note: consensus.note
        )
    }

    /// The calls that the present stage waits for, in the order of the panel.
    var pendingCalls: [AgentCallID] {
        switch state.stage {
        case .proposals: return state.pending.map { AgentCallID(.proposal, round: 0, seat: $0) }
        case .revisions: return state.pending.map { AgentCallID(.revision, round: state.round, seat: $0) }
        case .voting: return state.pending.map { AgentCallID(.vote, round: state.round, seat: $0) }
        case .synthesis: return [AgentCallID(.synthesis, round: state.round, seat: state.judgeSeat)]
        case .critiques:
            var calls: [AgentCallID] = []
            calls.reserveCapacity(state.panel.count * state.panel.count)
            for seat in state.panel.indices {
                for target in state.pendingTargets[seat] {
                    calls.append(AgentCallID(.critique, round: state.round, seat: seat, target: target))
                }
            }
            return calls
        case .new, .context, .intermission, .assessment, .decision, .ending, .ended, .waiting: return []
        }
    }

    /// Whether the debate waits for a call.
    func isPending(_ id: AgentCallID) -> Bool {
        guard state.panel.indices.contains(id.seat) else { return false }
        switch id.kind {
        case .proposal: return state.stage == .proposals && state.pending.contains(id.seat)
        case .revision:
            return state.stage == .revisions && id.round == state.round && state.pending.contains(id.seat)
        case .vote: return state.stage == .voting && state.pending.contains(id.seat)
        case .synthesis:
            return state.stage == .synthesis && id.seat == state.judgeSeat && state.synthesisFailure == nil
        case .critique:
            guard state.stage == .critiques, id.round == state.round, let target = id.target else { return false }
            return state.panel.indices.contains(target) && state.pendingTargets[id.seat].contains(target)
        }
    }
}
