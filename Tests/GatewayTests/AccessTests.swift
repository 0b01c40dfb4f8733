import CoreTypes
import Gateway
import NIOCore
import Synchronization
import Testing

@Suite("Who may use the API", .timeLimit(.minutes(5)))
struct AccessTests {
    private static let path = "/api/v1/debates"

    @Test("Without a token, a program on the same machine may use it", arguments: ["localhost", "127.0.0.1", "[::1]"])
    func localProgram(host: String) async throws {
        try await GatewayHarness().run { client async throws in
            for value in [host, "\(host):8080", host.uppercased()] {
                #expect(try await client.request("GET", Self.path, headers: [("Host", value)]).status == 200)
            }
            #expect(try await client.post(Self.path, #"{"task":"Why?"}"#, headers: [("Host", host)]).status == 201)
        }
    }

    @Test(
        "Without a token, a rebound name, a proxy and another site's page are refused",
        arguments: [
            [("Host", "evil.example")],
            [("Host", "localhost.evil.example")],
            [("Host", "127.0.0.1.evil.example:8080")],
            [("Host", "localhost:80@evil.example")],
            [("X-Forwarded-For", "203.0.113.9")],
            [("Forwarded", "for=203.0.113.9")],
            [("Via", "1.1 proxy")],
            [("X-Forwarded-Proto", "https")],
            [("X-Forwarded-Port", "443")],
            [("CF-Connecting-IP", "203.0.113.9")],
            [("True-Client-IP", "203.0.113.9")],
            [("Origin", "https://evil.example")],
            [("Origin", "null")],
            [("Origin", "http://localhost:1")],
        ]
    )
    func refused(headers: [(String, String)]) async throws {
        try await GatewayHarness().run { client async throws in
            for method in ["GET", "POST"] {
                let answer = try await client.request(
                    method,
                    Self.path,
                    headers: headers + [("Content-Type", "application/json")],
                    body: method == "POST" ? #"{"task":"Why?"}"# : nil
                )
                #expect(answer.status == 403, "\(method) \(headers)")
                #expect(try answer.json["error"]?.string?.isEmpty == false)
            }
        }
    }

    @Test("A page of our own may post; a cross-site form and a body that is no JSON may not")
    func crossSite() async throws {
        let harness = GatewayHarness()
        try await harness.run { client async throws in
            let own = [("Origin", "http://127.0.0.1:\(client.port)"), ("Sec-Fetch-Site", "same-origin")]
            #expect(try await client.post(Self.path, #"{"task":"Why?"}"#, headers: own).status == 201)
            for site in ["cross-site", "same-site"] {
                let answer = try await client.post(Self.path, #"{"task":"Why?"}"#, headers: [("Sec-Fetch-Site", site)])
                #expect(answer.status == 403)
            }
            for type in ["text/plain", "application/x-www-form-urlencoded", "application/jsonp"] {
                let answer = try await client.request(
                    "POST",
                    Self.path,
                    headers: [("Content-Type", type)],
                    body: #"{"task":"Why?"}"#
                )
                #expect(answer.status == 415)
            }
            #expect(try await client.request("POST", Self.path, body: #"{"task":"Why?"}"#).status == 415)
        }
        #expect(harness.debates.state.withLock { $0.questions.count } == 1)
    }

    @Test("With a token, only whoever shows it is let in, from wherever")
    func token() async throws {
        var harness = GatewayHarness()
        harness.configuration.apiToken = Secret("right-token")
        try await harness.run { client async throws in
            for value in [
                "Bearer wrong", "Bearer right-toke", "Bearer right-token2", "Basic right-token", "Bearer", "",
            ] {
                let answer = try await client.request("GET", Self.path, headers: [("Authorization", value)])
                #expect(answer.status == 401, "\(value)")
                #expect(answer.headers["www-authenticate"] == "Bearer")
            }
            #expect(try await client.request("GET", Self.path).status == 401)
            #expect(try await client.request("GET", Self.path + "?token=right-token").status == 401)
            let far = [
                ("Authorization", "bearer right-token"), ("Host", "debates.example"), ("X-Forwarded-For", "1.2.3.4"),
            ]
            #expect(try await client.request("GET", Self.path, headers: far).status == 200)
            #expect(try await client.request("POST", Self.path, headers: far, body: #"{"task":"Why?"}"#).status == 201)
        }
    }

    @Test("A token that looks like a key is the operator's all the same")
    func tokenLikeAKey() async throws {
        var harness = GatewayHarness()
        harness.configuration.apiToken = Secret("ara_of-the-operator")
        harness.keys = ReadingKey()
        try await harness.run { client async throws in
            func asks(_ token: String) async throws -> Int {
                let shown = [("Authorization", "Bearer \(token)"), ("Content-Type", "application/json")]
                return try await client.request("POST", Self.path, headers: shown, body: #"{"task":"Why?"}"#).status
            }
            #expect(try await asks("ara_of-the-operator") == 201)
            // A key that only reads.
            #expect(try await asks(ReadingKey.text) == 403)
            #expect(try await asks("ara_of-nobody") == 401)
        }
    }

    @Test("An empty token counts as none, not as one that everybody knows")
    func emptyToken() async throws {
        var harness = GatewayHarness()
        harness.configuration.apiToken = Secret("")
        try await harness.run { client async throws in
            let far = [("Host", "debates.example"), ("Authorization", "Bearer ")]
            #expect(try await client.request("GET", Self.path, headers: far).status == 403)
        }
    }

    @Test("Without a token, another machine is refused", .enabled(if: Self.otherAddress != nil))
    func anotherMachine() async throws {
        let address = try #require(Self.otherAddress)
        var harness = GatewayHarness()
        harness.configuration.host = "0.0.0.0"
        try await harness.run { client async throws in
            var client = client
            client.host = address
            let answer = try await client.request("GET", Self.path, headers: [("Host", "localhost")])
            #expect(answer.status == 403)
            #expect(try answer.json["code"]?.string == "local_only")
            #expect(try await client.request("GET", "/metrics", headers: [("Host", "localhost")]).status == 403)
            #expect(try await client.request("GET", "/healthz").status == 200)
        }
    }

    @Test("Pages and health need no token; metrics need one or a local program")
    func openRoutes() async throws {
        var harness = GatewayHarness()
        harness.configuration.apiToken = Secret("right-token")
        try await harness.run { client async throws in
            for path in ["/", "/debates/x", "/page.js", "/page.css", "/healthz", "/readyz", "/health", "/api/health"] {
                #expect(try await client.request("GET", path).status == 200, "\(path)")
            }
            #expect(try await client.request("GET", "/metrics").body == "fake_metric 1\n")
            let far = [("X-Forwarded-For", "203.0.113.9")]
            #expect(try await client.request("GET", "/metrics", headers: far).status == 401)
            let known = far + [("Authorization", "Bearer right-token")]
            #expect(try await client.request("GET", "/metrics", headers: known).status == 200)
        }
    }

    /// An address of this machine that is not its loopback.
    private static let otherAddress: String? = (try? System.enumerateDevices())?
        .compactMap { device -> String? in
            guard case .v4? = device.address, let text = device.address?.ipAddress else { return nil }
            return text.hasPrefix("127.") ? nil : text
        }.first
}
