import Agents
import CoreTypes
import Hummingbird
import Logging
import TestSupport
import Testing
import Transport

/// Streams that are silent for long, and events that are too large.
@Suite("Streams of answers", .timeLimit(.minutes(5)))
struct AnswerStreamTests {
    private let prompt = PromptBuilder(name: "x").prompt(
        for: GenerateRequest(purpose: .answer, briefing: Briefing(task: "Why?"))
    )

    /// Shortens the silence that is borne.
    private struct ImpatientTransport: HTTPTransport {
        let http: HTTPClient

        func send(_ request: Transport.HTTPRequest) async throws(TransportError) -> Transport.HTTPResponse {
            try await http.send(request)
        }

        func stream<R: Sendable>(
            _ request: Transport.HTTPRequest,
            _ consume: (StreamingResponse) async throws -> R
        ) async throws -> R {
            var request = request
            request.idleTimeout = .milliseconds(50)
            return try await http.stream(request, consume)
        }
    }

    @Test("A model may think before its first word as long as it likes, and falls silent behind it in vain")
    func thinking() async throws {
        try await FakeModelServer.withServer { server, port async throws in
            let http = HTTPClient(logger: Logger(label: "test"))
            defer { http.shutdown() }
            let transport = ImpatientTransport(http: http)
            let thoughts = ModelPieces()
            let silences = [ModelPieces(), ModelPieces()]
            await server.script("thinker", .pieces(thoughts))
            // Its first event comes at once, and nothing behind it.
            await server.script("silent", .pieces(silences[0]), .pieces(silences[1]))
            let thinker = RetryingClient(
                // Gemini's stream begins with the answer.
                ProviderTests.client(.gemini, port: port, model: "thinker", transport),
                time: ManualTime(isAutomatic: true),
                jitter: FixedJitter()
            )
            let silent = ProviderTests.client(.openAI, port: port, model: "silent", transport)
            let request = ModelRequest(prompt: prompt, key: "1")
            async let completion = thinker.complete(request)
            while await server.requests.isEmpty { await Task.yield() }
            // Both of these wait for as long as is borne, and the thinker meanwhile for longer.
            for silence in silences {
                let error = await #expect(throws: AgentError.self) { try await silent.complete(request) }
                #expect(error?.reason == .timeout)
                silence.breakOff()
            }
            thoughts.send("There.")
            thoughts.finish()
            #expect(try await completion.text == "There.")
            #expect(await server.requests.map(\.model) == ["thinker", "silent", "silent"])
        }
    }

    @Test("An event above 1 MiB ends the answer as too long, and nothing is asked twice")
    func largeEvent() async throws {
        let requests = Shared(0)
        let router = Router(context: BasicRequestContext.self)
        router.post("/v1/chat/completions") { _, _ in
            requests.change { $0 += 1 }
            let padding = String(repeating: "x", count: 1_150_000)
            let event = #"data: {"padding":"\#(padding)","choices":[]}"#
            return Response(
                status: .ok,
                headers: [.contentType: "text/event-stream"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: event + "\n\ndata: [DONE]\n\n"))
            )
        }
        try await withLocalServer(router) { port in
            let http = HTTPClient(logger: Logger(label: "test"))
            defer { http.shutdown() }
            let client = RetryingClient(
                ProviderTests.client(.openAI, port: port, model: "m", http),
                time: ManualTime(isAutomatic: true),
                jitter: FixedJitter()
            )
            let error = await #expect(throws: AgentError.self) {
                try await client.complete(ModelRequest(prompt: prompt, key: "1"))
            }
            #expect(error?.code == "too_long")
            #expect(error?.description == "openAI's answer is too long (event over 1 MiB).")
        }
        #expect(requests.value == 1)
    }
}
