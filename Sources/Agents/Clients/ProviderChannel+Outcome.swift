import CoreTypes
import Transport

/// What becomes of a call: an answer or a failure, each with what it cost.
extension ProviderChannel {
    /// What a token is of a text, about.
    private static let bytesPerToken = 4

    /// The answer that a finished draft is.
    /// - Throws: `ProviderFailure` or `AgentError` where it is none, without its cost.
    func completion(_ draft: AnswerDraft, promptBytes: Int) throws -> Completion {
        switch draft.stop {
        case nil: throw ProviderFailure(.network, "no end of the answer")
        case .refused: throw ProviderFailure(.refused, "")
        case .finished, .truncated: break
        }
        guard draft.text.contains(where: { !$0.isWhitespace }) else {
            let why =
                draft.stop == .truncated
                ? "used up its output limit before it answered. \(AgentRegistry.outputLimitKey) sets a higher one."
                : "gave an empty answer."
            throw AgentError(.emptyAnswer, "\(endpoint.provider)'s model \(endpoint.model) \(why)")
        }
        return Completion(
            text: draft.text,
            usage: usage(of: draft, promptBytes: promptBytes),
            isTruncated: draft.stop == .truncated,
            model: draft.model
        )
    }

    /// A failure with what the answer cost up to then; a refusal in place of any answer costs nothing.
    func counted(_ error: any Error, _ draft: AnswerDraft, promptBytes: Int) -> any Error {
        guard var failure = error as? ProviderFailure else {
            let usage = usage(of: draft, promptBytes: promptBytes)
            return (agentError(error) as? AgentError)?.adding(usage) ?? error
        }
        if failure.isRefusal, draft == AnswerDraft() { return failure }
        failure.usage = usage(of: draft, promptBytes: promptBytes)
        return failure
    }

    /// What an answer used; where nobody says so, about what its texts come to, for budgets must hold all the same.
    private func usage(of draft: AnswerDraft, promptBytes: Int) -> Usage {
        var input = min(draft.inputTokens, AnswerDraft.maximumTokens)
        var output = min(draft.outputTokens, AnswerDraft.maximumTokens)
        if input <= 0 { input = Self.tokens(promptBytes) }
        // Before its end some have counted no more than the first piece.
        if output <= 0 || draft.stop == nil { output = max(output, Self.tokens(draft.text.utf8.count)) }
        // A server may answer under a name that no price list knows; then the model that was asked for is paid.
        let priced = draft.model.flatMap { PriceTable.current.price(of: $0) == nil ? nil : $0 } ?? endpoint.model
        let cost =
            draft.costMicrodollars
            ?? PriceTable.current.cost(model: priced, inputTokens: input, outputTokens: output)
        return Usage(inputTokens: input, outputTokens: output, costMicrodollars: cost)
    }

    private static func tokens(_ bytes: Int) -> Int { (bytes + bytesPerToken - 1) / bytesPerToken }

    /// What was thrown, as an `AgentError` or a `CancellationError`.
    func agentError(_ error: any Error) -> any Error {
        if Task.isCancelled || error is CancellationError { return CancellationError() }
        switch error {
        case let error as AgentError: return error
        case let failure as ProviderFailure: return failure.agentError(endpoint)
        case let error as TransportError: return transportFailure(error)
        default: return AgentError(.internalError, "The call of \(endpoint.provider) failed unexpectedly.")
        }
    }

    private func transportFailure(_ error: TransportError) -> any Error {
        let provider = endpoint.provider
        switch error.reason {
        case .cancelled: return CancellationError()
        case .timeout: return AgentError(.timeout, "\(provider) did not answer in time.")
        case .tooLarge: return AgentError(.tooLong, "\(provider)'s answer is over \(Self.maximumBytes >> 20) MiB long.")
        case .invalidRequest: return AgentError(.badRequest, "\(provider) cannot be asked: \(error.description)")
        case .interrupted: return AgentError(.network, "\(provider)'s answer broke off: \(error.description)")
        default: return AgentError(.network, "\(provider) cannot be reached: \(error.description)")
        }
    }
}

extension ProviderFailure {
    /// Whether the provider turned the question away, and no answer failed on its way.
    fileprivate var isRefusal: Bool {
        switch reason {
        case .badRequest, .authentication, .quotaExceeded, .rateLimited, .overloaded: true
        default: false
        }
    }
}
