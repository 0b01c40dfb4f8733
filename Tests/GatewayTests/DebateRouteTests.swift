import CoreTypes
import Gateway
import Persistence
import Synchronization
import TestSupport
import Testing

@Suite("The debates over HTTP", .timeLimit(.minutes(5)))
struct DebateRouteTests {
    static let path = "/api/v1/debates"
    let harness = GatewayHarness()

    @Test("A question in the client's words starts a debate")
    func create() async throws {
        let body = """
            {"question": "  Tabs or spaces?\\n", "agents": "anthropic, openai", "protocol": {"rounds": 3},
             "consensus": "majority", "context": "A team of five.", "metadata": {"a": 1}, "debate_format": "full"}
            """
        let answer = try await harness.run { try await $0.post(Self.path, body) }
        #expect(answer.status == 201)
        let json = try answer.json
        #expect(json["success"]?.bool == true)
        #expect(json["status"]?.string == "created")
        #expect(json["task"]?.string == "Tabs or spaces?")
        #expect(json["id"] == json["debate_id"])
        #expect(answer.headers["location"] == "/api/v1/debates/\(json["id"]?.string ?? "")")
        let question = try #require(harness.debates.state.withLock { $0.questions.first })
        #expect(question.workspace == .local)
        #expect(question.agents == ["anthropic", "openai"])
        #expect(question.rounds == 3 && question.rules == ["rounds": 3])
        #expect(question.consensus == "majority")
        #expect(question.background == "A team of five.")
        #expect(question.metadata == ["a": 1])
        #expect(question.requestedBy == "local")
    }

