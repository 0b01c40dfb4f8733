package import CoreTypes

/// Where a model is reached and as whom.
package struct ModelEndpoint: Sendable {
    /// Who runs it, as error texts name them, such as `Anthropic`.
    package let provider: String
    /// The configuration key that holds the API key, for error texts; nil for servers that need none.
    package let keyVariable: String?
    /// The address without a trailing slash.
    package let baseURL: String
    package let key: Secret?
    package let model: String
    /// Tokens that a model may spend on thinking before it answers; they count against the output limit.
    package let thinkingTokens: Int

    /// Describes an endpoint.
    package init(
        provider: String,
        keyVariable: String? = nil,
        baseURL: String,
        key: Secret? = nil,
        model: String,
        thinkingTokens: Int = 0
    ) {
        self.provider = provider
        self.keyVariable = keyVariable
        var base = baseURL[...]
        while base.hasSuffix("/") { base = base.dropLast() }
        self.baseURL = String(base)
        self.key = key
        self.model = model
        self.thinkingTokens = thinkingTokens
    }
}
