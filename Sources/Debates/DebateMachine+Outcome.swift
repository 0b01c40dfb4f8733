import CoreTypes

extension DebateMachine {
    /// How alike the proposals are after a round: compared with one another, not with their own past (engine
    /// inventory 2.8, 13.6).
    func assess() -> DebateEvent.Convergence {
        let similarity = fourDecimals(Similarity.averageOfPairs(living.map { proposals[$0] ?? "" }))
        let settings = description.settings
        let status: DebateEvent.Convergence.Status =
            if similarity >= settings.convergenceThreshold {
                isDivided ? .refining : .converged
            } else {
                similarity < settings.divergenceThreshold ? .diverging : .refining
            }
        return .init(round: round, similarity: similarity, status: status)
    }

    /// Whether proposals that are worded alike say the opposite somewhere.
    private var isDivided: Bool {
        let texts = living.map { Sentences(proposals[$0] ?? "") }
        return texts.indices.contains { one in texts[..<one].contains { $0.contradict(texts[one]) } }
    }

    /// Counts the votes.
    func decide() -> Consensus {
        var ballot = Ballot(settings: description.settings, panel: panel.map(\.name))
        for seat in living {
            ballot.addCandidate(seat: seat, content: proposals[seat] ?? "")
        }
        for seat in panel.indices {
            if let vote = votes[seat] { ballot.add(vote, seat: seat, weight: voteWeights[seat]) }
        }
        return ballot.count(isDeadlineExceeded: isDeadlineExceeded)
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

    /// Why there can be no synthesis; nil while there can be one.
    var synthesisObstacle: String? {
        if let synthesisFailure { return synthesisFailure }
        if isDeadlineExceeded { return AgentCallFailure.deadline.code }
        return isOverBudget ? "budget_exceeded" : nil
    }

    /// What stands in place of a judge's text: the leading proposal or, in a tie, all of them.
    func fallbackSynthesis(because reason: String) -> DebateEvent.Synthesis {
        .init(
            agent: consensus?.leader ?? panel[judgeSeat].name,
            content: panelAnswer,
            sources: consensus?.leader.map { [$0] } ?? livingAgents,
            fallback: reason,
            usage: Usage()
        )
    }

    /// The answer without a judge: the leading proposal or, where none leads, all that stand, each under its author.
    private var panelAnswer: String {
        let standing = livingProposals
        if let leader = consensus?.leader, let proposal = standing.first(where: { $0.agent == leader }) {
            return proposal.content
        }
        if standing.count == 1 { return standing[0].content }
        return standing.map { "**\($0.agent)**\n\n\($0.content)" }.joined(separator: "\n\n")
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
                result.finalAnswer = panelAnswer
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
            result.finalAnswer = synthesis?.content ?? panelAnswer
            if let synthesis, synthesis.fallback == nil { result.synthesizedBy = synthesis.agent }
            let failure = isDeadlineExceeded ? nil : synthesis?.fallback
            let notes = [
                consensus.note, isBudgetExceeded ? "The budget was used up after round \(round)." : nil,
                failure.map { "The judge wrote no answer (\($0)): this is what the panel proposed." },
            ]
            result.reason = notes.contains { $0 != nil } ? notes.compactMap(\.self).joined(separator: " ") : nil
        }
        return result
    }
}
