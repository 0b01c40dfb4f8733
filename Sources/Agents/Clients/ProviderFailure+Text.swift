package import CoreTypes

extension ProviderFailure {
    /// The error as the panel and the user see it.
    package func agentError(_ endpoint: ModelEndpoint) -> AgentError {
        let provider = endpoint.provider
        let text: String
        switch reason {
        case .authentication:
            let hint = endpoint.keyVariable.map { " Check \($0)." } ?? ""
            text = "\(provider) refused the API key\(suffix).\(hint)"
        case .quotaExceeded: text = "\(provider)'s quota or credit is used up\(suffix)."
        case .rateLimited: text = "\(provider) asks us to slow down\(wait)\(suffix)."
        case .overloaded: text = "\(provider) is overloaded or out of order\(suffix)."
        case .timeout: text = "\(provider) did not answer in time\(suffix)."
        case .refused: text = "\(provider)'s model \(endpoint.model) refused to answer\(suffix)."
        case .tooLong: text = "\(provider)'s answer is too long\(suffix)."
        case .network: text = "\(provider)'s answer broke off\(suffix)."
        case .badRequest: text = badRequestText(endpoint)
        default: text = "\(provider)'s answer cannot be read\(suffix)."
        }
        return AgentError(reason, text, retryAfter: retryAfter, usage: usage)
    }

    /// Status and word, in brackets.
    private var suffix: String {
        let detail = [status.map(String.init), word.isEmpty ? nil : word].compactMap(\.self).joined(separator: " ")
        return detail.isEmpty ? "" : " (\(detail))"
    }

    /// For how long we are asked to wait, in whole seconds.
    private var wait: String {
        guard let retryAfter, retryAfter > .zero else { return "" }
        return " for \((retryAfter.milliseconds + 999) / 1000) s"
    }

    private func badRequestText(_ endpoint: ModelEndpoint) -> String {
        let words = ProviderMessage(message, key: endpoint.key).text
        let parts: [String?] = [
            badRequest(endpoint), isMisdirected ? endpoint.addressAdvice : nil,
            words.isEmpty ? nil : "It says: “\(words)”",
        ]
        return parts.compactMap(\.self).joined(separator: " ")
    }

    private func badRequest(_ endpoint: ModelEndpoint) -> String {
        let provider = endpoint.provider
        // Without a status and a message it is we who say what came.
        if isMisdirected, status == nil, message.isEmpty {
            return "\(provider) answered with \(word) and not with its API."
        }
        if isMisdirected { return "\(provider) has no such address\(suffix)." }
        return status == 404
            ? "\(provider) does not know the model \(endpoint.model)\(suffix)."
            : "\(provider) did not accept the request for \(endpoint.model)\(suffix)."
    }
}
