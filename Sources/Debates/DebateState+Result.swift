import CoreTypes

/// What a debate comes to, as far as it has come.
extension DebateState {
    /// The answer without a judge: the leading proposal or, where none leads, all that stand, each under its author.
    var panelAnswer: String {
        let standing = livingProposals.filter { !$0.content.isEmpty }
        if let leader = consensus?.leader, let proposal = standing.first(where: { $0.agent == leader }) {
            return proposal.content
        }
        if standing.count == 1 { return standing[0].content }
        return standing.map { "**\($0.agent)**\n\n\($0.content)" }.joined(separator: "\n\n")
    }

    /// Why rounds were left out, where the likeness of the proposals is the cause.
    private var earlyEnd: String? {
        let total = description.settings.rounds
        guard isConverged, !isDeadlineExceeded, round < total else { return nil }
        return "The rounds ended early, after round \(round) of \(total), because the proposals had become alike."
    }

    /// Notes the answer as it stands, and the judge where that wrote it.
    private func settle(_ result: inout DebateResult) {
        result.finalAnswer = synthesis?.content ?? panelAnswer
        if let synthesis, synthesis.fallback == nil { result.synthesizedBy = synthesis.agent }
    }

    /// What the debate comes to.
    func makeResult() -> DebateResult {
        var result = DebateResult(
            status: .completed,
            verdict: nil,
            finalAnswer: "",
            confidence: 0,
            consensusReached: false,
            winner: nil,
            synthesizedBy: nil,
            roundsUsed: round,
            totalRounds: description.settings.rounds,
            usage: usage,
            reason: nil
        )
        if isCancelled {
            result.status = .cancelled
            result.reason = "\(isWithheld ? "The verdict was withheld" : "Cancelled") by \(cancelledBy ?? "")."
            if !isHeldBack {
                // What the judge wrote before the stop came is what the panel has.
                settle(&result)
            } else if !isWithheld {
                result.reason?.append(" What the panel said was not released.")
            }
        } else if living.isEmpty {
            result.status = .failed
            let failures = proposalFailures.map { "\($0.agent) (\($0.code))" }.joined(separator: ", ")
            result.reason = "No agent gave a proposal: \(failures)."
        } else if let consensus {
            result.verdict = consensus.verdict
            result.confidence = consensus.confidence
            result.consensusReached = consensus.reached
            result.winner = consensus.winner
            settle(&result)
            let failure = isDeadlineExceeded ? nil : synthesis?.fallback
            let notes = [
                consensus.note, earlyEnd, isBudgetExceeded ? "The budget was used up after round \(round)." : nil,
                failure.map { "The judge wrote no answer (\($0)): this is what the panel proposed." },
            ]
            result.reason = notes.contains { $0 != nil } ? notes.compactMap(\.self).joined(separator: " ") : nil
        }
        return result
    }
}
