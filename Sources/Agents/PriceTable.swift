/// What models cost, by the start of their names.
package struct PriceTable: Sendable {
    /// One price, in millionths of a US dollar for a million tokens.
    package struct Price: Sendable, Hashable {
        package let input: Int64
        package let output: Int64
    }

    private let prices: [String: Price]

    /// Makes a table of name prefixes.
    package init(_ prices: [String: Price]) {
        self.prices = prices
    }

    /// List prices of short prompts without caching, read in November 2026 from platform.claude.com/docs/en/models,
    /// developers.openai.com/api/docs/pricing, ai.google.dev/gemini-api/docs/pricing (Gemini 3.8 Flash: the price
    /// until 31 December 2026), docs.x.ai, docs.mistral.ai and api-docs.deepseek.com/quick_start/pricing (peak hours).
    package static let current = PriceTable([
        "claude-fable-5": dollars(10, 50),
        "claude-fable-5-2": dollars(8, 40),
        "claude-opus-5-5": dollars(4, 20),
        "claude-opus-5": dollars(5, 25),
        "claude-opus-4-8": dollars(5, 25),
        "claude-opus-4-7": dollars(5, 25),
        "claude-opus-4-6": dollars(5, 25),
        "claude-sonnet-5": dollars(2, 10),
        "claude-sonnet-4": dollars(3, 15),
        "claude-haiku-4-5": dollars(1, 5),
        "gpt-6-astra": dollars(10, 50),
        "gpt-6-sol": dollars(2, 10),
        "gpt-6-luna": dollars(0.1, 0.5),
        "gpt-6.1-sol": dollars(2, 10),
        "gpt-6.2-sol": dollars(2, 10),
        "gpt-5.4": dollars(2.5, 15),
        "gpt-5.2": dollars(1.75, 14),
        "gpt-5-mini": dollars(0.25, 2),
        "gpt-4.1": dollars(2, 8),
        "gemini-3.8-flash": dollars(0.75, 3.75),
        "gemini-3.5-flash": dollars(1.5, 9),
        "gemini-3.1-pro": dollars(2, 12),
        "grok-4.7": dollars(2, 6),
        "grok-4.6": dollars(2, 6),
        "grok-4.5": dollars(2, 6),
        "grok-4.3": dollars(1.25, 2.5),
        "mistral-medium": dollars(1.5, 7.5),
        "mistral-large-4": dollars(0.68, 2.09),
        "mistral-large-latest": dollars(0.68, 2.09),
        "deepseek-flash": dollars(0.3, 1.2),
        "deepseek-v4-pro": dollars(1.32, 3.96),
    ])

    /// What an answer cost, in millionths of a US dollar, rounded up; 0 where the price is not known.
    package func cost(model: String, inputTokens: Int, outputTokens: Int) -> Int64 {
        guard let price = price(of: model) else { return 0 }
        let input = Int64(clamping: max(0, inputTokens)).multipliedReportingOverflow(by: price.input)
        let output = Int64(clamping: max(0, outputTokens)).multipliedReportingOverflow(by: price.output)
        let sum = input.partialValue.addingReportingOverflow(output.partialValue)
        // A provider that claims so many tokens is not believed.
        guard !input.overflow, !output.overflow, !sum.overflow else { return 0 }
        return sum.partialValue / 1_000_000 + (sum.partialValue % 1_000_000 == 0 ? 0 : 1)
    }

    /// The price whose prefix fits best; the maker's name in front, as OpenRouter writes it, is left aside.
    package func price(of model: String) -> Price? {
        let name = model.split(separator: "/").last.map { String($0).lowercased() } ?? ""
        let fits = prices.keys.filter { name.hasPrefix($0) && Self.isVersion(name.dropFirst($0.count)) }
        return fits.max { $0.count < $1.count }.flatMap { prices[$0] }
    }

    /// Whether what stands behind a prefix names another version at the same price, and not another model: nothing, a
    /// date or number, `latest` or `preview`, or a tag of the provider.
    private static func isVersion(_ rest: Substring) -> Bool {
        guard let separator = rest.first else { return true }
        if separator == ":" || separator == "@" { return true }
        let word = rest.dropFirst()
        return separator == "-"
            && (word.first?.isNumber == true || word.hasPrefix("latest") || word.hasPrefix("preview"))
    }

    private static func dollars(_ input: Double, _ output: Double) -> Price {
        Price(input: Int64((input * 1_000_000).rounded()), output: Int64((output * 1_000_000).rounded()))
    }
}
