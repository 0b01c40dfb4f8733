import Approvals
import Channels
import CoreTypes
import DatabaseSupport
import Gateway
import Persistence
import Synchronization
import TestSupport
import Testing

@Suite("Approvals over HTTP", .timeLimit(.minutes(5)))
struct ApprovalRouteTests {
    static let path = "/api/v1/approvals"

    /// Runs a gateway over a fresh database; mail is mounted, so that links are made.
    @discardableResult
    func run<R: Sendable>(
        _ engine: DatabaseEngine = .sqlite,
        places: Int = 256,
        _ body: (RawClient, any Database) async throws -> R
    ) async throws -> R {
        try await withDatabase(engine) { test in
            let desk = try approvalDesk(publicURL: "http://gateway.example", reachable: ["email"])
            var harness = GatewayHarness()
            harness.approvals = ApprovalService(database: test.database, desk: desk)
            harness.keys = OneKey()
            harness.configuration.maximumConcurrentRequests = places
            harness.debates.state.withLock { $0.heldBack = [DebateID("held")] }
            return try await harness.run { client in try await body(client, test.database) }
        }
    }

    /// The paths of the links in everything that is to be sent.
    private func links(_ database: any Database) async throws -> [String] {
        try await database.run("select payload_json from outbox order by outbox_id").compactMap { row in
            let text = try row.text("payload_json")
            guard let start = text.firstRange(of: "http://gateway.example") else { return nil }
            return String(text[start.upperBound...].prefix { $0 != "\"" })
        }
    }

