import CoreTypes

/// One provider as it is configured.
struct ProviderSettings: Sendable {
    let provider: ModelProvider
    let key: Secret?
    let baseURL: String
    let model: String
    /// Whether the address is not the provider's own.
    let isElsewhere: Bool

    /// Reads a provider's settings.
    /// - Returns: Nil where the provider is not configured.
    /// - Throws: `AgentConfigurationError` where a value cannot be used; it names the key, never the value of a secret.
    static func read(
        _ provider: ModelProvider,
        from configuration: [String: String]
    ) throws(AgentConfigurationError) -> ProviderSettings? {
        let key = value(of: provider.keyVariables, in: configuration)
        let base = value(of: provider.baseVariables, in: configuration)
        let model = value(of: provider.modelVariables, in: configuration)
        // A server of one's own needs no key; OpenAI's address alone therefore means a compatible server.
        let isOwnServer = provider.baseURL == nil || provider.name == "openai"
        guard key != nil || (isOwnServer && base != nil) else { return nil }
        guard let address = base?.value ?? provider.baseURL else {
            let variable = provider.baseVariables.first ?? ""
            throw AgentConfigurationError(.invalidValue, "\(provider.title) has a key but no address: set \(variable).")
        }
        if let key, !key.value.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) {
            throw AgentConfigurationError(.invalidValue, "\(key.variable) has characters that no API key has.")
        }
        if let base, !isAddress(base.value) {
            throw AgentConfigurationError(
                .invalidValue,
                "\(base.variable) is no address: it must begin with http:// or https:// and have no query."
            )
        }
        let fallbackModel = key == nil && provider.baseURL != nil ? ModelProvider.unnamedModel : provider.model
        let name = model?.value ?? fallbackModel
        guard isModelName(name) else {
            throw AgentConfigurationError(.invalidValue, "\(model?.variable ?? "The model") is no name of a model.")
        }
        return ProviderSettings(
            provider: provider,
            key: key.map { Secret($0.value) },
            baseURL: address,
            model: name,
            isElsewhere: base.map { !isSame($0.value, provider.baseURL) } ?? false
        )
    }

    /// The endpoint of one of the provider's models.
    /// - Parameter outputLimit: what the operator sets as the most tokens of an answer, if anything.
    func endpoint(model: String, outputLimit: Int?) -> ModelEndpoint {
        ModelEndpoint(
            provider: title,
            keyVariable: provider.keyVariables.first,
            baseURL: baseURL,
            key: key,
            model: model,
            thinkingTokens: ModelProvider.thinkingTokens(for: model),
            outputLimit: outputLimit,
            addressAdvice: provider.addressAdvice
        )
    }

    /// Who answers, as the verdict names them.
    var title: String { key == nil && provider.baseURL != nil ? "\(provider.title)-compatible server" : provider.title }

    /// Whether what a model's answers cost is known: OpenRouter says it, and a server of one's own costs nothing.
    func isPriced(model: String) -> Bool {
        key == nil || provider.baseURL == nil || provider.name == ModelProvider.openRouterName
            || PriceTable.current.price(of: model) != nil
    }

    /// The dialect of chat completions that the server understands.
    func dialect(_ usual: ChatDialect, model: String) -> ChatDialect {
        // Behind another address stands some compatible server, which knows the newer field only if OpenAI's own
        // models are behind it in turn.
        let needsNewField = ["gpt-5", "gpt-6", "o1", "o3", "o4"].contains { model.hasPrefix($0) }
        return usual == .openAI && isElsewhere && !needsNewField ? .compatible : usual
    }

    /// Whether a text can be the name of a model; it stands in URLs and on panels.
    static func isModelName(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.count <= 200 && !name.contains("..")
            && name.utf8.allSatisfy { byte in
                let scalar = Unicode.Scalar(byte)
                return byte < 0x80 && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
                    || "-_.:/@+".utf8.contains(byte)
            }
    }

    private static func isSame(_ address: String, _ own: String?) -> Bool {
        address == own || address == own.map { $0 + "/" }
    }

    private static func isAddress(_ text: String) -> Bool {
        let rest = text.hasPrefix("https://") ? text.dropFirst(8) : text.hasPrefix("http://") ? text.dropFirst(7) : ""
        return !rest.isEmpty && rest.utf8.allSatisfy { (0x21...0x7E).contains($0) }
            && !rest.contains { "?#@".contains($0) }
    }

    private static func value(
        of variables: [String],
        in configuration: [String: String]
    ) -> (variable: String, value: String)? {
        for variable in variables {
            if let value = configuration[variable]?.trimmed, !value.isEmpty { return (variable, value) }
        }
        return nil
    }
}
