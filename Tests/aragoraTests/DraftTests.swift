import CoreTypes
import DatabaseSupport
import TestSupport
import Testing
import Transport

/// What models of the real program are writing, as its followers see it.
@Suite("Drafts", .timeLimit(.minutes(5)))
struct DraftTests {
    @Test("A proposal is seen while it is written, its thinking is not, and a broken one begins anew")
    func stream() async throws {
        try await GatewayWorld.with(.sqlite) { world in
            let (first, second) = (ModelPieces(), ModelPieces())
            await world.models.script("one", .pieces(first), .pieces(second), .instant)
            let gateway = try await world.start()
            let asked = try await world.call(gateway, "/debates", ["task": "Ship?"])
            let debate = try #require(try JSONValue(parsing: asked.body)["id"]?.string)
            let request = HTTPRequest(
                url: "\(gateway.url)/api/v1/debates/\(debate)/stream",
                headers: [("Authorization", "Bearer \(GatewayWorld.token)")],
                timeout: .seconds(120)
            )
            try await world.client.stream(request) { response in
                var events = EventFeed(body: response.body.makeAsyncIterator())
                _ = try await events.next { $0["type"] == "phase_change" && $0["data"]?["to_phase"] == "proposals" }
                first.send("<think>The secret")
                first.send(" part</think>A proposal")
                var draft = try await events.next(Self.isDraft)
                #expect(draft["agent"] == "openai-one" && draft["data"]?["phase"] == "proposal")
                #expect(draft["data"]?["offset"] == 0 && draft["data"]?["text"] == "A proposal")
                first.send(" that grows")
                draft = try await events.next(Self.isDraft)
                #expect(draft["data"]?["offset"] == 10 && draft["data"]?["text"] == " that grows")
                first.breakOff()
                draft = try await events.next(Self.isDraft)
                #expect(draft["data"]?["offset"] == 0 && draft["data"]?["text"] == "")
                second.send("Another")
                draft = try await events.next(Self.isDraft)
                #expect(draft["data"]?["offset"] == 0 && draft["data"]?["text"] == "Another")
                #expect(!events.seen.contains { $0["type"] == "propose" && $0["agent"] == "openai-one" })
                second.finish()
                let proposal = try await events.next { $0["type"] == "propose" && $0["agent"] == "openai-one" }
                #expect(proposal["data"]?["content"] == "Another")
                _ = try await events.next { $0["type"] == "debate_end" }
                #expect(!events.seen.contains { $0.text.contains("secret") })
                // Criticisms and votes are forms.
                let phases = events.seen.filter { $0["type"] == "draft" }.compactMap { $0["data"]?["phase"]?.string }
                #expect(Set(phases).isSubset(of: ["proposal", "revision"]))
            }
            let journal = try await world.look(at: "/debates/\(debate)/events", gateway)
            #expect(!journal.text.contains("that grows"))
            #expect(try await gateway.terminate() == .exited(0))
        }
    }

    @Test("A terminal shows the end of what is being written; a file holds whole answers alone")
    func terminal() async throws {
        try await GatewayWorld.with(.sqlite) { world in
            let pieces = ModelPieces()
            await world.models.script("one", .pieces(pieces), .instant)
            let process = try world.begin(
                "/usr/bin/script",
                ["-qec", "\(GatewayProcess.executable) ask Ship?", "/dev/null"]
            )
            try await eventually("the first model call") { await world.models.requests.isEmpty ? nil : true }
            pieces.send("A proposal\nthat is unfin")
            try await eventually("the unfinished text") {
                process.output.contains("openai-one is writing: A proposal that is unfin") ? true : nil
            }
            #expect(!process.output.contains("openai-one proposes:"))
            pieces.send("ished")
            pieces.finish()
            #expect(try await process.waitForExit(timeout: .seconds(60)) == .exited(0))
            #expect(process.output.contains("openai-one proposes:") && process.output.contains("Verdict:"))
            let filed = try await world.run("ask", "Ship?")
            #expect(filed.exit == .exited(0) && !filed.output.contains("is writing"))
        }
    }

    private static func isDraft(_ event: JSONValue) -> Bool {
        event["type"] == "draft" && event["agent"] == "openai-one"
    }
}

/// The events of a live stream, one after the other.
private struct EventFeed<Body: AsyncIteratorProtocol> where Body.Element == [UInt8] {
    var body: Body
    private(set) var seen: [JSONValue] = []
    private var events = ServerSentEvents()
    private var waiting: [JSONValue] = []

    init(body: Body) {
        self.body = body
    }

    /// The next event of a kind; those before it are only kept.
    mutating func next(_ isWanted: (JSONValue) -> Bool) async throws -> JSONValue {
        while true {
            while !waiting.isEmpty {
                let event = waiting.removeFirst()
                seen.append(event)
                if isWanted(event) { return event }
            }
            guard let bytes = try await body.next(isolation: #isolation) else {
                throw ProcessFailure("The stream ended.")
            }
            waiting += try events.feed(bytes).map { try JSONValue(parsing: $0.data) }
        }
    }
}
