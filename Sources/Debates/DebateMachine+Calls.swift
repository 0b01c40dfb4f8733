import CoreTypes

extension DebateMachine {
    /// How long one answer may be, in bytes of UTF-8; a longer one counts as failed, for nothing is ever cut off.
    package static let maximumAnswer = 256 * 1024

    /// The calls of the present stage that are missing.
    func makeCalls() -> [AgentCallDescription] {
        let missing = pendingCalls
        guard let kind = missing.first?.kind else { return [] }
        let batch = CallBatch(kind, of: self)
        return missing.map { AgentCallDescription($0, of: batch) }
    }

    /// The standing proposals, in the order of the panel.
    var livingProposals: [Proposal] {
        living.map { Proposal(agent: panel[$0].name, content: proposals[$0] ?? "") }
    }

    /// What a call's outcome becomes in the journal.
    ///
    /// An answer is trusted for its content alone: who gave it, and to which question, is known from the call.
    func event(for completion: AgentCallCompletion) -> DebateEvent {
        let id = completion.id
        let agent = panel[id.seat].name
        switch (id.kind, completion.result) {
        case (_, .failure(let failure)): return failed(id, failure)
        case (.critique, .success(.critique(let reply))):
            let given = reply.value
            var size = given.reasoning.utf8.count
            for issue in given.issues { size += issue.utf8.count }
            for suggestion in given.suggestions { size += suggestion.utf8.count }
            guard size <= Self.maximumAnswer else { return failed(id, .tooLong) }
            let critique = Critique(
                agent: agent,
                target: panel[id.target ?? id.seat].name,
                issues: given.issues,
                suggestions: given.suggestions,
                severity: fourDecimals(Self.fraction(given.severity)),
                reasoning: given.reasoning
            )
            return .critique(.init(critique: critique, round: id.round, usage: Self.bounded(reply.usage)))
        case (.vote, .success(.vote(let reply))):
            let given = reply.value
            guard given.choice.utf8.count + given.reasoning.utf8.count <= Self.maximumAnswer else {
                return failed(id, .tooLong)
            }
            guard !Self.isBlank(given.choice) else { return failed(id, .empty) }
            let vote = Vote(
                agent: agent,
                choice: given.choice,
                confidence: fourDecimals(Self.fraction(given.confidence)),
                continueDebate: given.continueDebate,
                reasoning: given.reasoning
            )
            return .vote(.init(vote: vote, usage: Self.bounded(reply.usage)))
        case (.proposal, .success(.text(let reply))), (.revision, .success(.text(let reply))),
            (.synthesis, .success(.text(let reply))):
            guard reply.value.utf8.count <= Self.maximumAnswer else { return failed(id, .tooLong) }
            guard !Self.isBlank(reply.value) else { return failed(id, .empty) }
            let usage = Self.bounded(reply.usage)
            if id.kind == .synthesis {
                let sources = livingAgents
                return .synthesis(
                    .init(agent: agent, content: reply.value, sources: sources, fallback: nil, usage: usage)
                )
            }
            let contribution = DebateEvent.Contribution(
                agent: agent,
                content: reply.value,
                round: id.round,
                usage: usage
            )
            return id.kind == .proposal ? .propose(contribution) : .revision(contribution)
        case (_, .success): return failed(id, .mismatched)
        }
    }

    private func failed(_ id: AgentCallID, _ failure: AgentCallFailure) -> DebateEvent {
        .agentFailed(
            .init(
                agent: panel[id.seat].name,
                kind: id.kind,
                round: id.round,
                target: id.target.map { panel[$0].name },
                code: failure.code,
                message: failure.message
            )
        )
    }

    private static func isBlank(_ text: String) -> Bool {
        !text.utf8.contains { $0 > 0x20 }
    }

    private static func fraction(_ value: Double) -> Double {
        value.isFinite ? min(1, max(0, value)) : 0.5
    }

    /// Usage without negative or absurd numbers, so that sums cannot overflow.
    private static func bounded(_ usage: Usage) -> Usage {
        var usage = usage
        usage.inputTokens = min(1 << 40, max(0, usage.inputTokens))
        usage.outputTokens = min(1 << 40, max(0, usage.outputTokens))
        usage.costMicrodollars = min(1 << 50, max(0, usage.costMicrodollars))
        return usage
    }
}

extension AgentCallFailure {
    fileprivate static let empty = AgentCallFailure(AgentError(.emptyAnswer, "The agent gave an empty answer."))
    fileprivate static let tooLong = AgentCallFailure(
        AgentError(.tooLong, "The answer is over \(DebateMachine.maximumAnswer / 1024) KiB.")
    )
    fileprivate static let mismatched = AgentCallFailure(
        AgentError(.invalidAnswer, "The agent answered another question than it was asked.")
    )
}
