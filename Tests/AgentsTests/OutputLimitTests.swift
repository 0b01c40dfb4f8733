import Agents
import CoreTypes
import TestSupport
import Testing
import Transport

/// How much models may write, and what is said where that is too little.
@Suite("Output limits")
struct OutputLimitTests {
    /// A model at home that thinks for 6,000 tokens before each answer.
    private struct Thinker: HTTPTransport {
        let limits = Shared<[Int64]>([])

        func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPResponse {
            throw TransportError(.connect, "Nothing is fetched in this test.")
        }

        func stream<R: Sendable>(
            _ request: HTTPRequest,
            _ consume: (StreamingResponse) async throws -> R
        ) async throws -> R {
            let limit = try JSONValue(parsing: request.body)["max_tokens"]?.integer ?? 0
            limits.change { $0.append(limit) }
            let (text, reason) = limit > 6_000 ? ("There.", "stop") : ("", "length")
            let choice = #"{"message":{"content":"\#(text)"},"finish_reason":"\#(reason)"}"#
            let canned = CannedTransport(type: "application/json", [#"{"choices":[\#(choice)]}"#])
            return try await canned.stream(request, consume)
        }
    }

    private func answer(_ settings: [String: String], _ thinker: Thinker) async throws -> String {
        let registry = try AgentRegistry(
            configuration: ["OLLAMA_BASE_URL": "http://127.0.0.1:1/v1", "OLLAMA_MODEL": "qwen3:8b"]
                .merging(settings) { $1 },
            transport: thinker,
            time: ManualTime(),
            jitter: FixedJitter()
        )
        let request = GenerateRequest(purpose: .answer, briefing: Briefing(task: "Q"))
        let agent = try #require(registry.agents.first)
        return try await agent.generate(request, call: AgentCall(key: "k")).value
    }

    @Test("A model at home has room to think, and more or less where the operator says so")
    func room() async throws {
        let thinker = Thinker()
        #expect(try await answer([:], thinker) == "There.")
        #expect(try await answer(["ARAGORA_MAX_OUTPUT_TOKENS": " 60000 "], thinker) == "There.")
        #expect(try await answer(["OLLAMA_MODEL": "gpt-4", "ARAGORA_MAX_OUTPUT_TOKENS": "7000"], thinker) == "There.")
        #expect(thinker.limits.value == [20_480, 60_000, 7_000])
    }

    @Test("Who used up the limit says which setting raises it")
    func usedUp() async {
        let endpoint = ModelEndpoint(provider: "P", baseURL: "http://127.0.0.1:1", model: "m", outputLimit: 5_000)
        let client = OpenAIClient(endpoint: endpoint, transport: Thinker(), time: SystemTime())
        let error = await #expect(throws: AgentError.self) { try await client.complete(.sample) }
        #expect(error?.reason == .emptyAnswer)
        let text = "P's model m used up its output limit before it answered."
        #expect(error?.description == "\(text) ARAGORA_MAX_OUTPUT_TOKENS sets a higher one.")
    }
}
