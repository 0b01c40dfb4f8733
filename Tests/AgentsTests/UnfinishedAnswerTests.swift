import Agents
import CoreTypes
import TestSupport
import Testing
import Transport

/// What answers cost that failed on their way.
@Suite("Costs of unfinished answers")
struct UnfinishedAnswerTests {
    private static let prompt = PromptBuilder(name: "x").prompt(
        for: GenerateRequest(purpose: .answer, briefing: Briefing(task: "Why?"))
    )
    /// What the prompt comes to, four bytes of text a token.
    private static let promptTokens = (prompt.system.utf8.count + prompt.user.utf8.count + 3) / 4
    private static let text = String(repeating: "word ", count: 80)
    private static let cut = TransportError(.interrupted, "The line broke.", mayHaveBeenSent: true)

    private static func chat(_ text: String) -> String {
        "data: " + #"{"choices":[{"delta":{"content":"\#(text)"}}]}"# + "\n\n"
    }

    /// What comes behind the first piece, how the connection breaks, and what that is called.
    private static let ends: [(String, TransportError?, AgentError.Code)] = [
        ("data: {half\n\n", nil, .invalidAnswer),
        ("data: {\"error\":{\"type\":\"server_error\",\"message\":\"x\"}}\n\n", nil, .overloaded),
        ("", TransportError(.timeout, "Too slow.", mayHaveBeenSent: true), .timeout),
        ("", nil, .network),
        (chat(String(repeating: "x", count: 200_000)), nil, .tooLong),
    ]

    private func failure(
        _ provider: ProviderTests.Provider = .openAI,
        _ transport: CannedTransport
    ) async -> AgentError? {
        let client = ProviderTests.client(provider, port: 1, model: "m", transport)
        return await #expect(throws: AgentError.self) {
            try await client.complete(ModelRequest(prompt: Self.prompt, key: "1"))
        }
    }

    @Test("Each try of an answer whose connection breaks is counted")
    func cutThreeTimes() async {
        let transport = CannedTransport([Self.chat(Self.text)], end: Self.cut)
        let client = RetryingClient(
            ProviderTests.client(.openAI, port: 1, model: "m", transport),
            time: ManualTime(isAutomatic: true),
            jitter: FixedJitter()
        )
        let error = await #expect(throws: AgentError.self) {
            try await client.complete(ModelRequest(prompt: Self.prompt, key: "1"))
        }
        #expect(transport.calls.value == 3)
        #expect(error?.reason == .network)
        #expect(error?.description == "openAI's answer broke off: The line broke.")
        #expect(error?.usage == Usage(inputTokens: 3 * Self.promptTokens, outputTokens: 300))
    }

    @Test(
        "However an answer fails behind its first piece, it is counted as far as it went",
        arguments: ends
    )
    func failures(then piece: String, end: TransportError?, reason: AgentError.Code) async {
        let error = await failure(.openAI, CannedTransport([Self.chat(Self.text), piece], end: end))
        #expect(error?.reason == reason)
        #expect(error?.usage == Usage(inputTokens: Self.promptTokens, outputTokens: 100))
    }

    @Test("What a provider counted before its first piece is less than what it wrote")
    func countedTooEarly() async {
        let start = #"data: {"type":"message_start","message":{"usage":{"input_tokens":70,"output_tokens":1}}}"#
        let delta = #"{"type":"text_delta","text":"\#(Self.text)"}"#
        let piece = #"data: {"type":"content_block_delta","delta":\#(delta)}"#
        let error = await failure(.anthropic, CannedTransport([start, "\n\n", piece, "\n\n"], end: Self.cut))
        #expect(error?.usage == Usage(inputTokens: 70, outputTokens: 100))
    }

    @Test("What a provider says of an answer that ended in its own way is what is counted")
    func otherEnd() async {
        let candidate = #"{"content":{"parts":[{"text":"a"}]},"finishReason":"OTHER"}"#
        let usage = #"{"promptTokenCount":7,"candidatesTokenCount":20,"thoughtsTokenCount":500}"#
        let event = #"data: {"candidates":[\#(candidate)],"usageMetadata":\#(usage)}"#
        let error = await failure(.gemini, CannedTransport([event + "\n\n"]))
        #expect(error?.reason == .invalidAnswer)
        #expect(error?.usage == Usage(inputTokens: 7, outputTokens: 520))
    }

    @Test("What is refused before any answer costs nothing, with whatever status")
    func refused() async {
        let error = #"{"error":{"code":429,"message":"slow down"}}"#
        for transport in [
            CannedTransport(["data: \(error)\n\n"]), CannedTransport(type: "application/json", [error]),
            CannedTransport(status: 429, type: "application/json", [error]),
        ] {
            let found = await failure(.openAI, transport)
            #expect(found?.reason == .rateLimited)
            #expect(found?.usage == Usage())
        }
    }

    @Test("A prompt is counted where a server counts the answer alone")
    func countedInPart() async throws {
        let choice = #"{"message":{"content":"There."},"finish_reason":"stop"}"#
        let body = #"{"choices":[\#(choice)],"usage":{"completion_tokens":50}}"#
        let client = ProviderTests.client(
            .openAI,
            port: 1,
            model: "m",
            CannedTransport(type: "application/json", [body])
        )
        let completion = try await client.complete(ModelRequest(prompt: Self.prompt, key: "1"))
        #expect(completion.usage == Usage(inputTokens: Self.promptTokens, outputTokens: 50))
    }
}
