/// A member of a panel: it proposes, criticises and votes (architecture document, "Adding New Agents").
///
/// An agent may be slow, wrong or hostile. Whoever calls it guards the call; the agent itself only has to answer or
/// throw an `AgentError`, and to stop when its task is cancelled.
package protocol Agent: Sendable {
    /// Who this is, as the verdict and the receipt name it.
    var profile: AgentProfile { get }

    /// Writes a text: an answer, a proposal, a revision or a synthesis.
    /// - Throws: `AgentError`, or `CancellationError` when the task was cancelled.
    func generate(_ request: GenerateRequest, call: AgentCall) async throws -> Reply<String>

    /// Criticises another agent's proposal.
    /// - Throws: `AgentError`, or `CancellationError` when the task was cancelled.
    func critique(_ request: CritiqueRequest, call: AgentCall) async throws -> Reply<Critique>

    /// Chooses the best of the proposals.
    /// - Throws: `AgentError`, or `CancellationError` when the task was cancelled.
    func vote(_ request: VoteRequest, call: AgentCall) async throws -> Reply<Vote>
}

/// Who an agent is.
package struct AgentProfile: Sendable, Hashable {
    /// The name on the panel, unique there, such as `anthropic`.
    package let name: String
    /// Who runs the model, such as `Anthropic`.
    package let provider: String
    /// The model's own name.
    package let model: String
    /// True for the offline demo agents, which are no models and must never be taken for any.
    package let isDemo: Bool

    /// Describes an agent.
    package init(name: String, provider: String, model: String, isDemo: Bool = false) {
        self.name = name
        self.provider = provider
        self.model = model
        self.isDemo = isDemo
    }
}

/// What a call carries beside its question.
package struct AgentCall: Sendable {
    /// The same for every try of the same call, and for no other: providers that know idempotency keys get it.
    package let key: String
    /// The most tokens that the answer may have.
    package var maximumOutputTokens: Int
    /// When whoever asks stops waiting; nil where nobody said.
    package var deadline: Timestamp?
    /// Who hears the text of `generate` while it is written; nil where nobody can.
    package var listener: (any DraftListener)?

    /// Describes a call.
    package init(
        key: String,
        maximumOutputTokens: Int = 4096,
        deadline: Timestamp? = nil,
        listener: (any DraftListener)? = nil
    ) {
        self.key = key
        self.maximumOutputTokens = maximumOutputTokens
        self.deadline = deadline
        self.listener = listener
    }
}

/// An answer and what it cost.
package struct Reply<Value: Sendable>: Sendable {
    package var value: Value
    package var usage: Usage

    /// Pairs an answer with its cost.
    package init(_ value: Value, usage: Usage = Usage()) {
        self.value = value
        self.usage = usage
    }
}

/// What one or more calls used.
package struct Usage: Sendable, Hashable {
    package var inputTokens: Int
    package var outputTokens: Int
    /// Millionths of a US dollar; 0 where the price of the model is not known.
    package var costMicrodollars: Int64
    /// The model that answered in place of the agent's own, where a fallback was needed.
    package var fallbackModel: String?

    /// Describes what was used.
    package init(
        inputTokens: Int = 0,
        outputTokens: Int = 0,
        costMicrodollars: Int64 = 0,
        fallbackModel: String? = nil
    ) {
        self.inputTokens = inputTokens
        self.outputTokens = outputTokens
        self.costMicrodollars = costMicrodollars
        self.fallbackModel = fallbackModel
    }

    /// Adds what two calls used; the numbers are a provider's word, so a sum that is too large stays at the largest.
    package static func + (left: Usage, right: Usage) -> Usage {
        Usage(
            inputTokens: sum(left.inputTokens, right.inputTokens),
            outputTokens: sum(left.outputTokens, right.outputTokens),
            costMicrodollars: sum(left.costMicrodollars, right.costMicrodollars),
            fallbackModel: right.fallbackModel ?? left.fallbackModel
        )
    }

    private static func sum<Number: FixedWidthInteger>(_ left: Number, _ right: Number) -> Number {
        let (sum, isOver) = left.addingReportingOverflow(right)
        return isOver ? (right < 0 ? .min : .max) : sum
    }
}

/// Why an agent gave no usable answer.
package struct AgentError: CodedError, Hashable {
    /// The closed list of reasons.
    package enum Code: String, Sendable, CaseIterable {
        case timeout, emptyAnswer = "empty_answer", invalidAnswer = "invalid_answer", tooLong = "too_long"
        case rateLimited = "rate_limited", quotaExceeded = "quota_exceeded", authentication, refused
        case overloaded, network, badRequest = "bad_request", circuitOpen = "circuit_open", internalError = "internal"
    }

    package let reason: Code
    package let description: String
    /// How long the provider asked us to wait, where it did.
    package let retryAfter: Duration?
    /// What an answer cost that was of no use.
    package var usage: Usage

    package var code: String { reason.rawValue }
    package var isRetryable: Bool {
        switch reason {
        case .timeout, .rateLimited, .overloaded, .network, .emptyAnswer, .invalidAnswer: true
        case .tooLong, .quotaExceeded, .authentication, .refused, .badRequest, .circuitOpen, .internalError: false
        }
    }

    /// Describes a failure; the description is shown to users and holds no secret.
    package init(_ reason: Code, _ description: String, retryAfter: Duration? = nil, usage: Usage = Usage()) {
        self.reason = reason
        self.description = description
        self.retryAfter = retryAfter
        self.usage = usage
    }
    /// The same failure, with the cost of one more answer.
    package func adding(_ cost: Usage) -> AgentError {
        var error = self
        error.usage = usage + cost
        return error
    }
}
