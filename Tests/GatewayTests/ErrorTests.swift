import CoreTypes
import Gateway
import TestSupport
import Testing

@Suite("Failures and request ids", .timeLimit(.minutes(5)))
struct ErrorTests {
    private let harness = GatewayHarness()

    @Test(
        "Each kind of failure has its status, in the flat form",
        arguments: [
            ("not_found", false, 404, nil), ("invalid_agents", false, 400, nil), ("conflict", false, 409, nil),
            ("rate_limited", true, 429, "5"), ("forbidden", false, 403, nil),
            ("database_connection", true, 503, "1"), ("database_constraint", false, 500, nil),
        ] as [(String, Bool, Int, String?)]
    )
    func mapping(code: String, isRetryable: Bool, status: Int, retryAfter: String?) async throws {
        harness.debates.fail(with: FakeError(code: code, description: "What happened.", isRetryable: isRetryable))
        let answer = try await harness.run { try await $0.request("GET", "/api/v1/debates") }
        #expect(answer.status == status)
        #expect(answer.headers["retry-after"] == retryAfter)
        #expect(answer.headers["content-type"] == "application/json")
        let json = try answer.json
        // What a database's server says is for the log.
        #expect((json["error"]?.string == "What happened.") == !code.hasPrefix("database_"))
        #expect(json["code"]?.string == code)
        #expect(json["trace_id"]?.string == answer.headers["x-request-id"])
    }

    @Test("A full disk is said to be full, for only the operator can help")
    func full() async throws {
        let failure = FakeError(code: "database_full", description: "No room left. Make room.", isRetryable: true)
        harness.debates.fail(with: failure)
        let answer = try await harness.run { try await $0.request("GET", "/api/v1/debates") }
        #expect(answer.status == 503)
        #expect(answer.headers["retry-after"] == "1")
        #expect(try answer.json["error"]?.string == "No room left. Make room.")
    }

    @Test("An error without a code tells the outside nothing of its text")
    func uncoded() async throws {
        struct Leak: Error, CustomStringConvertible { let description = "password=hunter2" }
        harness.debates.fail(with: Leak())
        let answer = try await harness.run { try await $0.request("GET", "/api/v1/debates") }
        #expect(answer.status == 500)
        #expect(!answer.body.contains("hunter2"))
        #expect(try answer.json["code"]?.string == "internal")
    }

    @Test("Unknown addresses are flat JSON for programs and a page for people")
    func unknown() async throws {
        try await harness.run { client async throws in
            let program = try await client.request("GET", "/api/v1/nothing", headers: [("Accept", "text/html")])
            #expect(program.status == 404)
            #expect(try program.json["code"]?.string == "not_found")
            let text = try #require(try program.json["error"]?.string)
            #expect(text.contains("/api/v1/nothing") && text.contains("docs/api.md"), "\(text)")
            let person = try await client.request("GET", "/nothing", headers: [("Accept", "text/html,*/*")])
            #expect(person.status == 404)
            #expect(person.headers["content-type"] == "text/html; charset=utf-8")
            #expect(try await client.request("GET", "/nothing").json["code"]?.string == "not_found")
        }
    }

