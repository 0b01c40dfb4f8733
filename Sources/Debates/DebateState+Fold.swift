import CoreTypes

/// The fold: how each event of the journal changes the state.
extension DebateState {
    /// Takes in one event of the journal.
    mutating func apply(_ event: DebateEvent) {
        switch event {
        case .debateStart: stage = .context
        case .phaseChange(_, let next): enter(next)
        case .roundStart(let number, _): enterRound(number)
        case .propose(let proposal):
            guard let seat = seat(of: proposal.agent) else { return }
            usage.add(proposal.usage)
            proposals[seat] = proposal.content
            settle(seat)
        case .critique(let given):
            guard let seat = seat(of: given.critique.agent), let target = self.seat(of: given.critique.target) else {
                return
            }
            usage.add(given.usage)
            critiques[seat * panel.count + target] = given
            settle(seat, target: target)
        case .revision(let revision):
            guard let seat = seat(of: revision.agent) else { return }
            usage.add(revision.usage)
            proposals[seat] = revision.content
            settle(seat)
        case .evidenceAdded(let input):
            evidence.append(Evidence(author: input.author, text: input.text))
            evidenceCursor = max(evidenceCursor, input.cursor)
        case .vote(let cast):
            guard let seat = seat(of: cast.vote.agent) else { return }
            usage.add(cast.usage)
            votes[seat] = cast.vote
            settle(seat)
        case .agentFailed(let failure): apply(failure)
        case .convergence(let convergence):
            isConverged = convergence.status == .converged && description.settings.convergenceDetection
            similarities.append(convergence.similarity)
            stage = .intermission
        case .consensus(let decision):
            consensus = decision
            isRequested = false
            stage = decision.mode == .judge && living.count >= 2 ? .synthesis : .ending
        case .synthesis(let text):
            usage.add(text.usage)
            synthesis = text
            stage = .ending
        case .budgetExceeded:
            isBudgetExceeded = true
            pending = SeatSet()
            stage = .intermission
        case .deadlineExceeded:
            isDeadlineExceeded = true
            deadlineStage = stage
        case .cancelRequested(let person):
            isCancelled = true
            cancelledBy = person
            pending = SeatSet()
            stage = .ending
        case .breakpoint(let breakpoint): apply(breakpoint)
        case .breakpointResolved(let resolution): apply(resolution)
        case .debateEnd(let end):
            result = end
            stage = .ended
        }
    }

    private mutating func apply(_ failure: DebateEvent.Failure) {
        guard let seat = seat(of: failure.agent) else { return }
        usage.add(failure.usage)
        switch failure.kind {
        case .proposal:
            living.remove(seat)
            proposalFailures.append((failure.agent, failure.code))
            settle(seat)
        case .critique: settle(seat, target: failure.target.flatMap { self.seat(of: $0) })
        case .revision, .vote: settle(seat)
        case .synthesis: synthesisFailure = failure.code
        }
    }

    private mutating func apply(_ breakpoint: DebateBreakpoint) {
        firedTriggers.formUnion(breakpoint.triggers)
        breakpointCount = breakpoint.number
        waitingFrom = stage
        waiting = breakpoint
        stage = .waiting
    }

    private mutating func apply(_ resolution: BreakpointResolution) {
        if waiting?.isRelease == true {
            isWithheld = resolution.action == .abort
            isReleased = !isWithheld
        }
        waiting = nil
        if !resolution.guidance.isEmpty {
            guidance.append(Evidence(author: resolution.by, text: resolution.guidance))
        }
        stage = waitingFrom
        isRequested = false
        isLoaded = false
        switch resolution.action {
        case .continue: break
        case .conclude: isConcluded = true
        case .abort:
            isCancelled = true
            cancelledBy = resolution.by
            stage = .ending
        }
    }

    private mutating func enter(_ next: DebatePhase) {
        phase = next
        isRequested = false
        switch next {
        case .context: break
        case .proposals:
            pending = living
            isLoaded = false
            stage = .proposals
        case .rounds: stage = .intermission
        case .consensus:
            isLoaded = false
            let isVote = living.count >= 2 && !isDeadlineExceeded && description.settings.consensus != .none
            if isVote { pending = living }
            stage = isVote ? .voting : .decision
        }
    }

    private mutating func enterRound(_ number: Int) {
        round = number
        isRequested = false
        isLoaded = false
        stage = .critiques
        for position in critiques.indices { critiques[position] = nil }
        pending = living
        for seat in panel.indices {
            pendingTargets[seat] = living.contains(seat) ? living : SeatSet()
            pendingTargets[seat].remove(seat)
        }
    }

    /// Notes that a call came to its end, and leaves the stage with the last one.
    private mutating func settle(_ seat: Int, target: Int? = nil) {
        if let target {
            pendingTargets[seat].remove(target)
            guard pendingTargets[seat].isEmpty else { return }
        }
        pending.remove(seat)
        guard pending.isEmpty else { return }
        isRequested = false
        switch stage {
        case .proposals: stage = .intermission
        case .critiques:
            pending = living
            stage = .revisions
        case .revisions: stage = .assessment
        case .voting: stage = .decision
        default: break
        }
    }

    private func seat(of agent: String) -> Int? {
        for seat in panel.indices where panel[seat].name == agent { return seat }
        return nil
    }
}

extension Usage {
    /// Adds what an event says was used; sums wrap, for a journal that somebody made up must not stop whoever checks it.
    fileprivate mutating func add(_ other: Usage) {
        inputTokens &+= other.inputTokens
        outputTokens &+= other.outputTokens
        costMicrodollars &+= other.costMicrodollars
        if let model = other.fallbackModel { fallbackModel = model }
    }
}
