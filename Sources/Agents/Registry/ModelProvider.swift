/// A provider that can be configured: its keys, its address, its usual model.
struct ModelProvider: Sendable {
    /// Which API it speaks.
    enum Interface: Sendable {
        case anthropic, gemini
        case chat(ChatDialect)
    }

    /// The name on the panel.
    let name: String
    /// Other names by which it may be asked for; the original's agent types are among them.
    let aliases: [String]
    /// How people call it.
    let title: String
    let interface: Interface
    /// The configuration keys of the API key; the first one that is set counts.
    let keyVariables: [String]
    let modelVariables: [String]
    let baseVariables: [String]
    /// The public address, or nil for a server that only exists where it is configured.
    let baseURL: String?
    let model: String
    let steps: ThinkingSteps
    /// Tokens on top of the answer's limit for models that think before they answer.
    ///
    /// The figure is ours: a quarter of
    /// what the current models may write, which none of the defaults refuses.
    let thinkingTokens: Int

    /// All providers, in the order of the default panel.
    ///
    /// Models: the providers' own recommendation for general work, read in November 2026; each can be changed by its
    /// `…_MODEL`.
    static let all: [ModelProvider] = [
        ModelProvider(
            name: "anthropic",
            aliases: ["anthropic-api", "claude"],
            title: "Anthropic",
            interface: .anthropic,
            keyVariables: ["ANTHROPIC_API_KEY"],
            modelVariables: ["ANTHROPIC_MODEL"],
            baseVariables: ["ANTHROPIC_BASE_URL"],
            baseURL: "https://api.anthropic.com",
            model: "claude-opus-5-5",
            steps: .explorePlan,
            thinkingTokens: 16_384
        ),
        ModelProvider(
            name: "openai",
            aliases: ["openai-api", "gpt"],
            title: "OpenAI",
            interface: .chat(.openAI),
            keyVariables: ["OPENAI_API_KEY"],
            modelVariables: ["OPENAI_MODEL"],
            baseVariables: ["OPENAI_BASE_URL"],
            baseURL: "https://api.openai.com/v1",
            model: "gpt-6.2-sol",
            steps: .traceAnalyze,
            thinkingTokens: 16_384
        ),
        ModelProvider(
            name: "gemini",
            aliases: ["gemini-api", "google"],
            title: "Google",
            interface: .gemini,
            keyVariables: ["GEMINI_API_KEY", "GOOGLE_API_KEY"],
            modelVariables: ["GEMINI_MODEL"],
            baseVariables: ["GEMINI_BASE_URL"],
            baseURL: "https://generativelanguage.googleapis.com",
            model: "gemini-3.8-flash",
            steps: .exploreEnvision,
            thinkingTokens: 16_384
        ),
        ModelProvider(
            name: "grok",
            aliases: ["xai", "grok-api"],
            title: "xAI",
            interface: .chat(.compatible),
            keyVariables: ["XAI_API_KEY", "GROK_API_KEY"],
            modelVariables: ["XAI_MODEL", "GROK_MODEL"],
            baseVariables: ["XAI_BASE_URL", "GROK_BASE_URL"],
            baseURL: "https://api.x.ai/v1",
            model: "grok-4.7",
            steps: .divergeConnect,
            thinkingTokens: 16_384
        ),
        ModelProvider(
            name: "mistral",
            aliases: ["mistral-api"],
            title: "Mistral",
            interface: .chat(.mistral),
            keyVariables: ["MISTRAL_API_KEY"],
            modelVariables: ["MISTRAL_MODEL"],
            baseVariables: ["MISTRAL_BASE_URL"],
            baseURL: "https://api.mistral.ai/v1",
            model: "mistral-large-latest",
            steps: .understandAnalyze,
            thinkingTokens: 0
        ),
        ModelProvider(
            name: "deepseek",
            aliases: ["deepseek-api"],
            title: "DeepSeek",
            interface: .chat(.deepSeek),
            keyVariables: ["DEEPSEEK_API_KEY"],
            modelVariables: ["DEEPSEEK_MODEL"],
            baseVariables: ["DEEPSEEK_BASE_URL"],
            baseURL: "https://api.deepseek.com/v1",
            model: "deepseek-flash",
            steps: .understandAnalyze,
            thinkingTokens: 16_384
        ),
        ModelProvider(
            name: openRouterName,
            aliases: [],
            title: "OpenRouter",
            interface: .chat(.compatible),
            keyVariables: ["OPENROUTER_API_KEY"],
            modelVariables: ["OPENROUTER_MODEL"],
            baseVariables: ["OPENROUTER_BASE_URL"],
            baseURL: "https://openrouter.ai/api/v1",
            model: "openrouter/auto",
            steps: .understandAnalyze,
            thinkingTokens: 16_384
        ),
        ModelProvider(
            name: "ollama",
            aliases: [],
            title: "Ollama",
            interface: .chat(.compatible),
            keyVariables: ["OLLAMA_API_KEY"],
            modelVariables: ["OLLAMA_MODEL"],
            baseVariables: ["OLLAMA_BASE_URL"],
            baseURL: nil,
            model: "llama3.2",
            steps: .understandAnalyze,
            thinkingTokens: 0
        ),
        ModelProvider(
            name: "lm-studio",
            aliases: ["lm_studio", "lmstudio"],
            title: "LM Studio",
            interface: .chat(.compatible),
            keyVariables: ["LM_STUDIO_API_KEY"],
            modelVariables: ["LM_STUDIO_MODEL"],
            baseVariables: ["LM_STUDIO_BASE_URL"],
            baseURL: nil,
            model: unnamedModel,
            steps: .understandAnalyze,
            thinkingTokens: 0
        ),
    ]

    /// The provider behind which the fallback stands.
    static let openRouterName = "openrouter"
    /// What is sent to a local server where no model was named; servers that hold a single model take any name.
    static let unnamedModel = "default"

    /// The provider with this name or alias, in any case.
    static func named(_ name: String) -> ModelProvider? {
        let wanted = name.lowercased()
        return all.first { $0.name == wanted || $0.aliases.contains(wanted) }
    }

    /// What a model of this provider may spend on thinking: older models refuse an output limit above their own.
    ///
    /// Behind another address may stand any model; there only one that is known to think gets room for it.
    func thinkingTokens(for model: String, isElsewhere: Bool) -> Int {
        // Routers put the maker before the name: `openai/gpt-4o`.
        let name = model.split(separator: "/").last.map(String.init) ?? model
        let old = ["claude-3", "gpt-3", "gpt-4", "gemini-1", "gemini-2.0"]
        let thinking = ["claude-", "gpt-5", "gpt-6", "o1", "o3", "o4", "gemini-", "grok-4", "deepseek-v4"]
        if old.contains(where: { name.hasPrefix($0) }) { return 0 }
        return !isElsewhere || thinking.contains { name.hasPrefix($0) } ? thinkingTokens : 0
    }
}
