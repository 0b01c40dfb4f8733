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
            steps: .explorePlan
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
            steps: .traceAnalyze
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
            steps: .exploreEnvision
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
            steps: .divergeConnect
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
            steps: .understandAnalyze
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
            steps: .understandAnalyze
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
            steps: .understandAnalyze
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
            steps: .understandAnalyze
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
            steps: .understandAnalyze
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

    /// What a model may spend on thinking on top of its answer's limit.
    ///
    /// The figure is ours: a quarter of what the current models may write, which none of the defaults refuses. Names
    /// that are not known get it too, for models at home think as well; a chat server that refuses it is asked without
    /// a limit. Only older models, which refuse a limit above their own, get none.
    static func thinkingTokens(for model: String) -> Int {
        // Routers put the maker before the name: `openai/gpt-4o`.
        let name = model.split(separator: "/").last.map(String.init) ?? model
        let old = ["claude-3", "gpt-3", "gpt-4", "gemini-1", "gemini-2.0"]
        return old.contains { name.hasPrefix($0) } ? 0 : 16_384
    }

    /// What to check where something else than the provider's API answers.
    var addressAdvice: String? {
        let ending: String
        switch interface {
        case .chat: ending = "usually ends in /v1"
        case .anthropic, .gemini: ending = "ends without a version"
        }
        return baseVariables.first.map { "Check \($0), which \(ending)." }
    }
}
