import Agents
import CoreTypes
import Hummingbird
import Logging
import TestSupport
import Testing
import Transport

/// The three providers' clients against a server, over HTTP.
@Suite struct ProviderTests {
    enum Provider: String, CaseIterable, Sendable { case openAI, anthropic, gemini }

    private let prompt = PromptBuilder(name: "x").prompt(
        for: GenerateRequest(purpose: .answer, briefing: Briefing(task: "Why?"))
    )
    private let votePrompt = PromptBuilder(name: "x").prompt(
        for: VoteRequest(briefing: Briefing(task: "Why?"), proposals: [Proposal(agent: "a", content: "b")])
    )

    private func ask(
        _ provider: Provider,
        _ behaviour: FakeModelServer.Behaviour,
        votes: Bool = false,
        model: String = "fake-model",
        check: (FakeModelServer) async throws -> Void = { _ in }
    ) async throws -> Completion {
        try await FakeModelServer.withServer(behaviour) { server, port in
            let http = HTTPClient(logger: Logger(label: "test"))
            defer { http.shutdown() }
            let client = Self.client(provider, port: port, model: model, http)
            let completion = try await client.complete(ModelRequest(prompt: votes ? votePrompt : prompt, key: "key-1"))
            try await check(server)
            return completion
        }
    }

    static func client(
        _ provider: Provider,
        port: Int,
        model: String,
        _ http: any HTTPTransport
    ) -> any ModelClient & ModelCatalog {
        let endpoint = ModelEndpoint(
            provider: provider.rawValue,
            keyVariable: "THE_KEY",
            baseURL: "http://127.0.0.1:\(port)" + (provider == .openAI ? "/v1/" : "/"),
            key: Secret("secret-key"),
            model: model
        )
        switch provider {
        case .openAI: return OpenAIClient(endpoint: endpoint, transport: http, time: SystemTime())
        case .anthropic: return AnthropicClient(endpoint: endpoint, transport: http, time: SystemTime())
        case .gemini: return GeminiClient(endpoint: endpoint, transport: http, time: SystemTime())
        }
    }

    @Test(arguments: Provider.allCases)
    func answers(provider: Provider) async throws {
        let completion = try await ask(provider, .instant) { server in
            let request = try #require(await server.requests.first)
            #expect(await server.requests.count == 1)
            #expect(request.model == "fake-model")
            #expect(request.idempotencyKey == "key-1")
            #expect(request.prompt.contains("Why?"))
            #expect(request.system.contains("panel"))
            #expect(request.isStreaming)
            #expect(!request.path.contains("secret-key"))
            let credential = try #require(request.credential)
            switch provider {
            case .openAI: #expect(credential == ("Authorization", "Bearer secret-key"))
            case .anthropic: #expect(credential == ("x-api-key", "secret-key"))
            case .gemini: #expect(credential == ("x-goog-api-key", "secret-key"))
            }
        }
        #expect(completion.text == "The answer of fake-model: begin with the smallest step that can be undone.")
        #expect(completion.usage.inputTokens == 100)
        #expect(completion.usage.outputTokens == 50)
        #expect(completion.usage.costMicrodollars == 0)
        #expect(!completion.isTruncated)
    }

    @Test(arguments: Provider.allCases)
    func asksForTheForm(provider: Provider) async throws {
        let completion = try await ask(provider, .instant, votes: true) { server in
            let body = try #require(await server.requests.first).body
            switch provider {
            case .openAI:
                #expect(body["response_format"]?["json_schema"]?["schema"]?["additionalProperties"] == false)
                #expect(body["stream_options"]?["include_usage"] == true)
            case .anthropic:
                #expect(body["output_config"]?["format"]?["type"] == "json_schema")
            case .gemini:
                #expect(body["generationConfig"]?["responseMimeType"] == "application/json")
                #expect(body["generationConfig"]?["responseSchema"]?["additionalProperties"] == nil)
            }
        }
        let vote = try ReplyParser(agent: "x").vote(completion.text, among: [Proposal(agent: "a", content: "b")])
        #expect(vote.choice == "a")
    }

