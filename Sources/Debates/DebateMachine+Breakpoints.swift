import CoreTypes

extension DebateMachine {
    /// Whether anything makes the debate wait before its next round or its vote; looked at after each round.
    func breakpointAfterRound() -> DebateBreakpoint? {
        let policy = description.settings.breakpoints
        guard !policy.triggers.isEmpty, round > 0, !isCancelled, !isDeadlineExceeded else {
            return nil
        }
        var found: [BreakpointPolicy.Trigger] = []
        var reasons: [String] = []
        for trigger in policy.triggers where !firedTriggers.contains(trigger) {
            guard let reason = reason(for: trigger, policy) else { continue }
            found.append(trigger)
            reasons.append(reason)
        }
        return breakpoint(found, reasons)
    }

    /// Whether the outcome makes the debate wait before it is written down: too little confidence, once it is decided.
    func breakpointAfterDecision() -> DebateBreakpoint? {
        let policy = description.settings.breakpoints
        guard policy.triggers.contains(.lowConfidence), !firedTriggers.contains(.lowConfidence), let consensus,
            description.settings.consensus != .none, consensus.confidence < policy.confidence, !isCancelled,
            !isDeadlineExceeded, living.count >= 2
        else { return nil }
        let percent = Int((consensus.confidence * 100).rounded())
        return breakpoint([.lowConfidence], ["The panel decided with a confidence of \(percent) % only."])
    }

    /// Whether the verdict has to be released.
    func breakpointBeforeEnd() -> DebateBreakpoint? {
        let policy = description.settings.breakpoints
        guard policy.triggers.contains(.release), !firedTriggers.contains(.release), !isCancelled, !living.isEmpty
        else {
            return nil
        }
        return breakpoint([.release], ["The verdict is ready. It goes out when it is released."])
    }

    /// Whether what the panel says is kept back until people release it: stopping a debate releases nothing.
    var isHeldBack: Bool {
        description.settings.breakpoints.triggers.contains(.release) && !isReleased && result?.status != .failed
    }

    private func breakpoint(_ triggers: [BreakpointPolicy.Trigger], _ reasons: [String]) -> DebateBreakpoint? {
        guard !triggers.isEmpty else { return nil }
        return DebateBreakpoint(
            number: breakpointCount + 1,
            round: round,
            triggers: triggers,
            reason: reasons.joined(separator: " ")
        )
    }

    private func reason(for trigger: BreakpointPolicy.Trigger, _ policy: BreakpointPolicy) -> String? {
        switch trigger {
        case .lowConfidence, .release: return nil
        case .deadlock:
            let last = similarities.suffix(policy.deadlockRounds + 1)
            guard last.count > policy.deadlockRounds, let first = last.first, !isConverged,
                last.allSatisfy({ abs($0 - first) <= BreakpointPolicy.movement })
            else { return nil }
            return "The proposals have not come closer for \(policy.deadlockRounds) rounds."
        case .disagreement:
            let given = critiques.compactMap { $0?.critique.severity }
            guard !given.isEmpty else { return nil }
            let average = given.reduce(0, +) / Double(given.count)
            guard average > policy.severity else { return nil }
            return "The criticism of round \(round) is severe: \(Int((average * 100).rounded())) % on average."
        case .safetyWords:
            let texts = livingProposals.map { $0.content.lowercased() }
            guard let word = policy.safetyWords.first(where: { word in texts.contains { $0.contains(word) } }) else {
                return nil
            }
            return "A proposal speaks of “\(word)”."
        case .explicitRequest:
            let mark = BreakpointPolicy.request
            if let input = evidence.first(where: { $0.text.lowercased().contains(mark) }) {
                return "\(input.author) asks for a person."
            }
            guard let asking = livingProposals.first(where: { $0.content.lowercased().contains(mark) }) else {
                return nil
            }
            return "\(asking.agent) asks for a person."
        case .roundLimit:
            guard round >= min(policy.roundLimit, description.settings.rounds), !isConverged else { return nil }
            return round == 1 ? "1 round was held." : "\(round) rounds were held."
        }
    }

    /// People have decided how the debate goes on; an answer to another breakpoint changes nothing.
    package mutating func handle(_ resolution: BreakpointResolution) -> DebateStep {
        var step = DebateStep()
        if let waiting, waiting.number == resolution.number {
            step.events.append(.breakpointResolved(resolution))
            apply(.breakpointResolved(resolution))
        }
        return advanced(from: step.events)
    }

    mutating func apply(_ breakpoint: DebateBreakpoint) {
        firedTriggers.formUnion(breakpoint.triggers)
        breakpointCount = breakpoint.number
        waitingFrom = stage
        waiting = breakpoint
        stage = .waiting
    }

    mutating func apply(_ resolution: BreakpointResolution) {
        if waiting?.isRelease == true {
            isWithheld = resolution.action == .abort
            isReleased = !isWithheld
        }
        waiting = nil
        if !resolution.guidance.isEmpty {
            evidence.append(Evidence(author: resolution.by, text: resolution.guidance))
        }
        stage = waitingFrom
        isRequested = false
        isLoaded = false
        switch resolution.action {
        case .continue: break
        case .conclude: isConverged = true
        case .abort:
            isCancelled = true
            cancelledBy = resolution.by
            stage = .ending
        }
    }
}
