import Agents
import CoreTypes
import Logging
import TestSupport
import Testing
import Transport

@Suite struct AgentRegistryTests {
    /// A transport that no test of this suite may reach.
    private struct NoTransport: HTTPTransport {
        func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPResponse {
            throw TransportError(.connect, "No network in this test.")
        }

        func stream<R: Sendable>(
            _ request: HTTPRequest,
            _ consume: (StreamingResponse) async throws -> R
        ) async throws -> R {
            throw TransportError(.connect, "No network in this test.")
        }
    }

    private func registry(_ configuration: [String: String]) throws -> AgentRegistry {
        try AgentRegistry(
            configuration: configuration,
            transport: NoTransport(),
            time: ManualTime(isAutomatic: true),
            jitter: FixedJitter()
        )
    }

    private func names(_ agents: [any Agent]) -> [String] { agents.map(\.profile.name) }

    @Test func withoutKeysTheDemoAgentsDebate() throws {
        let registry = try registry(["HOME": "/root", "OPENAI_API_KEY": "  "])
        #expect(registry.isDemo)
        #expect(names(registry.defaultPanel) == ["demo-optimist", "demo-skeptic", "demo-pragmatist"])
        #expect(registry.agents.allSatisfy { $0.profile.isDemo })
    }

    @Test func oneProviderTakesThreeSeats() throws {
        let registry = try registry(["ANTHROPIC_API_KEY": "k", "ANTHROPIC_MODEL": "claude-x"])
        #expect(!registry.isDemo)
        #expect(names(registry.defaultPanel) == ["anthropic", "anthropic-skeptic", "anthropic-pragmatist"])
        #expect(registry.defaultPanel.allSatisfy { $0.profile.model == "claude-x" })
    }

