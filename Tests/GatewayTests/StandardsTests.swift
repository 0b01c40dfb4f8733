import CoreTypes
import Gateway
import Synchronization
import TestSupport
import Testing

/// What RFC 9110 and RFC 9112 ask of every server.
@Suite("HTTP's own rules", .timeLimit(.minutes(5)))
struct StandardsTests {
    private static let debates = "/api/v1/debates"
    private static let events = "/api/v1/bots/fake/events"
    private static let json = [("Content-Type", "application/json")]
    private static let body = #"{"task":"Why?"}"#
    private static let waiting = json + [("Expect", "100-continue"), ("Content-Length", "\(body.utf8.count)")]

    private let harness = GatewayHarness()

    /// A debate of which a stream and a journal come to their end.
    private func addEnded() {
        let id = harness.debates.add("d1", status: "completed")
        harness.debates.append("debate_end", ["status": "completed"], to: id)
    }

    @Test("HEAD of what is written piece by piece tells no length and has no content")
    func headOfStreams() async throws {
        addEnded()
        try await harness.run { client async throws in
            for tail in ["stream", "journal"] {
                try await client.connect { connection async throws in
                    let head = client.head("HEAD", "\(Self.debates)/d1/\(tail)")
                    try await connection.send(head + client.head("GET", "/healthz", closes: true))
                    let answer = try await connection.read(until: "\r\n\r\n").lowercased()
                    #expect(answer.hasPrefix("http/1.1 200 "))
                    #expect(answer.contains("transfer-encoding: chunked") && !answer.contains("content-length"))
                    #expect(try await connection.readAll().hasPrefix("HTTP/1.1 200 "))
                }
            }
            let (head, whole) = (
                try await client.request("HEAD", Self.debates), try await client.request("GET", Self.debates)
            )
            #expect(head.headers["content-length"] == "\(whole.body.utf8.count)" && head.body.isEmpty)
            let lost = try await client.request("HEAD", "/nothing")
            #expect(lost.status == 404 && lost.body.isEmpty)
        }
    }

    @Test("HTTP/1.0 gets no chunks: the end of the content is that of the connection")
    func oldPeers() async throws {
        addEnded()
        try await harness.run { client async throws in
            for tail in ["stream", "journal"] {
                let path = "\(Self.debates)/d1/\(tail)"
                let whole = try await client.request("GET", path)
                try await client.connect { connection async throws in
                    try await connection.send(client.head("GET", path).replacing(" HTTP/1.1", with: " HTTP/1.0"))
                    let text = try await connection.readAll()
                    let answer = try RawResponse(text)
                    #expect(text.hasPrefix("HTTP/1.0 200 ") && answer.headers["transfer-encoding"] == nil)
                    #expect(answer.body == whole.body && !answer.body.isEmpty)
                }
            }
        }
    }

    @Test("OPTIONS tells the methods of an address, and every other method is told them")
    func methods() async throws {
        harness.debates.add("d1")
        try await harness.run { client async throws in
            let options = try await client.request("OPTIONS", Self.debates)
            #expect(options.status == 204)
            #expect(options.headers["allow"] == "GET, HEAD, OPTIONS, POST")
            for method in ["TRACE", "QUERY", "DELETE"] {
                let answer = try await client.request(method, Self.debates)
                #expect(answer.status == 405, "\(method)")
                #expect(answer.headers["allow"] == "GET, HEAD, OPTIONS, POST")
            }
            #expect(try await client.request("HEAD", Self.debates + "/d1/cancel").status == 405)
            #expect(try await client.request("OPTIONS", "/api/v1/nothing").status == 404)
            #expect(try await client.request("PROPFIND", Self.debates).status == 501)
        }
    }

    @Test("A key that may only read may ask for the methods as well")
    func methodsForReaders() async throws {
        var harness = harness
        harness.configuration.apiToken = Secret("operator")
        harness.keys = ReadingKey()
        let key = [("Authorization", "Bearer \(ReadingKey.text)")]
        try await harness.run { client async throws in
            #expect(try await client.request("OPTIONS", Self.debates, headers: key).status == 204)
            #expect(try await client.request("OPTIONS", Self.debates).status == 401)
        }
    }

    @Test("Two hosts are one too many")
    func hosts() async throws {
        let steps = Steps()
        var harness = harness
        harness.adapters = [FakeAdapter(steps: steps)]
        let two = [("Host", "127.0.0.1"), ("host", "evil.example"), ("X-Fake-Signature", "right")]
        try await harness.run { client async throws in
            #expect(try await client.request("GET", Self.debates, headers: two).status == 400)
            #expect(try await client.request("POST", Self.events, headers: two, body: "x").status == 400)
        }
        #expect(steps.all.isEmpty)
    }

