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
    /// The most tokens of an answer with its thinking, where the operator sets it.
    package let outputLimit: Int?
    /// What to check where something else than the API answers; nil where no setting holds the address.
    package let addressAdvice: String?

    /// Describes an endpoint.
    package init(
        provider: String,
        keyVariable: String? = nil,
        baseURL: String,
        key: Secret? = nil,
        model: String,
        thinkingTokens: Int = 0,
        outputLimit: Int? = nil,
        addressAdvice: String? = nil
    ) {
        self.provider = provider
        self.keyVariable = keyVariable
        var base = baseURL[...]
        while base.hasSuffix("/") { base = base.dropLast() }
        self.baseURL = String(base)
        self.key = key
        self.model = model
        self.thinkingTokens = thinkingTokens
        self.outputLimit = outputLimit
        self.addressAdvice = addressAdvice
    }

    /// The output limit to send with a question whose answer may have so many tokens.
    func limit(forAnswerOf tokens: Int) -> Int64 { Int64(outputLimit ?? tokens + thinkingTokens) }
}