    @Test(
        "A NUL character is refused where it comes in, by the name of what holds it",
        arguments: [
            ("PATCH", "/debates/d1", #"{"title":"a\u0000"}"#, "title"),
            ("PATCH", "/debates/d1", #"{"tags":["a","\u0000"]}"#, "tags"),
            ("POST", "/debates", #"{"task":"Why?","metadata":{"note":{"x":"\u0000"}}}"#, "metadata.note.x"),
            ("POST", "/debates", #"{"task":"Why?","metadata":{"a\u0000b":1}}"#, "metadata.ab"),
            ("POST", "/debates/d1/messages", #"{"content":"\u0000"}"#, "content"),
            ("GET", "/debates?workspace=%00", nil, "workspace"),
            ("GET", "/debates?limit=1&st%00atus=", nil, "status"),
            ("GET", "/debates/%00", nil, "The address"),
        ] as [(String, String, String?, String)]
    )
    func nul(method: String, path: String, body: String?, name: String) async throws {
        harness.debates.add("d1")
        let answer = try await harness.run {
            try await $0.request(
                method,
                "/api/v1\(path)",
                headers: [("Content-Type", "application/json")],
                body: body
            )
        }
        #expect(answer.status == 400)
        let text = try #require(try answer.json["error"]?.string)
        #expect(text.hasPrefix(name == "The address" ? name : "`\(name)`") && text.contains("NUL"), "\(text)")
    }

    @Test("A body that is too large is told the limit, and a used key what to do instead")
    func remedies() async throws {
        var harness = harness
        harness.configuration.maximumQuestionBytes = 100
        try await harness.run { client async throws in
            let large = try await client.post("/api/v1/debates", String(repeating: " ", count: 101))
            #expect(large.status == 413)
            #expect(try large.json["error"]?.string?.contains("100 bytes") == true)
            let key = [("Idempotency-Key", "k")]
            #expect(try await client.post("/api/v1/debates", #"{"task":"Why?"}"#, headers: key).status == 201)
            let other = try await client.post("/api/v1/debates", #"{"task":"How?"}"#, headers: key)
            #expect(other.status == 409)
            #expect(try other.json["error"]?.string?.contains("new key") == true)
        }
    }

    @Test("A body that is no HTTP is its sender's fault, and ends the connection")
    func brokenBody() async throws {
        try await harness.run { client async throws in
            try await client.connect { connection async throws in
                let headers = [("Content-Type", "application/json"), ("Transfer-Encoding", "chunked")]
                try await connection.send(client.head("POST", "/api/v1/debates", headers: headers, body: "zz\r\n"))
                let answer = try RawResponse(try await connection.readAll())
                #expect(answer.status == 400)
                #expect(answer.headers["connection"] == "close")
                #expect(try answer.json["code"]?.string == "broken_body")
            }
        }
    }

    @Test("A wrong method is 405 and says which are right")
    func method() async throws {
        try await harness.run { client async throws in
            let answer = try await client.request("DELETE", "/healthz")
            #expect(answer.status == 405)
            #expect(answer.headers["allow"] == "GET, HEAD, OPTIONS")
            let list = try await client.request(
                "PUT",
                "/api/v1/debates",
                headers: [("Content-Type", "application/json")]
            )
            #expect(list.status == 405)
            #expect(list.headers["allow"] == "GET, HEAD, OPTIONS, POST")
        }
    }

    @Test("A sane request id is kept; any other is replaced")
    func requestIDs() async throws {
        try await harness.run { client async throws in
            let kept = try await client.request("GET", "/healthz", headers: [("X-Request-ID", "abc-1.2_X")])
            #expect(kept.headers["x-request-id"] == "abc-1.2_X")
            for bad in ["a b", "", "\"x\"", String(repeating: "x", count: 129)] {
                let answer = try await client.request("GET", "/healthz", headers: [("X-Request-ID", bad)])
                #expect(answer.headers["x-request-id"]?.count == 26, "\(bad)")
            }
        }
    }

    @Test("A head over the limit closes the connection")
    func largeHead() async throws {
        var harness = harness
        harness.configuration.maximumHeaderBytes = 2048
        let answer = try await harness.run {
            try await $0.request("GET", "/healthz", headers: [("X-Long", String(repeating: "x", count: 4096))])
        }
        #expect(answer.status == 400)
        #expect(answer.headers["connection"] == "close")
    }

    @Test("Requests beyond the limit are 503 but for the health, and whoever stalls keeps a place only for a while")
    func overload() async throws {
        let time = ManualTime()
        var harness = harness
        harness.time = time
        harness.configuration.maximumConcurrentRequests = 1
        try await harness.run { client async throws in
            try await client.connect { connection async throws in
                let headers = [("Content-Type", "application/json"), ("Content-Length", "10")]
                try await connection.send(client.head("POST", "/api/v1/debates", headers: headers, body: "{"))
                await time.waitForSleepers()
                let answer = try await client.request("GET", "/api/v1/debates")
                #expect(answer.status == 503)
                #expect(answer.headers["retry-after"] == "1")
                #expect(try answer.json["code"]?.string == "overloaded")
                for path in ["/healthz", "/readyz", "/metrics"] {
                    #expect(try await client.request("GET", path).status == 200)
                }
                time.advance(by: .seconds(20))
                let late = try RawResponse(try await connection.readAll())
                #expect(late.status == 408)
                #expect(late.headers["connection"] == "close")
                #expect(try await client.request("GET", "/api/v1/debates").status == 200)
            }
        }
    }

    @Test("Health tells the state; readiness turns requests away with the reason")
    func health() async throws {
        var harness = harness
        harness.health.checks = [("database", false, "No connection."), ("inbox", true, "")]
        try await harness.run { client async throws in
            let health = try await client.request("GET", "/api/health")
            #expect(health.status == 200)
            let json = try health.json
            #expect(json["status"]?.string == "degraded")
            #expect(json["version"]?.string == "1.2.3")
            #expect(json["mode"]?.string == "live")
            #expect(json["uptime_seconds"]?.integer == 0)
            #expect(json["components"]?["database"]?["detail"]?.string == "No connection.")
            let ready = try await client.request("GET", "/readyz")
            #expect(ready.status == 503)
            #expect(try ready.json["checks"]?.array?.first?["ok"]?.bool == false)
            #expect(try await client.request("GET", "/healthz").status == 200)
        }
    }
}
