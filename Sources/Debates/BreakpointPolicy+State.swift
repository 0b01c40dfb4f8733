import CoreTypes

/// Whether a policy makes a debate wait as it stands.
extension BreakpointPolicy {
    /// Whether anything makes the debate wait before its next round or its vote; looked at after each round.
    func breakpointAfterRound(in state: DebateState) -> DebateBreakpoint? {
        guard !triggers.isEmpty, state.round > 0, !state.isCancelled, !state.isDeadlineExceeded else {
            return nil
        }
        var found: [Trigger] = []
        var reasons: [String] = []
        for trigger in triggers where !state.firedTriggers.contains(trigger) {
            guard let reason = reason(for: trigger, in: state) else { continue }
            found.append(trigger)
            reasons.append(reason)
        }
        return breakpoint(found, reasons, in: state)
    }

    /// Whether the outcome makes the debate wait before it is written down: too little confidence, once it is decided.
    func breakpointAfterDecision(in state: DebateState) -> DebateBreakpoint? {
        guard triggers.contains(.lowConfidence), !state.firedTriggers.contains(.lowConfidence),
            let consensus = state.consensus, state.description.settings.consensus != .none,
            consensus.confidence < confidence, !state.isCancelled, !state.isDeadlineExceeded, state.living.count >= 2
        else { return nil }
        let percent = Int((consensus.confidence * 100).rounded())
        return breakpoint([.lowConfidence], ["The panel decided with a confidence of \(percent) % only."], in: state)
    }

    /// Whether the verdict has to be released.
    func breakpointBeforeEnd(in state: DebateState) -> DebateBreakpoint? {
        guard triggers.contains(.release), !state.firedTriggers.contains(.release), !state.isCancelled,
            !state.living.isEmpty
        else { return nil }
        return breakpoint([.release], ["The verdict is ready. It goes out when it is released."], in: state)
    }

    private func breakpoint(
        _ triggers: [Trigger],
        _ reasons: [String],
        in state: DebateState
    ) -> DebateBreakpoint? {
        guard !triggers.isEmpty else { return nil }
        return DebateBreakpoint(
            number: state.breakpointCount + 1,
            round: state.round,
            triggers: triggers,
            reason: reasons.joined(separator: " ")
        )
    }

    private func reason(for trigger: Trigger, in state: DebateState) -> String? {
        switch trigger {
        case .lowConfidence, .release: return nil
        case .deadlock:
            let last = state.similarities.suffix(deadlockRounds + 1)
            guard last.count > deadlockRounds, let first = last.first, !state.isConverged, !state.isConcluded,
                last.allSatisfy({ abs($0 - first) <= Self.movement })
            else { return nil }
            return "The proposals have not come closer for \(deadlockRounds) rounds."
        case .disagreement:
            let given = state.critiques.compactMap { $0?.critique.severity }
            guard !given.isEmpty else { return nil }
            let average = given.reduce(0, +) / Double(given.count)
            guard average > severity else { return nil }
            return "The criticism of round \(state.round) is severe: \(Int((average * 100).rounded())) % on average."
        case .safetyWords:
            let texts = state.livingProposals.map { $0.content.lowercased() }
            guard let word = safetyWords.first(where: { word in texts.contains { $0.contains(word) } }) else {
                return nil
            }
            return "A proposal speaks of “\(word)”."
        case .explicitRequest:
            let mark = Self.request
            if let input = (state.evidence + state.guidance).first(where: { $0.text.lowercased().contains(mark) }) {
                return "\(input.author) asks for a person."
            }
            guard let asking = state.livingProposals.first(where: { $0.content.lowercased().contains(mark) }) else {
                return nil
            }
            return "\(asking.agent) asks for a person."
        case .roundLimit:
            guard state.round >= min(roundLimit, state.description.settings.rounds), !state.isConverged,
                !state.isConcluded
            else { return nil }
            return state.round == 1 ? "1 round was held." : "\(state.round) rounds were held."
        }
    }
}
