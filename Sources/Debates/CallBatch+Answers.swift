import CoreTypes

/// What an answer becomes in the journal.
///
/// It is trusted for its content alone: who gave it, and to which question, is known from the call.
extension CallBatch {
    /// How long one answer may be, in bytes of UTF-8; a longer one counts as failed, for nothing is ever cut off.
    static let maximumAnswer = 256 * 1024

    func event(_ id: AgentCallID, _ reply: consuming Reply<String>) -> DebateEvent {
        guard reply.value.utf8.count <= Self.maximumAnswer else { return failed(id, .tooLong, reply.usage) }
        guard !Self.isBlank(reply.value) else { return failed(id, .empty, reply.usage) }
        let agent = panel[id.seat].name
        reply.usage = Self.bounded(reply.usage)
        switch id.kind {
        case .proposal, .revision:
            let text = DebateEvent.Contribution(agent: agent, content: reply.value, round: id.round, usage: reply.usage)
            return id.kind == .proposal ? .propose(text) : .revision(text)
        case .synthesis:
            let sources = proposals.map(\.agent)
            return .synthesis(
                .init(agent: agent, content: reply.value, sources: sources, fallback: nil, usage: reply.usage)
            )
        case .critique, .vote: return failed(id, .mismatched, reply.usage)
        }
    }

    func event(_ id: AgentCallID, _ reply: consuming Reply<Critique>) -> DebateEvent {
        guard id.kind == .critique, let target = id.target else { return failed(id, .mismatched, reply.usage) }
        var size = reply.value.reasoning.utf8.count
        for issue in reply.value.issues { size += issue.utf8.count }
        for suggestion in reply.value.suggestions { size += suggestion.utf8.count }
        guard size <= Self.maximumAnswer else { return failed(id, .tooLong, reply.usage) }
        reply.value.agent = panel[id.seat].name
        reply.value.target = panel[target].name
        reply.value.severity = fourDecimals(Self.fraction(reply.value.severity))
        reply.usage = Self.bounded(reply.usage)
        return .critique(.init(critique: reply.value, round: id.round, usage: reply.usage))
    }

    func event(_ id: AgentCallID, _ reply: consuming Reply<Vote>) -> DebateEvent {
        guard id.kind == .vote else { return failed(id, .mismatched, reply.usage) }
        guard reply.value.choice.utf8.count + reply.value.reasoning.utf8.count <= Self.maximumAnswer else {
            return failed(id, .tooLong, reply.usage)
        }
        guard !Self.isBlank(reply.value.choice) else { return failed(id, .empty, reply.usage) }
        reply.value.agent = panel[id.seat].name
        reply.value.confidence = fourDecimals(Self.fraction(reply.value.confidence))
        reply.usage = Self.bounded(reply.usage)
        return .vote(.init(vote: reply.value, usage: reply.usage))
    }

    private func failed(_ id: AgentCallID, _ error: AgentError, _ usage: Usage) -> DebateEvent {
        .agentFailed(.init(id, panel, AgentCallFailure(error.adding(usage))))
    }

    private static func isBlank(_ text: String) -> Bool {
        !text.utf8.contains { $0 > 0x20 }
    }

    private static func fraction(_ value: Double) -> Double {
        value.isFinite ? min(1, max(0, value)) : 0.5
    }

    /// Usage without negative or absurd numbers, so that sums cannot overflow.
    static func bounded(_ usage: Usage) -> Usage {
        Usage(
            inputTokens: min(1 << 40, max(0, usage.inputTokens)),
            outputTokens: min(1 << 40, max(0, usage.outputTokens)),
            costMicrodollars: min(1 << 50, max(0, usage.costMicrodollars)),
            fallbackModel: usage.fallbackModel
        )
    }
}

extension AgentError {
    fileprivate static let empty = AgentError(.emptyAnswer, "The agent gave an empty answer.")
    fileprivate static let tooLong = AgentError(.tooLong, "The answer is over \(CallBatch.maximumAnswer / 1024) KiB.")
    fileprivate static let mismatched = AgentError(
        .invalidAnswer,
        "The agent answered another question than it was asked."
    )
}