    @Test("A body in an encoding is refused, for it would not be read as it was meant")
    func encodings() async throws {
        try await harness.run { client async throws in
            let packed = try await client.post(Self.debates, Self.body, headers: [("Content-Encoding", "gzip")])
            #expect(packed.status == 415)
            #expect(packed.headers["accept-encoding"] == "identity")
            #expect(try packed.json["code"] == "unsupported_encoding")
            let plain = try await client.post(Self.debates, Self.body, headers: [("Content-Encoding", "identity")])
            #expect(plain.status == 201)
        }
    }

    @Test("A client that waits with its body is told to send it once it will be read")
    func awaitedBody() async throws {
        try await harness.run { client async throws in
            try await client.connect { connection async throws in
                try await connection.send(client.head("POST", Self.debates, headers: Self.waiting))
                #expect(try await connection.read(until: "\r\n\r\n").hasPrefix("HTTP/1.1 100 "))
                try await connection.send(Self.body)
                #expect(try await connection.read(until: "\r\n\r\n").hasPrefix("HTTP/1.1 201 "))
                try await connection.send(client.head("GET", "/healthz", closes: true))
                #expect(try await connection.readAll().contains("HTTP/1.1 200 "))
            }
            // HTTP/1.0 does not know of it.
            let old = client.head("POST", Self.debates, headers: Self.waiting, body: Self.body)
            try await client.connect { connection async throws in
                try await connection.send(old.replacing(" HTTP/1.1", with: " HTTP/1.0"))
                #expect(try await connection.readAll().hasPrefix("HTTP/1.0 201 "))
            }
        }
    }

    @Test(
        "A request that its head refuses is not asked for its body, and is its connection's last",
        arguments: [
            ([("Content-Length", "15")], 401),
            ([("Content-Length", "99999999"), ("Authorization", "Bearer operator")], 413),
            ([("Content-Length", "15"), ("Authorization", "Bearer operator"), ("Content-Encoding", "br")], 415),
        ] as [([(String, String)], Int)]
    )
    func unwantedBody(headers: [(String, String)], status: Int) async throws {
        let steps = Steps()
        var harness = harness
        harness.configuration.apiToken = Secret("operator")
        harness.adapters = [FakeAdapter(steps: steps)]
        try await harness.run { client async throws in
            let key = Self.json + [("Authorization", "Bearer operator")]
            // What comes for the body is as long as a short one was said to be; requests stand behind it.
            let behind =
                client.head("POST", Self.debates, headers: key, body: Self.body)
                + client.head("POST", Self.events, headers: [("X-Fake-Signature", "right")], body: "x")
            try await client.connect { connection async throws in
                let all = Self.json + [("Expect", "100-continue")] + headers
                try await connection.send(client.head("POST", Self.debates, headers: all) + Self.body + behind)
                var text = try await connection.read(until: "\r\n\r\n")
                try await connection.send(behind)
                text += try await connection.readAll()
                let answer = try RawResponse(text)
                #expect(answer.status == status)
                #expect(answer.headers["connection"] == "close")
                #expect(text.matches(of: /HTTP\/1.1 \d/).count == 1, "\(text)")
            }
        }
        #expect(harness.debates.state.withLock { $0.questions }.isEmpty && steps.all.isEmpty)
    }

    @Test("A platform that waits with its body is asked for it where its head may be right")
    func awaitedEvent() async throws {
        var harness = harness
        harness.adapters = [FakeAdapter(steps: Steps())]
        let waiting = [("Expect", "100-continue"), ("Content-Length", "1")]
        let signed = waiting + [("X-Fake-Signature", "right")]
        try await harness.run { client async throws in
            try await client.connect { connection async throws in
                try await connection.send(client.head("POST", Self.events, headers: signed))
                #expect(try await connection.read(until: "\r\n\r\n").hasPrefix("HTTP/1.1 100 "))
                try await connection.send("x")
                #expect(try await connection.read(until: "\r\n\r\n").hasPrefix("HTTP/1.1 202 "))
            }
            try await client.connect { connection async throws in
                try await connection.send(client.head("POST", Self.events, headers: waiting))
                #expect(try await connection.readAll().hasPrefix("HTTP/1.1 401 "))
            }
        }
    }
}
