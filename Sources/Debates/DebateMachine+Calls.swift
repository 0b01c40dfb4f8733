import CoreTypes

extension DebateMachine {
    /// The calls of the present stage that are missing.
    func makeCalls() -> [AgentCallDescription] {
        let missing = pendingCalls
        guard let kind = missing.first?.kind else { return [] }
        let batch = CallBatch(
            kind,
            of: description,
            panel: panel,
            round: round,
            evidence: evidence,
            proposals: kind == .proposal || kind == .critique ? [] : livingProposals,
            contents: proposals,
            critiques: critiques,
            winner: consensus?.winner
        )
        var calls: [AgentCallDescription] = []
        calls.reserveCapacity(missing.count)
        for id in missing { calls.append(AgentCallDescription(id, of: batch)) }
        return calls
    }

    /// The standing proposals, in the order of the panel.
    var livingProposals: [Proposal] {
        var standing: [Proposal] = []
        standing.reserveCapacity(living.count)
        for seat in living { standing.append(Proposal(agent: panel[seat].name, content: proposals[seat] ?? "")) }
        return standing
    }
}
