import Agents
import CoreTypes
import Hummingbird
import Logging
import TestSupport
import Testing
import Transport

/// Servers that refuse a part of a request, and what they are asked from then on.
@Suite("Refused parts", .timeLimit(.minutes(5)))
struct RefusalTests {
    private let prompt = PromptBuilder(name: "x").prompt(
        for: GenerateRequest(purpose: .answer, briefing: Briefing(task: "Why?"))
    )
    private let votePrompt = PromptBuilder(name: "x").prompt(
        for: VoteRequest(briefing: Briefing(task: "Why?"), proposals: [Proposal(agent: "a", content: "b")])
    )
    private static let usage = #","usage":{"prompt_tokens":100,"completion_tokens":50}"#

    /// Runs a server of chat completions that answers in one piece.
    /// - Parameters:
    ///   - usage: what the answer says of its usage.
    ///   - refusal: the error with which a request is refused, if it is.
    ///   - body: gets a client and what the server was asked.
    private func withServer(
        usage: String = Self.usage,
        refusing refusal: @escaping @Sendable (JSONValue) -> String?,
        _ body: (OpenAIClient, Shared<[Asked]>) async throws -> Void
    ) async throws {
        let seen = Shared<[Asked]>([])
        let router = Router(context: BasicRequestContext.self)
        router.post("/v1/chat/completions") { request, _ in
            let bytes = try await request.body.collect(upTo: 1 << 20)
            let asked = try JSONValue(parsing: Array(bytes.readableBytesView))
            seen.change { $0.append(Asked(asked, key: request.headers[.init("Idempotency-Key") ?? .userAgent])) }
            let error = refusal(asked)
            let answer = #"{"choices":[{"message":{"content":"There."},"finish_reason":"stop"}]\#(usage)}"#
            return Response(
                status: error == nil ? .ok : .badRequest,
                headers: [.contentType: "application/json"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: error.map { #"{"error":\#($0)}"# } ?? answer))
            )
        }
        try await withLocalServer(router) { port in
            let http = HTTPClient(logger: Logger(label: "test"))
            defer { http.shutdown() }
            let endpoint = ModelEndpoint(
                provider: "P",
                baseURL: "http://127.0.0.1:\(port)/v1",
                key: Secret("the-operators-key"),
                model: "m"
            )
            try await body(OpenAIClient(endpoint: endpoint, transport: http, time: SystemTime()), seen)
        }
    }

    @Test("A server that takes no form is still asked for usage, and keeps to the limit")
    func form() async throws {
        try await withServer {
            $0["response_format"] == nil ? nil : #"{"message":"unknown field"}"#
        } _: { client, seen in
            let first = try await client.complete(ModelRequest(prompt: votePrompt, key: "1"))
            _ = try await client.complete(ModelRequest(prompt: votePrompt, key: "2"))
            _ = try await client.complete(ModelRequest(prompt: prompt, key: "3"))
            #expect(first.usage == Usage(inputTokens: 100, outputTokens: 50))
            let rest: Set<String> = ["limit", "stream", "usage"]
            #expect(seen.value.map(\.parts) == [rest.union(["form"]), rest, rest, rest])
            #expect(seen.value.map(\.key) == ["1", "1-plain", "2-plain", "3"])
        }
    }

    @Test(
        "A server that takes no question for usage is asked for all else, and its answers are counted by their length"
    )
    func usage() async throws {
        let error = #"{"message":"Unrecognized request argument supplied: stream_options"}"#
        try await withServer(usage: "") {
            $0["stream_options"] == nil ? nil : error
        } _: { client, seen in
            let first = try await client.complete(ModelRequest(prompt: votePrompt, key: "1"))
            _ = try await client.complete(ModelRequest(prompt: votePrompt, key: "2"))
            let rest: Set<String> = ["form", "limit", "stream"]
            #expect(seen.value.map(\.parts) == [rest.union(["usage"]), rest, rest])
            let bytes = votePrompt.system.utf8.count + votePrompt.user.utf8.count
            #expect(first.usage == Usage(inputTokens: (bytes + 3) / 4, outputTokens: 2))
        }
    }

    @Test("Where the refused part is not named, each is left out alone, and what was not refused is asked for again")
    func unnamed() async throws {
        try await withServer {
            $0["stream_options"] == nil ? nil : #"{"message":"unknown field"}"#
        } _: { client, seen in
            _ = try await client.complete(ModelRequest(prompt: votePrompt, key: "1"))
            _ = try await client.complete(ModelRequest(prompt: votePrompt, key: "2"))
            let rest: Set<String> = ["limit", "stream"]
            let accepted = rest.union(["form"])
            #expect(
                seen.value.map(\.parts)
                    == [accepted.union(["usage"]), rest.union(["usage"]), accepted, accepted]
            )
            #expect(seen.value.map(\.key) == ["1", "1-plain", "1-uncounted", "2-uncounted"])
        }
    }

    @Test("Where two parts are refused and none is named, both are left out from then on")
    func unnamedBoth() async throws {
        try await withServer { asked in
            let isPlain = asked["stream_options"] == nil && asked["response_format"] == nil
            return isPlain ? nil : #"{"message":"unknown field"}"#
        } _: { client, seen in
            _ = try await client.complete(ModelRequest(prompt: votePrompt, key: "1"))
            _ = try await client.complete(ModelRequest(prompt: votePrompt, key: "2"))
            let keys = ["1", "1-plain", "1-uncounted", "1-plain-uncounted", "2-plain-uncounted"]
            #expect(seen.value.map(\.key) == keys)
        }
    }

    @Test("A prompt that leaves no room for the limit says nothing about the next one")
    func longPrompt() async throws {
        let text = """
            This model's maximum context length is 8192 tokens. However, you requested 9000 tokens (4904 in the \
            messages, 4096 in the completion). Please reduce the length of the messages or completion.
            """
        let error = #"{"message":"\#(text)","type":"BadRequestError","param":null,"code":400}"#
        try await withServer { asked in
            let prompt = asked["messages"]?.array?.last?["content"]?.string ?? ""
            return prompt.utf8.count > 10_000 && asked["max_tokens"] != nil ? error : nil
        } _: { client, seen in
            let briefing = Briefing(task: String(repeating: "Why? ", count: 4_000))
            let long = PromptBuilder(name: "x").prompt(for: GenerateRequest(purpose: .answer, briefing: briefing))
            for (key, prompt) in [("1", long), ("2", votePrompt), ("3", long)] {
                _ = try await client.complete(ModelRequest(prompt: prompt, key: key))
            }
            let all: Set<String> = ["limit", "stream", "usage"]
            let bare: Set<String> = ["stream", "usage"]
            #expect(seen.value.map(\.parts) == [all, bare, all.union(["form"]), all, bare])
            #expect(seen.value.map(\.key) == ["1", "1-bare", "2", "3", "3-bare"])
        }
    }

    @Test("A server that takes neither a form nor a limit above its own is asked without both from then on")
    func ownLimit() async throws {
        try await withServer { asked in
            if asked["response_format"] != nil { return #"{"message":"unknown field"}"# }
            let text = "max_tokens is too large: 4096. This model's limit is 2048."
            return asked["max_tokens"] == nil ? nil : #"{"message":"\#(text)"}"#
        } _: { client, seen in
            _ = try await client.complete(ModelRequest(prompt: votePrompt, key: "1"))
            _ = try await client.complete(ModelRequest(prompt: votePrompt, key: "2"))
            let bare: Set<String> = ["stream", "usage"]
            #expect(
                seen.value.map(\.parts)
                    == [bare.union(["form", "limit"]), bare.union(["limit"]), bare, bare]
            )
        }
    }

    @Test("A model that may not be streamed is asked for its answer in one piece from then on")
    func stream() async throws {
        let text = "Your organization must be verified to stream this model."
        let error =
            #"{"message":"\#(text)","type":"invalid_request_error","param":"stream","code":"unsupported_value"}"#
        try await withServer {
            $0["stream"] == true ? error : nil
        } _: { client, seen in
            let first = try await client.complete(ModelRequest(prompt: votePrompt, key: "1"))
            _ = try await client.complete(ModelRequest(prompt: prompt, key: "2"))
            #expect(first.text == "There." && first.usage.inputTokens == 100)
            let whole: Set<String> = ["form", "limit"]
            #expect(seen.value.map(\.parts) == [whole.union(["stream", "usage"]), whole, ["limit"]])
            #expect(seen.value.map(\.key) == ["1", "1-whole", "2-whole"])
        }
    }

    @Test("What is refused as a whole is asked for no more often than it has parts, and the provider's words are told")
    func everything() async throws {
        let error = #"{"message":"The key the-operators-key may not use this model.","type":"invalid_request_error"}"#
        try await withServer { _ in
            error
        } _: { client, seen in
            let failure = await #expect(throws: AgentError.self) {
                try await client.complete(ModelRequest(prompt: votePrompt, key: "1"))
            }
            #expect(failure?.reason == .badRequest)
            #expect(
                failure?.description == "P did not accept the request for m (400 invalid_request_error). "
                    + "It says: “The key … may not use this model.”"
            )
            #expect(seen.value.map(\.key) == ["1", "1-plain", "1-uncounted", "1-plain-uncounted"])
            // Nothing was accepted, so nothing is known.
            _ = try? await client.complete(ModelRequest(prompt: votePrompt, key: "2"))
            #expect(seen.value.dropFirst(4).first?.parts == ["form", "limit", "stream", "usage"])
        }
    }
}

/// A request as the server saw it.
private struct Asked: Sendable {
    let key: String?
    let parts: Set<String>

    init(_ body: JSONValue, key: String?) {
        self.key = key
        var parts: Set<String> = []
        if body["response_format"] != nil { parts.insert("form") }
        if body["max_tokens"] != nil { parts.insert("limit") }
        if body["stream"] == true { parts.insert("stream") }
        if body["stream_options"]?["include_usage"] == true { parts.insert("usage") }
        self.parts = parts
    }
}