    @Test(arguments: Provider.allCases)
    func asksPlainlyWhereTheFormIsRejected(provider: Provider) async throws {
        let completion = try await ask(provider, .onlyPlain, votes: true) { server in
            let keys = await server.requests.map(\.idempotencyKey)
            let more = provider == .openAI ? ["key-1-uncounted", "key-1-plain-uncounted"] : []
            #expect(keys == ["key-1", "key-1-plain"] + more)
        }
        #expect(completion.text.contains("choice"))
    }

    /// A name that no price list knows, such as a snapshot's, costs what the model costs that was asked for.
    @Test(arguments: [("sol-snapshot", Int64(12_000)), ("gpt-6-astra", 60_000), ("gpt-6-sol-2026-11-20", 12_000)])
    func pricesWhatWasAskedFor(answered: String, cost: Int64) async throws {
        let router = Router(context: BasicRequestContext.self)
        router.post("/v1/chat/completions") { _, _ in
            let text =
                #"{"model":"\#(answered)","choices":[{"message":{"content":"There."},"finish_reason":"stop"}],"#
                + #""usage":{"prompt_tokens":1000,"completion_tokens":1000}}"#
            return Response(
                status: .ok,
                headers: [.contentType: "application/json"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: text))
            )
        }
        try await withLocalServer(router) { port in
            let http = HTTPClient(logger: Logger(label: "test"))
            defer { http.shutdown() }
            let client = Self.client(.openAI, port: port, model: "gpt-6-sol", http)
            let completion = try await client.complete(ModelRequest(prompt: prompt, key: "1"))
            #expect(completion.usage.costMicrodollars == cost)
            #expect(completion.model == answered)
        }
    }

    @Test(
        arguments: Provider.allCases,
        [
            (FakeModelServer.Behaviour.rateLimited(retryAfter: 7), AgentError.Code.rateLimited),
            (.quotaExceeded, .quotaExceeded), (.serverError, .overloaded), (.unauthorized, .authentication),
            (.empty, .emptyAnswer), (.errorInStream, .overloaded), (.cutOff, .network), (.refusal, .refused),
            (.endless, .tooLong),
        ]
    )
    func fails(provider: Provider, scene: (FakeModelServer.Behaviour, AgentError.Code)) async throws {
        let error = await #expect(throws: AgentError.self) { try await ask(provider, scene.0) }
        #expect(error?.reason == scene.1)
        #expect(error?.description.contains("sk-") == false)
        #expect(error?.description.contains("secret") == false)
        // What was answered is paid for, whatever it is worth.
        let isPaid = [.emptyAnswer, .refused, .network, .tooLong].contains(scene.1)
        if isPaid { #expect((error?.usage.inputTokens ?? 0) > 0) }
        if case .rateLimited = scene.0 { #expect(error?.retryAfter == .seconds(7)) }
        if scene.1 == .authentication { #expect(error?.description.contains("THE_KEY") == true) }
    }

    @Test(arguments: Provider.allCases)
    func takesWhatFitsTheLimit(provider: Provider) async throws {
        let completion = try await ask(provider, .truncated)
        #expect(completion.isTruncated)
        #expect(completion.text == "As far as it goes")
    }

    @Test(arguments: Provider.allCases)
    func stopsWhenCancelled(provider: Provider) async throws {
        try await FakeModelServer.withServer(.hang) { server, port in
            let http = HTTPClient(logger: Logger(label: "test"))
            defer { http.shutdown() }
            let client = Self.client(provider, port: port, model: "m", http)
            let prompt = prompt
            await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { _ = try await client.complete(ModelRequest(prompt: prompt, key: "1")) }
                while await server.requests.isEmpty { await Task.yield() }
                group.cancelAll()
                await #expect(throws: CancellationError.self) { try await group.next() }
            }
        }
    }

    @Test func comesThroughAfterRefusals() async throws {
        try await FakeModelServer.withServer { server, port in
            let http = HTTPClient(logger: Logger(label: "test"))
            defer { http.shutdown() }
            await server.script("m", .rateLimited(retryAfter: 3), .serverError, .instant)
            let time = ManualTime(isAutomatic: true)
            let client = RetryingClient(
                Self.client(.openAI, port: port, model: "m", http),
                time: time,
                jitter: FixedJitter(0)
            )
            let completion = try await client.complete(ModelRequest(prompt: prompt, key: "1"))
            #expect(completion.text.hasPrefix("The answer of m"))
            #expect(await server.requests.map(\.idempotencyKey) == ["1", "1", "1"])
            #expect(time.sleeps == [.seconds(3), .milliseconds(1_400)])
        }
    }

    @Test func saysWhatCannotBeReached() async throws {
        let http = HTTPClient(logger: Logger(label: "test"))
        defer { http.shutdown() }
        let port = try await FakeModelServer.withServer { _, port in port }
        let client = Self.client(.openAI, port: port, model: "m", http)
        let error = await #expect(throws: AgentError.self) {
            try await client.complete(ModelRequest(prompt: prompt, key: "1"))
        }
        #expect(error?.reason == .network)
    }

    @Test(arguments: Provider.allCases)
    func listsModels(provider: Provider) async throws {
        try await FakeModelServer.withServer(models: ["one", "two"]) { _, port in
            let http = HTTPClient(logger: Logger(label: "test"))
            defer { http.shutdown() }
            let models = try await Self.client(provider, port: port, model: "one", http).models()
            #expect(models == ["one", "two"])
        }
    }

    /// A substitute has to have time to answer.
    @Test func failsWhereTheFirstPieceIsLate() async throws {
        try await FakeModelServer.withServer(.hang) { server, port in
            let http = HTTPClient(logger: Logger(label: "test"))
            defer { http.shutdown() }
            let time = ManualTime()
            let endpoint = ModelEndpoint(provider: "P", baseURL: "http://127.0.0.1:\(port)/v1", model: "m")
            let client = OpenAIClient(endpoint: endpoint, transport: http, time: time)
            var request = ModelRequest(prompt: prompt, key: "1")
            request.deadline = time.now() + .seconds(300)
            request.firstPieceBy = time.now()
            let tooLate = await #expect(throws: AgentError.self) { try await client.complete(request) }
            #expect(tooLate?.reason == .timeout)
            #expect(await server.requests.isEmpty)
            request.firstPieceBy = time.now() + .milliseconds(50)
            let late = await #expect(throws: AgentError.self) { try await client.complete(request) }
            #expect(late?.reason == .timeout)
        }
    }

    /// A call that is given up says nothing about the provider; so it has to fail before.
    @Test func failsBeforeItIsGivenUp() async throws {
        try await FakeModelServer.withServer(.hang) { server, port in
            let http = HTTPClient(logger: Logger(label: "test"))
            defer { http.shutdown() }
            let time = ManualTime()
            let endpoint = ModelEndpoint(provider: "P", baseURL: "http://127.0.0.1:\(port)/v1", model: "m")
            let client = OpenAIClient(endpoint: endpoint, transport: http, time: time)
            var request = ModelRequest(prompt: prompt, key: "1")
            request.deadline = time.now() + .milliseconds(3_000)
            let late = await #expect(throws: AgentError.self) { try await client.complete(request) }
            #expect(late?.reason == .timeout)
            #expect(await server.requests.count == 1)
            request.deadline = time.now() + .seconds(1)
            let tooLate = await #expect(throws: AgentError.self) { try await client.complete(request) }
            #expect(tooLate?.reason == .timeout)
            #expect(await server.requests.count == 1)
        }
    }
}
