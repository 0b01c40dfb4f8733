/// Where servers that speak OpenAI's chat completions differ.
package struct ChatDialect: Sendable, Hashable {
    /// How a server is asked for JSON.
    package enum Structure: Sendable { case schema, object }

    /// The field of the output limit.
    ///
    /// OpenAI's reasoning models take only `max_completion_tokens`; Mistral and others
    /// refuse it.
    let tokenField: String
    /// Whether usage has to be asked for; Mistral sends it always and refuses the question.
    let asksForUsage: Bool
    let structure: Structure

    /// OpenAI itself.
    package static let openAI = ChatDialect(
        tokenField: "max_completion_tokens",
        asksForUsage: true,
        structure: .schema
    )
    /// Mistral.
    package static let mistral = ChatDialect(tokenField: "max_tokens", asksForUsage: false, structure: .schema)
    /// DeepSeek, which knows JSON but no schema.
    package static let deepSeek = ChatDialect(tokenField: "max_tokens", asksForUsage: true, structure: .object)
    /// All others: xAI, OpenRouter, Ollama, LM Studio, vLLM, llama.cpp, proxies.
    package static let compatible = ChatDialect(tokenField: "max_tokens", asksForUsage: true, structure: .schema)
}
