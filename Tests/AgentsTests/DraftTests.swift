import Agents
import CoreTypes
import Logging
import TestSupport
import Testing
import Transport

/// What a listener hears of answers while models write them.
@Suite("Unfinished answers", .timeLimit(.minutes(5)))
struct DraftTests {
    private let prompt = PromptBuilder(name: "x").prompt(
        for: GenerateRequest(purpose: .answer, briefing: Briefing(task: "Why?"))
    )

    @Test("An answer is heard as it grows, and thinking is not", arguments: ProviderTests.Provider.allCases)
    func grows(provider: ProviderTests.Provider) async throws {
        let pieces = ModelPieces()
        try await FakeModelServer.withServer(.pieces(pieces)) { _, port in
            let http = HTTPClient(logger: Logger(label: "test"))
            defer { http.shutdown() }
            let ear = Ear()
            let client = ProviderTests.client(provider, port: port, model: "m", http)
            let request = ModelRequest(prompt: prompt, key: "1", listener: ear)
            async let completion = client.complete(request)
            var heard = ear.texts.makeAsyncIterator()
            pieces.send(" <thi")
            #expect(await heard.next() == "")
            pieces.send("nk>secret")
            #expect(await heard.next() == "")
            pieces.send("</think> Vis")
            #expect(await heard.next() == "Vis")
            pieces.send("ible\u{7}.")
            #expect(await heard.next() == "Visible.")
            pieces.finish()
            let answer = try await completion
            #expect(answer.text == " <think>secret</think> Visible\u{7}.")
            ear.stop()
            while let text = await heard.next() { #expect(text == "Visible.") }
        }
    }

    @Test("What was heard of a try that failed does not count, and the next one begins anew")
    func retry() async throws {
        try await FakeModelServer.withServer { server, port in
            let http = HTTPClient(logger: Logger(label: "test"))
            defer { http.shutdown() }
            let (first, second) = (ModelPieces(), ModelPieces())
            await server.script("m", .pieces(first), .pieces(second))
            let ear = Ear()
            let client = RetryingClient(
                ProviderTests.client(.openAI, port: port, model: "m", http),
                time: ManualTime(isAutomatic: true),
                jitter: FixedJitter(0)
            )
            let request = ModelRequest(prompt: prompt, key: "1", listener: ear)
            async let completion = client.complete(request)
            var heard = ear.texts.makeAsyncIterator()
            first.send("Half an ans")
            #expect(await heard.next() == "Half an ans")
            first.breakOff()
            #expect(await heard.next() == .some(nil))
            second.send("Another")
            #expect(await heard.next() == "Another")
            second.finish()
            let answer = try await completion
            #expect(answer.text == "Another")
        }
    }

    @Test("An answer too long to be shown is taken all the same")
    func long() async throws {
        let pieces = ModelPieces()
        try await FakeModelServer.withServer(.pieces(pieces)) { _, port in
            let http = HTTPClient(logger: Logger(label: "test"))
            defer { http.shutdown() }
            let ear = Ear()
            let client = ProviderTests.client(.openAI, port: port, model: "m", http)
            let text = String(repeating: "word ", count: 2 * DraftText.maximumBytes / 5)
            pieces.send(text)
            pieces.finish()
            let completion = try await client.complete(ModelRequest(prompt: prompt, key: "1", listener: ear))
            #expect(completion.text == text)
            ear.stop()
            for await heard in ear.texts { Issue.record("\(heard?.count ?? 0) characters were heard.") }
        }
    }

    @Test("Texts are heard, asked twice or not; forms are not")
    func kinds() async throws {
        let client = ScriptedClient(ScriptedClient.text("<think>only"), ScriptedClient.text("{}"))
        var limits = Airlock.Limits.standard
        limits.retryPause = .zero
        let agent = Airlock(
            ModelAgent(
                profile: AgentProfile(name: "x", provider: "P", model: "m"),
                client: client,
                prompts: PromptBuilder(name: "x")
            ),
            limits: limits,
            time: SystemTime(),
            logger: Logger(label: "test")
        )
        let call = AgentCall(key: "k", listener: Ear())
        let briefing = Briefing(task: "Why?")
        _ = try await agent.generate(GenerateRequest(purpose: .proposal, briefing: briefing), call: call)
        #expect(client.hasListener == [true, true])
        let proposals = [Proposal(agent: "a", content: "b")]
        await #expect(throws: AgentError.self) {
            try await agent.vote(VoteRequest(briefing: briefing, proposals: proposals), call: call)
        }
        await #expect(throws: AgentError.self) {
            try await agent.critique(CritiqueRequest(briefing: briefing, target: proposals[0]), call: call)
        }
        #expect(client.hasListener == [true, true, false, false, false, false])
    }

    @Test(
        "Thinking is left out wherever the answer stands",
        arguments: [
            ("", ""), ("<", ""), ("<think", ""), ("<thinking>a", ""), ("<thinking>a</think", ""),
            ("<think>a</think>\n<think>b", ""), ("<think>a</think>b <th", "b <th"), ("a < b", "a < b"),
            ("left open\n</think>\nshown", "shown"), ("\r\n a\r\nb\u{1B}[2J", "a\nb[2J"),
        ]
    )
    func thinking(raw: String, shown: String) async throws {
        let pieces = ModelPieces()
        try await FakeModelServer.withServer(.pieces(pieces)) { _, port in
            let http = HTTPClient(logger: Logger(label: "test"))
            defer { http.shutdown() }
            let ear = Ear()
            // A first piece of blanks alone is heard of too.
            pieces.send(" ")
            if !raw.isEmpty { pieces.send(raw) }
            pieces.finish()
            let client = ProviderTests.client(.openAI, port: port, model: "m", http)
            _ = try? await client.complete(ModelRequest(prompt: prompt, key: "1", listener: ear))
            ear.stop()
            var last: String?
            for await text in ear.texts { last = text ?? last }
            #expect(last == shown)
        }
    }
}

/// Keeps what it hears; nil for what does not count any more.
private final class Ear: DraftListener {
    let texts: AsyncStream<String?>
    private let continuation: AsyncStream<String?>.Continuation

    init() {
        (texts, continuation) = AsyncStream.makeStream()
    }

    func hear(_ draft: DraftText) { continuation.yield(draft.shown) }
    func forget() { continuation.yield(nil) }
    func stop() { continuation.finish() }
}