    @Test("The same Idempotency-Key gives the same debate, and no other question")
    func idempotency() async throws {
        let key = [("Idempotency-Key", "k-0001")]
        try await harness.run { client async throws in
            let first = try await client.post(Self.path, #"{"task":"Why?"}"#, headers: key)
            let again = try await client.post(Self.path, #"{"task":"Why?"}"#, headers: key)
            #expect(try first.json["id"] == again.json["id"])
            for body in [#"{"task":"How?"}"#, #"{"task":"Why?","rounds":2}"#, #"{"task":"Why?","context":"So."}"#] {
                #expect(try await client.post(Self.path, body, headers: key).status == 409, "\(body)")
            }
            let full = [("Idempotency-Key", "k-0002")]
            let one = try await client.post(Self.path, #"{"task":"Why?","rounds":2}"#, headers: full)
            let same = try await client.post(Self.path, #" { "rounds": 2, "task": "Why?" }"#, headers: full)
            #expect(same.status == 201)
            #expect(try one.json["id"] == same.json["id"])
            let without = try await client.post(Self.path, #"{"task":"Why?"}"#)
            #expect(try without.json["id"] != first.json["id"])
        }
        #expect(harness.debates.state.withLock { $0.questions.count } == 3)
    }

    @Test(
        "A question that cannot be asked is 400 and says which key",
        arguments: [
            ("{}", "task"), (#"{"task":"   "}"#, "task"), (#"{"task":7}"#, "task"),
            (#"{"task":"a","rounds":0}"#, "rounds"), (#"{"task":"a","rounds":13}"#, "rounds"),
            (#"{"task":"a","protocol":{"rounds":"3"}}"#, "rounds"), (#"{"task":"a","consensus":""}"#, "consensus"),
            (#"{"task":"a","agents":[1]}"#, "agents"), (#"{"task":"a","metadata":[]}"#, "metadata"),
            ("[]", "object"), ("{", "JSON"), (#"{"task":"a","metadata":{"$aragora":{}}}"#, "$aragora"),
            (#"{"task":"a","protocol":{"consensus_threshold":1e999}}"#, "1e999"),
            (#"{"task":"a","metadata":{"wei":1000000000000000000001}}"#, "1000000000000000000001"),
        ]
    )
    func invalid(body: String, word: String) async throws {
        let answer = try await harness.run { try await $0.post(Self.path, body) }
        #expect(answer.status == 400)
        #expect(try answer.json["error"]?.string?.contains(word) == true)
        #expect(harness.debates.state.withLock { $0.questions.isEmpty })
    }

    @Test("A list says what paging needs, under both of its names")
    func list() async throws {
        for number in 1...25 { harness.debates.add("d\(number)", status: number == 1 ? "failed" : "running") }
        try await harness.run { client async throws in
            let first = try await client.request("GET", Self.path).json
            #expect(first["debates"]?.array?.count == 20)
            #expect(first["items"] == first["debates"])
            #expect(first["total"]?.integer == 25)
            #expect(first["has_more"]?.bool == true)
            #expect(first["debates"]?.array?.first?["id"]?.string == "d25")
            let last = try await client.request("GET", Self.path + "?limit=20&offset=20").json
            #expect(last["items"]?.array?.count == 5)
            #expect(last["has_more"]?.bool == false)
            #expect(last["offset"]?.integer == 20)
            let failed = try await client.request("GET", Self.path + "?status=failed&limit=999").json
            #expect(failed["total"]?.integer == 1)
            #expect(failed["limit"]?.integer == 200)
            for query in ["limit=0", "limit=x", "offset=-1", "status=odd"] {
                #expect(try await client.request("GET", Self.path + "?" + query).status == 400, "\(query)")
            }
        }
    }

    @Test("Those that have not ended are listed, waiting ones among them")
    func active() async throws {
        for (id, status) in [("d1", "running"), ("d2", "completed"), ("d3", "paused"), ("d4", "created")] {
            harness.debates.add(id, status: status)
        }
        try await harness.run { client async throws in
            let active = try await client.request("GET", Self.path + "/active").json
            #expect(active["items"]?.array?.compactMap { $0["id"]?.string } == ["d4", "d3", "d1"])
            let paused = try await client.request("GET", Self.path + "?status=paused").json
            #expect(paused["total"] == 1 && paused["items"]?.array?.first?["in_progress"] == true)
        }
    }

    @Test("Tags come with the question or later, and so does a title")
    func tags() async throws {
        let debates = harness.debates
        try await harness.run { client async throws in
            let made = try await client.post(Self.path, #"{"task":"Why?","tags":["urgent","release"]}"#)
            #expect(made.status == 201)
            #expect(debates.state.withLock { $0.questions.last?.tags } == ["urgent", "release"])
            let path = "\(Self.path)/\(try made.json["id"]?.string ?? "")"
            func change(_ body: String) async throws -> RawResponse {
                try await client.request("PATCH", path, headers: [("Content-Type", "application/json")], body: body)
            }
            let changed = try await change(#"{"title":"Friday","tags":"later, calm"}"#).json
            #expect(changed["success"] == true && changed["updated_fields"] == ["tags", "title"])
            #expect(changed["debate"]?["title"] == "Friday" && changed["debate"]?["tags"] == ["later", "calm"])
            #expect(try await change(#"{"tags":[]}"#).json["debate"]?["title"] == "Friday")
            #expect(try await client.request("GET", path).json["tags"] == [])
            let wrong = [
                "{}", #"{"title":""}"#, #"{"title":" "}"#, #"{"title":1}"#, #"{"tags":[1]}"#, #"{"tags":null}"#,
                #"{"status":"failed"}"#,
            ]
            for body in wrong { #expect(try await change(body).status == 400, "\(body)") }
            #expect(try await change(#"{"title":" Monday "}"#).json["debate"]?["title"] == "Monday")
            let untitled = try await change(#"{"title":null}"#).json
            #expect(untitled["updated_fields"] == ["title"] && untitled["debate"]?["title"] == nil)
            #expect(try await client.post(Self.path, #"{"task":"Why?","tags":[""]}"#).status == 400)
        }
    }

    @Test("One debate shows its row and what the journal adds up to")
    func find() async throws {
        let id = harness.debates.add("d1", status: "completed")
        harness.debates.update(id) { record in
            record.winner = "openai"
            record.confidence = 0.75
            record.consensusReached = true
            record.startedAt = Timestamp(milliseconds: 1_750_000_001_000)
            record.finishedAt = Timestamp(milliseconds: 1_750_000_004_500)
        }
        harness.debates.state.withLock {
            $0.projections[id] = [
                "round": 2, "final_answer": "Spaces.", "status": "running",
                "votes": [
                    ["agent": "openai", "choice": "openai"], ["agent": "gemini", "choice": "openai"],
                    ["agent": "anthropic", "choice": "anthropic"],
                ],
                "dissent": [["agent": "anthropic", "reasoning": "Tabs."]],
                "messages": .array((0..<60).map { ["index": .integer($0)] }),
            ]
        }
        try await harness.run { client async throws in
            let json = try await client.request("GET", Self.path + "/d1").json
            #expect(json["debate_id"]?.string == "d1")
            #expect(json["status"]?.string == "completed")
            #expect(json["final_answer"]?.string == "Spaces.")
            #expect(json["rounds_used"]?.integer == 2)
            #expect(json["duration_seconds"]?.double == 3.5)
            #expect(json["consensus_reached"]?.bool == true)
            #expect(json["consensus"]?["supporting_agents"] == ["openai", "gemini"])
            #expect(json["consensus"]?["dissenting_agents"] == ["anthropic"])
            let consensus = try await client.request("GET", Self.path + "/d1/consensus").json
            #expect(consensus["votes"]?.array?.count == 3)
            #expect(consensus["final_answer"]?.string == "Spaces.")
            let votes = try await client.request("GET", Self.path + "/d1/votes?limit=2").json
            #expect(votes["votes"]?.array?.count == 2)
            #expect(votes["total"]?.integer == 3)
            let messages = try await client.request("GET", Self.path + "/d1/messages?offset=50").json
            #expect(messages["messages"]?.array?.first?["index"]?.integer == 50)
            #expect(messages["has_more"]?.bool == false)
            #expect(messages["debate_id"]?.string == "d1")
        }
    }

    @Test("Events come in the stream's envelope and tell where to go on")
    func events() async throws {
        let id = harness.debates.add("d1")
        harness.debates.append("round_start", ["round": 2], to: id)
        harness.debates.append("vote", ["agent": "openai", "choice": "é \"x\""], to: id)
        try await harness.run { client async throws in
            let json = try await client.request("GET", Self.path + "/d1/events?limit=1").json
            #expect(json["next_seq"]?.integer == 1)
            #expect(json["events"]?.array?.first?["round"]?.integer == 2)
            let next = try await client.request("GET", Self.path + "/d1/events?since=1").json
            #expect(
                next["events"]?.array == [
                    [
                        "agent": "openai", "data": ["agent": "openai", "choice": "é \"x\""], "debate_id": "d1",
                        "loop_id": "d1", "round": 0, "seq": 2, "timestamp": 1_750_000_000.002, "type": "vote",
                    ]
                ]
            )
            let end = try await client.request("GET", Self.path + "/d1/events?since=2").json
            #expect(end["events"] == [])
            #expect(end["next_seq"]?.integer == 2)
        }
    }

    @Test("A journal that cannot be read is our fault, not the asker's")
    func damagedJournal() async throws {
        let id = harness.debates.add("d1")
        harness.debates.state.withLock { $0.entries[id] = [(1, Array("{".utf8))] }
        let answer = try await harness.run { try await $0.request("GET", Self.path + "/d1/events") }
        #expect(answer.status == 500)
        #expect(try answer.json["code"]?.string == "journal_damaged")
    }

    @Test("Evidence is added once, and only while the debate runs")
    func addMessage() async throws {
        harness.debates.add("d1")
        harness.debates.add("over", status: "completed")
        let key = [("Idempotency-Key", "m1")]
        try await harness.run { client async throws in
            let first = try await client.post(Self.path + "/d1/messages", #"{"content":"A fact"}"#, headers: key)
            #expect(first.status == 201)
            #expect(try first.json["message"]?["content"]?.string == "A fact")
            let again = try await client.post(Self.path + "/d1/messages", #"{"content":"A fact"}"#, headers: key)
            #expect(again.status == 200)
            // What is said is what is stored.
            let wide = try await client.post(Self.path + "/d1/messages", #"{"content":" A fact\n"}"#, headers: key)
            #expect(wide.status == 200)
            #expect(try wide.json["message"]?["content"]?.string == "A fact")
            let other = try await client.post(Self.path + "/d1/messages", #"{"content":"OTHER"}"#, headers: key)
            #expect(other.status == 409)
            #expect(try await client.post(Self.path + "/d1/messages", #"{"content":" "}"#).status == 400)
            #expect(try await client.post(Self.path + "/over/messages", #"{"content":"x"}"#).status == 409)
        }
        #expect(harness.debates.state.withLock { $0.inputs.map(\.text) } == ["A fact"])
    }

    @Test("A running debate is cancelled; one that has ended is 400, as the public client expects")
    func cancel() async throws {
        harness.debates.add("d1")
        try await harness.run { client async throws in
            let answer = try await client.post(Self.path + "/d1/cancel")
            #expect(answer.status == 200)
            #expect(try answer.json["status"]?.string == "cancelled")
            let again = try await client.post(Self.path + "/d1/cancel")
            #expect(again.status == 400)
            #expect(try again.json["code"]?.string == "conflict")
        }
    }

    @Test("The receipt comes byte for byte, as a file")
    func receipt() async throws {
        let id = harness.debates.add("d1", status: "completed")
        try await harness.run { client async throws in
            #expect(try await client.request("GET", Self.path + "/d1/receipt").status == 404)
            harness.debates.state.withLock { $0.receipts[id] = Array("{\"b\":1, \"a\" :2}\n".utf8) }
            let answer = try await client.request("GET", Self.path + "/d1/receipt")
            #expect(answer.body == "{\"b\":1, \"a\" :2}\n")
            #expect(answer.headers["content-disposition"] == #"attachment; filename="aragora-receipt-d1.json""#)
            // Looking whether it is there takes nothing away.
            #expect(try await client.request("HEAD", Self.path + "/d1/receipt").status == 200)
            #expect(harness.debates.state.withLock { $0.exports } == ["api:local"])
        }
    }

    @Test("A link opens receipt and journal of its own debate without the API token, for reading")
    func receiptLink() async throws {
        var harness = harness
        harness.configuration.apiToken = Secret("operator")
        for name in ["d1", "d2"] {
            let id = harness.debates.add(name, status: "completed")
            harness.debates.state.withLock { $0.receipts[id] = Array("{}".utf8) }
        }
        try await harness.run { client async throws in
            for tail in ["receipt", "journal"] {
                let path = Self.path + "/d1/\(tail)"
                #expect(try await client.request("GET", path).status == 401)
                #expect(try await client.request("GET", path + "?access=code-of-local-d1").status == 200)
                let wrong = try await client.request("GET", path + "?access=code-of-local-d2")
                let none = try await client.request("GET", Self.path + "/none/\(tail)?access=code-of-local-none")
                #expect(wrong.status == 404)
                #expect(try wrong.json["error"] == none.json["error"])
                #expect(try await client.request("GET", path + "?access=").status == 404)
                #expect(try await client.request("POST", path + "?access=code-of-local-d1").status == 405)
            }
            for tail in ["", "/events", "/stream", "/messages", "/votes"] {
                let path = Self.path + "/d1\(tail)?access=code-of-local-d1"
                #expect(try await client.request("GET", path).status == 401, "\(tail)")
            }
            #expect(try await client.post(Self.path + "/d1/cancel?access=code-of-local-d1").status == 401)
        }
    }

    @Test("What was not released is the operator's alone to read")
    func heldBack() async throws {
        var harness = harness
        harness.configuration.apiToken = Secret("operator")
        harness.keys = ReadingKey()
        let id = harness.debates.add("d1", status: "cancelled")
        harness.debates.append("propose", ["content": "Tabs."], to: id)
        harness.debates.state.withLock {
            $0.receipts[id] = Array("{}".utf8)
            $0.projections[id] = [
                "status": "cancelled", "reason": "Withheld.", "proposals": [["content": "Tabs."]],
                "messages": [["content": "Tabs."]], "votes": [["choice": "Tabs."]], "consensus": ["winner": "Tabs."],
                "dissent": [["proposal": "Tabs."]], "critiques": [["issues": ["Tabs."]]],
            ]
        }
        let operators = [("Authorization", "Bearer operator")]
        let programs = [("Authorization", "Bearer \(ReadingKey.text)")]
        let course = ["/messages", "/events", "/stream", "/consensus", "/votes", "/receipt", "/journal"]
        try await harness.run { client async throws in
            for isHeldBack in [true, false] {
                harness.debates.state.withLock { $0.heldBack = isHeldBack ? [id] : [] }
                for tail in course {
                    let answer = try await client.request("GET", Self.path + "/d1\(tail)", headers: programs)
                    #expect(answer.status == (isHeldBack ? 403 : 200), "\(tail)")
                    if isHeldBack { #expect(try answer.json["code"] == "not_released") }
                    #expect(try await client.request("GET", Self.path + "/d1\(tail)", headers: operators).status == 200)
                }
                for tail in ["receipt", "journal"] {
                    let path = Self.path + "/d1/\(tail)"
                    let linked = try await client.request("GET", path + "?access=code-of-local-d1")
                    #expect(linked.status == (isHeldBack ? 404 : 200), "\(tail)")
                    #expect(try await client.request("GET", path, headers: operators).status == 200)
                }
                let shown = try await client.request("GET", Self.path + "/d1", headers: programs)
                #expect(shown.status == 200 && shown.body.contains("Tabs.") == !isHeldBack)
                #expect(try shown.json["reason"] == "Withheld.")
                #expect(try shown.json["held_back"]?.bool == (isHeldBack ? true : nil))
                let whole = try await client.request("GET", Self.path + "/d1", headers: operators)
                #expect(whole.body.contains("Tabs."))
            }
        }
    }

    @Test("The journal comes byte for byte, one entry a line, however long it is")
    func journal() async throws {
        let id = harness.debates.add("d1")
        for round in 0..<450 { harness.debates.append("round_start", ["round": .integer(Int64(round))], to: id) }
        let lines = harness.debates.state.withLock { $0.entries[id, default: []].map(\.json) }
        try await harness.run { client async throws in
            let answer = try await client.request("GET", Self.path + "/d1/journal")
            #expect(answer.headers["content-type"] == "application/x-ndjson")
            #expect(answer.body == lines.map { String(decoding: $0, as: UTF8.self) + "\n" }.joined())
            harness.debates.add("new")
            #expect(try await client.request("GET", Self.path + "/new/journal").body == "")
        }
    }

    @Test("The agents say who they are, and whether they are models at all")
    func agents() async throws {
        var harness = GatewayHarness()
        harness.debates = FakeDebates(isDemo: true)
        let json = try await harness.run { try await $0.request("GET", "/api/v1/agents").json }
        #expect(json["total"]?.integer == 3)
        #expect(json["demo"]?.bool == true)
        #expect(json["agents"]?.array?.first?["name"]?.string == "anthropic")
        #expect(json["agents"]?.array?.allSatisfy { $0["demo"]?.bool == true } == true)
    }

    @Test("What is not there is 404 everywhere")
    func notFound() async throws {
        let long = String(repeating: "x", count: 65)
        try await harness.run { client async throws in
            for tail in ["", "/messages", "/events", "/stream", "/consensus", "/votes", "/receipt"] {
                for id in ["none", long] {
                    let answer = try await client.request("GET", Self.path + "/\(id)\(tail)")
                    #expect(answer.status == 404, "\(tail)")
                    #expect(try answer.json["code"]?.string == "not_found")
                }
            }
            #expect(try await client.post(Self.path + "/none/cancel").status == 404)
        }
    }
}