    @Test("A request is made once, listed with its actions, and answered")
    func course() async throws {
        try await run { client, _ in
            let body = #"{"title":"Pay 7 EUR?","question":"May it be paid?","operation":{"pay":7},"kind":"workflow"}"#
            let key = [("Idempotency-Key", "k1")]
            let made = try await client.post(Self.path, body, headers: key)
            #expect(made.status == 201)
            let id = try #require(try made.json["id"]?.string)
            #expect(try await client.post(Self.path, body, headers: key).json["id"]?.string == id)
            let other = body.replacing("Pay 7", with: "Pay 8")
            #expect(try await client.post(Self.path, other, headers: key).status == 409)
            for path in [Self.path, "\(Self.path)/pending?sources=workflow", "/api/v1/workflow-approvals"] {
                let list = try await client.request("GET", path).json
                #expect(list["count"]?.integer == 1)
                let item = try #require(list["approvals"]?.array?.first)
                #expect(item["kind"] == "workflow" && item["source"] == "workflow" && item["status"] == "pending")
                #expect(item["actions"]?["approve"]?["path"]?.string == "\(Self.path)/\(id)/decide")
                #expect(item["actions"]?["reject"]?["body"]?["option"] == "reject")
            }
            #expect(try await client.request("GET", "\(Self.path)?sources=gateway").json["count"]?.integer == 0)
            let bare = try await client.post("\(Self.path)/\(id)/decide", #"{"option":"reject"}"#)
            #expect(bare.status == 400)
            #expect(try bare.json["code"] == "comment_required")
            let unclear = try await client.post("/api/v1/workflow-approvals/\(id)/resolve", "{}")
            #expect(unclear.status == 400)
            let decided = try await client.post("\(Self.path)/\(id)/decide", #"{"option":"approve"}"#)
            #expect(decided.status == 200)
            #expect(try decided.json["status"] == "approved")
            #expect(try decided.json["decision"]?["identity"] == "api:local")
            let again = try await client.post("\(Self.path)/\(id)/decide", #"{"option":"approve"}"#)
            #expect(again.status == 409)
            #expect(try again.json["code"] == "already_answered")
            let detail = try await client.request("GET", "\(Self.path)/\(id)").json
            #expect(detail["decisions"]?.array?.count == 1 && detail["log"]?.array?.count == 2)
            #expect(detail["requested_by"] == "api:local" && detail["requester_name"] == "the operator")
            #expect(try await client.request("GET", "\(Self.path)/nothing").status == 404)
        }
    }

    @Test("One key asks one thing, and numbers that would lose digits are refused")
    func oneKey() async throws {
        try await run { client, _ in
            let body = #"{"title":"Pay?","question":"May it be paid?","operation":{"pay":7},"metadata":{"b":1.0}}"#
            let key = [("Idempotency-Key", "k1")]
            let made = try await client.post(Self.path, body, headers: key)
            #expect(try await client.post(Self.path, body, headers: key).json["id"] == made.json["id"])
            for (text, other) in [
                ("May it be paid?", "Really?"), (#"{"b":1.0}"#, #"{"b":2}"#),
                (#""title""#, #""context":"It is late.","title""#), (#""title""#, #""priority":1,"title""#),
                (#""title""#, #""debate_id":"d1","title""#), (#""title""#, #""requester":"slack:U2","title""#),
            ] {
                let changed = try await client.post(Self.path, body.replacing(text, with: other), headers: key)
                #expect(changed.status == 409, "\(other)")
            }
            for amount in ["1000000000000000000001", "999999999999999999999", "1e999"] {
                let wrong = try await client.post(Self.path, body.replacing("7", with: amount))
                #expect(try wrong.status == 400 && wrong.json["error"]?.string?.contains(amount) == true)
            }
        }
    }

    @Test("What an action says is what a program may send, and who may not decide is told so before")
    func actions() async throws {
        try await run { client, _ in
            for (option, outcome) in [("reject", "rejected"), ("approve", "approved")] {
                let made = try await client.post(Self.path, #"{"title":"Pay?"}"#).json
                let action = try #require(made["actions"]?[option])
                let path = try #require(action["path"]?.string)
                let answer = try await client.post(path, try #require(action["body"]).text)
                #expect(try answer.status == 200 && answer.json["status"]?.string == outcome, "\(answer.body)")
            }
            let mine = try await client.post(Self.path, #"{"title":"Pay?"}"#).json["id"]?.string ?? ""
            let others = #"{"title":"Pay?","approvers":["email:ann@example.org"]}"#
            let theirs = try await client.post(Self.path, others).json["id"]?.string ?? ""
            let list = try await client.request("GET", Self.path).json["approvals"]?.array ?? []
            #expect(list.first { $0["id"]?.string == mine }?["can_decide"] == true)
            #expect(list.first { $0["id"]?.string == theirs }?["can_decide"] == false)
            #expect(try await client.request("GET", "\(Self.path)/\(theirs)").json["can_decide"] == false)
        }
    }

    @Test("What cannot be asked is refused, and a stranger decides nothing")
    func refusals() async throws {
        try await run { client, _ in
            for body in [
                "{}", #"{"title":7}"#, #"{"title":"x","quorum":9,"approvers":["slack:U1"]}"#,
                #"{"title":"x","approvers":["Ann"]}"#,
                #"{"title":"x","expires_in":-1}"#, #"{"title":"x","options":[]}"#, #"{"title":"x","priority":9}"#,
            ] {
                #expect(try await client.post(Self.path, body).status == 400, "\(body)")
            }
            let made = try await client.post(Self.path, #"{"title":"x","approvers":["slack:U1"]}"#)
            let id = try #require(try made.json["id"]?.string)
            #expect(try await client.post("\(Self.path)/\(id)/decide", #"{"option":"approve"}"#).status == 403)
            let own = try await client.post(
                Self.path,
                #"{"title":"y","not_the_requester":true,"approvers":["role:operator"]}"#
            )
            let mine = try #require(try own.json["id"]?.string)
            let answer = try await client.post("\(Self.path)/\(mine)/decide", #"{"option":"approve"}"#)
            #expect(answer.status == 403)
            #expect(try answer.json["code"] == "requester")
        }
    }

    @Test("A rule that is misspelt or of another kind is refused by its name")
    func misspelt() async throws {
        try await run { client, _ in
            for (member, name) in [
                (#""quorom":3"#, "quorom"), (#""escalations":{}"#, "escalations"), (#""veto":"no""#, "veto"),
                (#""escalations":[{"afer":9,"approvers":["role:operator"]}]"#, "afer"),
                (#""options":[{"id":"later","effekt":"reject"}]"#, "effekt"),
                (#""options":[{"id":"later","effect":7}]"#, "effect"),
                (#""options":[{"id":"reject","requires_comment":"no"}]"#, "requires_comment"),
                (#""workspace":7"#, "workspace"), (#""approver":["slack:U1"]"#, "approver"),
            ] {
                let answer = try await client.post(Self.path, "{\"title\":\"x\",\(member)}")
                #expect(answer.status == 400 && answer.body.contains("`\(name)`"), "\(member): \(answer.body)")
            }
            let unheard = try await client.post(Self.path, #"{"title":"x","approvers":["role:release"]}"#)
            #expect(unheard.status == 201)
            #expect(try unheard.json["warning"]?.string?.contains("Nobody was asked") == true)
            #expect(try await client.post(Self.path, #"{"title":"x"}"#).json["warning"] == nil)
        }
    }

    @Test(
        "A crawler that follows every link decides nothing; a form with an answer does",
        arguments: DatabaseEngine.allCases
    )
    func crawler(engine: DatabaseEngine) async throws {
        try await run(engine) { client, database in
            let body =
                #"{"title":"Pay <b>7</b>?","approvers":["email:ann@example.org","email:ben@example.org"],"quorum":2}"#
            let made = try await client.post(Self.path, body)
            let id = try #require(try made.json["id"]?.string)
            let links = try await links(database)
            #expect(links.count == 2 && links.allSatisfy { $0.hasPrefix("/approvals/answer/") })
            for link in links {
                for method in ["GET", "HEAD", "GET", "HEAD"] {
                    let page = try await client.request(method, link)
                    #expect(page.status == 200)
                    #expect(
                        page.headers["cache-control"] == "no-store" && page.headers["referrer-policy"] == "no-referrer"
                    )
                }
                for path in ["\(link)?option=approve", "\(link)/approve", "/approvals", "/approvals/\(id)"] {
                    _ = try await client.request("GET", path)
                }
                // A scanner that presses the button has chosen nothing.
                let pressed = try await client.request("POST", link, body: "comment=")
                #expect(pressed.status == 400)
            }
            #expect(try await client.request("GET", "\(Self.path)/\(id)").json["decisions"]?.array?.isEmpty == true)

            let page = try await client.request("GET", links[0])
            let html = page.body
            #expect(html.contains("Pay &lt;b&gt;7&lt;/b&gt;?") && !html.contains("checked"))
            let form = [("Content-Type", "application/x-www-form-urlencoded")]
            let first = try await client.request("POST", links[0], headers: form, body: "option=approve&comment=")
            #expect(first.status == 200)
            let twice = try await client.request("POST", links[0], headers: form, body: "option=approve")
            #expect(twice.status == 409)
            #expect(twice.body.contains("answered"))
            _ = try await client.request("POST", links[1], headers: form, body: "option=approve")
            let detail = try await client.request("GET", "\(Self.path)/\(id)").json
            #expect(detail["status"] == "approved")
            #expect(
                detail["decisions"]?.array?.compactMap { $0["identity"]?.string }.sorted()
                    == ["email:ann@example.org", "email:ben@example.org"]
            )
            #expect(try await client.request("GET", "/approvals/answer/0123456789abcdef").status == 404)
        }
    }

    @Test("Nobody without a link is waited for")
    func stalledForm() async throws {
        try await run(places: 1) { client, _ in
            try await client.connect { connection async throws in
                let form = [("Content-Type", "application/x-www-form-urlencoded"), ("Content-Length", "10")]
                try await connection.send(client.head("POST", "/approvals/answer/x", headers: form, body: "o"))
                #expect(try await connection.read(until: "\r\n\r\n").hasPrefix("HTTP/1.1 404 "))
                #expect(try await client.request("GET", Self.path).status == 200)
            }
        }
    }

    @Test("A no by mail needs no text, whatever the browser made of it", arguments: DatabaseEngine.allCases)
    func noByMail(engine: DatabaseEngine) async throws {
        try await run(engine) { client, database in
            let body = #"""
                {"title":"Post?","approvers":["email:ann@example.org","email:ben@example.org"],"quorum":2,"veto":false,
                "allow_edit":true,"operation":{"text":"\none\ntwo","pay":12345678901234567}}
                """#
            let made = try await client.post(Self.path, body)
            let id = try #require(try made.json["id"]?.string)
            let links = try await links(database)
            let page = try await client.request("GET", links[0]).body
            // The browser drops the first line end behind the tag, and no other one.
            #expect(page.contains(">\n\none\ntwo</textarea>"))
            #expect(page.contains("{&quot;pay&quot;:12345678901234567}"))
            let hash = try #require(try made.json["operation_hash"]?.string)
            #expect(page.contains("Operation \(hash.prefix(12))"))
            let form = [("Content-Type", "application/x-www-form-urlencoded")]
            func send(_ fields: String) async throws -> RawResponse {
                try await client.request("POST", links[0], headers: form, body: "\(fields)&text=%0D%0Aother")
            }
            let bare = try await send("option=reject&comment=")
            #expect(bare.status == 400)
            #expect(bare.body.contains("needs a reason") && bare.body.contains("other</textarea>"))
            #expect(try await send("option=reject&comment=no").status == 200)
            let detail = try await client.request("GET", "\(Self.path)/\(id)").json
            #expect(detail["status"] == "rejected" && detail["operation_hash"]?.string == hash)
            #expect(detail["operation_json"] == #"{"pay":12345678901234567}"#)
            #expect(detail["decisions"]?.array?.first?["option"] == "reject")
        }
    }

    @Test("Only who asked, or the operator, ends a request, and the log says who", arguments: DatabaseEngine.allCases)
    func withdrawal(engine: DatabaseEngine) async throws {
        try await run(engine) { client, database in
            let key = [("Authorization", "Bearer \(OneKey.text)")]
            func open(_ title: String, _ members: String = "", by headers: [(String, String)] = []) async throws
                -> RawResponse
            {
                try await client.post(
                    Self.path,
                    #"{"title":"\#(title)","workspace":"slack:T1"\#(members)}"#,
                    headers: headers
                )
            }
            func withdraw(_ made: RawResponse, by headers: [(String, String)] = []) async throws -> Int {
                let id = try #require(try made.json["id"]?.string)
                return try await client.post("\(Self.path)/\(id)/withdraw", "{}", headers: headers).status
            }
            #expect(try await open("forged", #","requester":"slack:U1""#, by: key).status == 403)
            let anns = try await open("ann's", #","requester":"slack:U1""#)
            let operators = try await open("operator's")
            let own = try await open("own", by: key)
            #expect(try await withdraw(anns, by: key) == 403)
            #expect(try await withdraw(operators, by: key) == 403)
            #expect(try await withdraw(own, by: key) == 200)
            #expect(try await withdraw(anns) == 200)
            let entries = try await database.run(
                "select entry_json from governance_artifacts where workspace_id = 'slack:T1' order by sequence"
            ).map { try $0.json("entry_json") }
            let log = entries.map {
                "\($0["type"]?.string ?? "") \($0["data"]?["requester"]?.string ?? "") "
                    + "\($0["data"]?["by"]?["identity"]?.string ?? "")"
            }
            #expect(
                log == [
                    "requested slack:U1 api:local", "requested api:local api:local",
                    "requested api:key:k1 api:key:k1", "withdrawn api:key:k1 api:key:k1",
                    "withdrawn slack:U1 api:local",
                ]
            )
            #expect(entries.allSatisfy { $0["data"]?["by"]?["evidence"]?.string?.hasPrefix("request:") == true })
        }
    }

    @Test("A program's key sees and decides in its workspace alone, and makes nobody an operator")
    func foreignKey() async throws {
        try await run { client, _ in
            let made = try await client.post(Self.path, #"{"title":"Pay?"}"#)
            let id = try #require(try made.json["id"]?.string)
            let key = [("Authorization", "Bearer \(OneKey.text)")]
            #expect(try await client.request("GET", Self.path, headers: key).json["count"]?.integer == 0)
            let everywhere = try await client.request("GET", "\(Self.path)?workspace=local", headers: key)
            #expect(try everywhere.json["count"]?.integer == 0)
            #expect(try await client.request("GET", "\(Self.path)/\(id)", headers: key).status == 404)
            let option = #"{"option":"approve"}"#
            #expect(try await client.post("\(Self.path)/\(id)/decide", option, headers: key).status == 404)
            #expect(try await client.post("\(Self.path)/\(id)/withdraw", "{}", headers: key).status == 404)
            let own = try await client.post(
                Self.path,
                #"{"title":"Pay?","workspace":"local"}"#,
                headers: key
            )
            let mine = "\(Self.path)/\(try #require(try own.json["id"]?.string))"
            #expect(try await client.request("GET", mine, headers: key).status == 200)
            #expect(try await client.post("\(mine)/decide", option, headers: key).status == 403)
            // Where it is named, it decides, and is called as its key is.
            let named = try await client.post(Self.path, #"{"title":"Pay?","approvers":["api:key:k1"]}"#, headers: key)
            let its = "\(Self.path)/\(try #require(try named.json["id"]?.string))"
            let decided = try await client.post("\(its)/decide", option, headers: key)
            #expect(try decided.json["decision"]?["name"] == "program")
        }
    }

    @Test("A key reads the verdict that waits for its release only where it may release it")
    func heldBack() async throws {
        try await run { client, database in
            let key = [("Authorization", "Bearer \(OneKey.text)")]
            for (debate, approver, isShown) in [
                ("held", "role:operator", false), ("held", "api:key:k1", true), ("open", "role:operator", true),
            ] {
                let body = #"{"title":"Release?","approvers":["\#(approver)"]}"#
                let made = try await client.post(Self.path, body, headers: key)
                let id = try #require(try made.json["id"]?.string)
                try await database.run(
                    "update approval_requests set debate_id = \(debate), context = 'Tabs.' where request_id = \(id)"
                )
                let one = try await client.request("GET", "\(Self.path)/\(id)", headers: key)
                #expect(one.status == 200 && one.body.contains("Tabs.") == isShown, "\(debate) \(approver)")
                let all = try await client.request("GET", Self.path, headers: key).json["approvals"]?.array
                let item = try #require(all?.first { $0["id"]?.string == id })
                #expect(item["context"]?.string == (isShown ? "Tabs." : ""))
                let mine = try await client.request("GET", "\(Self.path)/\(id)")
                #expect(mine.body.contains("Tabs."))
            }
        }
    }
}

/// A key of one workspace that may do everything with approvals.
private struct OneKey: KeyAuthority {
    static let text = APIKeyStore.prefix + "a-key-of-the-test"

    func holder(of key: Secret) async throws -> APIKey? {
        guard key.reveal() == Self.text else { return nil }
        return APIKey(
            workspace: WorkspaceID("slack:T1"),
            id: "k1",
            name: "program",
            scopes: [.readApprovals, .decideApprovals],
            createdAt: Timestamp(milliseconds: 0)
        )
    }
}