    @Test func allProvidersAreFound() throws {
        let registry = try registry([
            "ANTHROPIC_API_KEY": "k", "OPENAI_API_KEY": "k", "GOOGLE_API_KEY": "k", "GROK_API_KEY": "k",
            "MISTRAL_API_KEY": "k", "DEEPSEEK_API_KEY": "k", "OPENROUTER_API_KEY": "k",
            "OLLAMA_BASE_URL": "http://127.0.0.1:11434/v1", "LM_STUDIO_BASE_URL": "http://127.0.0.1:1234/v1",
        ])
        #expect(
            names(registry.agents) == [
                "anthropic", "openai", "gemini", "grok", "mistral", "deepseek", "openrouter", "ollama", "lm-studio",
            ]
        )
        #expect(!registry.isDemo)
        // What a provider is asked for where no model is named has a price; OpenRouter tells it, one's own is free.
        #expect(registry.unpriced.isEmpty)
    }

    @Test func whatCostsNobodyKnowsWhatIsNamed() throws {
        let registry = try registry([
            "ANTHROPIC_API_KEY": "k", "OPENAI_API_KEY": "k", "OPENROUTER_API_KEY": "k",
            "OLLAMA_BASE_URL": "http://127.0.0.1:11434/v1", "OLLAMA_MODEL": "mine", "OPENROUTER_MODEL": "a/b",
            "ARAGORA_AGENTS": "anthropic,openai:gpt-9,openai:gpt-4.1,openrouter,ollama,demo", "GEMINI_API_KEY": "k",
            "GEMINI_MODEL": "gemini-9",
        ])
        #expect(registry.unpriced == ["openai-gpt-9", "gemini"])
        let own = try self.registry(["OPENAI_BASE_URL": "http://127.0.0.1:8000/v1", "OPENAI_MODEL": "mine"])
        #expect(own.unpriced.isEmpty)
        #expect(try self.registry([:]).unpriced.isEmpty)
    }

    @Test func theConfiguredPanelComesFirst() throws {
        let registry = try registry([
            "ANTHROPIC_API_KEY": "k", "OPENAI_API_KEY": "k",
            "ARAGORA_AGENTS": "openai:gpt-x, openai:org/gpt-Y ,openai:gpt-x",
        ])
        #expect(names(registry.defaultPanel) == ["openai-gpt-x", "openai-gpt-y", "openai-gpt-x-skeptic"])
        #expect(registry.defaultPanel.map(\.profile.model) == ["gpt-x", "org/gpt-Y", "gpt-x"])
        #expect(names(registry.agents) == ["openai-gpt-x", "openai-gpt-y", "openai-gpt-x-skeptic", "anthropic"])
    }

    @Test func aSingleEntryTakesThreeSeatsToo() throws {
        let registry = try registry(["ANTHROPIC_API_KEY": "k", "OPENAI_API_KEY": "k", "ARAGORA_AGENTS": "openai"])
        #expect(names(registry.defaultPanel) == ["openai", "openai-skeptic", "openai-pragmatist"])
    }

    @Test func namesAreUniqueHoweverOftenAModelSits() throws {
        let entries = Array(repeating: "openai", count: 5).joined(separator: ",")
        let registry = try registry(["OPENAI_API_KEY": "k", "ARAGORA_AGENTS": entries])
        #expect(Set(names(registry.defaultPanel)).count == 5)
    }

    @Test func demoAgentsComeOnlyWhenAsked() throws {
        let registry = try registry(["OPENAI_API_KEY": "k", "ARAGORA_AGENTS": "demo"])
        #expect(registry.isDemo)
        #expect(registry.defaultPanel.count == 3)
        #expect(names(registry.agents).contains("openai"))
    }

    @Test func panelsAreFoundByNameOrAlias() throws {
        let registry = try registry(["ANTHROPIC_API_KEY": "k", "OPENAI_API_KEY": "k"])
        #expect(names(try registry.panel(named: nil)) == ["anthropic", "openai"])
        #expect(names(try registry.panel(named: [])) == ["anthropic", "openai"])
        #expect(names(try registry.panel(named: ["OpenAI-API", " claude "])) == ["openai", "anthropic"])
        #expect(names(try registry.panel(named: ["openai"], minimum: 1)) == ["openai"])
        let unknown = #expect(throws: AgentConfigurationError.self) { try registry.panel(named: ["openai", "nobody"]) }
        #expect(unknown?.description == "No agent is called “nobody”. Known agents: anthropic, openai.")
        let few = #expect(throws: AgentConfigurationError.self) { try registry.panel(named: ["openai", "OPENAI"]) }
        #expect(few?.reason == .tooFewAgents)
    }

    @Test(arguments: [
        (
            ["OPENAI_API_KEY": "k", "ARAGORA_AGENTS": "gemini"], AgentConfigurationError.Code.notConfigured,
            "GEMINI_API_KEY"
        ),
        (["ARAGORA_AGENTS": "ollama"], .notConfigured, "OLLAMA_BASE_URL"),
        (["OPENAI_API_KEY": "k", "ARAGORA_AGENTS": "nobody"], .unknownAgent, "nobody"),
        (["OPENAI_API_KEY": "k\nHeader: x"], .invalidValue, "OPENAI_API_KEY"),
        (["OPENAI_API_KEY": "k", "OPENAI_BASE_URL": "ftp://x"], .invalidValue, "OPENAI_BASE_URL"),
        (["OPENAI_API_KEY": "k", "OPENAI_BASE_URL": "https://x/v1?key=1"], .invalidValue, "OPENAI_BASE_URL"),
        (["GEMINI_API_KEY": "k", "GEMINI_MODEL": "../../x y"], .invalidValue, "GEMINI_MODEL"),
        (["OPENAI_API_KEY": "k", "ARAGORA_AGENTS": "openai:"], .invalidValue, "ARAGORA_AGENTS"),
        (["OLLAMA_API_KEY": "k"], .invalidValue, "OLLAMA_BASE_URL"),
        (["ARAGORA_OPENROUTER_FALLBACK_ENABLED": "maybe"], .invalidValue, "ARAGORA_OPENROUTER_FALLBACK_ENABLED"),
        (["ARAGORA_MAX_OUTPUT_TOKENS": "255"], .invalidValue, "ARAGORA_MAX_OUTPUT_TOKENS"),
    ])
    func saysWhatIsWrong(configuration: [String: String], reason: AgentConfigurationError.Code, word: String) {
        let error = #expect(throws: AgentConfigurationError.self) { try registry(configuration) }
        #expect(error?.reason == reason)
        #expect(error?.description.contains(word) == true)
        #expect(error?.description.contains("Header") == false)
    }

    @Test func everyKeyIsKnown() {
        let keys = AgentRegistry.knownConfigurationKeys
        #expect(Set(keys).count == keys.count)
        for key in [
            "ARAGORA_AGENTS", "ARAGORA_OPENROUTER_FALLBACK_ENABLED", "OPENAI_API_KEY", "OPENAI_BASE_URL",
            "OPENAI_MODEL", "ARAGORA_MAX_OUTPUT_TOKENS",
            "GOOGLE_API_KEY", "XAI_API_KEY", "OLLAMA_BASE_URL", "LM_STUDIO_BASE_URL",
        ] {
            #expect(keys.contains(key), "\(key)")
        }
    }

    @Test(arguments: [
        ("claude-opus-5-5", 24_000_000), ("anthropic/claude-opus-5-5-20260922", 24_000_000),
        ("gpt-6.2-sol", 12_000_000),
        ("gpt-6.2-sol-fast", 0), ("gpt-6.25-sol", 0), ("llama3.2", 0), ("grok-4.7", 8_000_000), ("", 0),
    ])
    func pricesAreKnown(model: String, microdollars: Int64) {
        let cost = PriceTable.current.cost(model: model, inputTokens: 1_000_000, outputTokens: 1_000_000)
        #expect(cost == microdollars)
    }

    @Test func pricesAreRoundedUpAndBounded() {
        #expect(PriceTable.current.cost(model: "grok-4.7", inputTokens: 1, outputTokens: 0) == 2)
        #expect(PriceTable.current.cost(model: "gpt-6-luna", inputTokens: 1, outputTokens: 0) == 1)
        #expect(PriceTable.current.cost(model: "grok-4.7", inputTokens: .max, outputTokens: .max) == 0)
        #expect(PriceTable.current.cost(model: "grok-4.7", inputTokens: -5, outputTokens: 0) == 0)
    }
}
