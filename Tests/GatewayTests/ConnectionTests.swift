import CoreTypes
import DatabaseSupport
import HTTPTypes
import Hummingbird
import NIOCore
import ServiceLifecycle
import TestSupport
import Testing

@testable import Gateway

@Suite("Connections", .timeLimit(.minutes(5)))
struct ConnectionTests {
    private static let path = "/api/v1/bots/fake/events"
    private static let signed = [("X-Fake-Signature", "right")]

    private func harness() -> GatewayHarness {
        var harness = GatewayHarness()
        harness.adapters = [FakeAdapter(steps: Steps())]
        return harness
    }

    @Test("Only a peer that is waited for becomes idle")
    func idleness() {
        let start = NIODeadline.uptimeNanoseconds(0)
        func moment(_ seconds: Int64) -> NIODeadline { start + .seconds(seconds) }
        var idleness = ConnectionIdleness(timeout: .seconds(10), headTimeout: .seconds(3), now: start)
        #expect(idleness.nextLook(at: moment(2)) == moment(3))
        #expect(idleness.nextLook(at: moment(3)) == nil)

        idleness.begin(at: moment(5))
        idleness.receive(at: moment(9))
        #expect(idleness.nextLook(at: moment(18)) == moment(19))
        #expect(idleness.nextLook(at: moment(19)) == nil)

        idleness.receiveEnd()
        #expect(idleness.nextLook(at: moment(100)) == moment(110), "The answer is ours to give.")

        idleness.answer(at: moment(100))
        #expect(idleness.nextLook(at: moment(109)) == moment(110))
        #expect(idleness.nextLook(at: moment(110)) == nil)
    }

    @Test(
        "A silent peer is cut off, before, between and in the middle of its requests",
        arguments: [path, "/api/v1/debates"]
    )
    func silence(path: String) async throws {
        var harness = harness()
        harness.configuration.idleTimeout = .milliseconds(500)
        let json = Self.signed + [("Content-Type", "application/json")]
        try await harness.run { client async throws in
            /// What comes back before the gateway closes; nil where it did before this machine had sent all.
            func answer(_ body: String, _ headers: [(String, String)]) async -> String? {
                try? await client.connect { connection async throws in
                    try await connection.send(client.head("POST", path, headers: headers, body: body))
                    return try await connection.readAll()
                }
            }
            try await client.connect { connection async throws in
                #expect(try await connection.readAll().isEmpty)
            }
            let whole = try await eventually("an answer") {
                await answer("whole", json).flatMap { $0.isEmpty ? nil : $0 }
            }
            #expect(whole.hasPrefix("HTTP/1.1 "))
            #expect(await answer("half", json + [("Content-Length", "100")]) ?? "" == "")
        }
    }

    @Test("Heads that do not come whole keep nobody out, whoever they are from")
    func halfHeads() async throws {
        var harness = harness()
        harness.configuration.maximumConnections = 8
        harness.configuration.headTimeout = .seconds(1)
        harness.configuration.idleTimeout = .seconds(3600)
        try await harness.run { client async throws in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<16 {
                    group.addTask {
                        // Where this machine is slow, it is cut off before it has sent anything.
                        let answer = try? await client.connect { connection async throws in
                            try await connection.send("GET /healthz HTTP/1.1\r\nHost: x\r\n")
                            return try await connection.readAll()
                        }
                        #expect(answer ?? "" == "")
                    }
                }
                group.addTask {
                    try await eventually("an answer") {
                        try? await client.request("GET", "/healthz").status == 200 ? true : nil
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test("An address of another machine holds a quarter of the connections", .enabled(if: Self.ownAddress != nil))
    func crowd() async throws {
        var harness = harness()
        harness.configuration.maximumConnections = 8
        try await harness.run { local async throws in
            // From an address that is neither of the loopback nor the one that it calls.
            let remote = RawClient(port: local.port, source: Self.ownAddress)
            try await remote.connect { first async throws in
                try await first.send(remote.head("GET", "/healthz"))
                _ = try await first.read(until: " 200 ")
                try await remote.connect { second async throws in
                    try await second.send(remote.head("GET", "/healthz"))
                    _ = try await second.read(until: " 200 ")
                    let third = try? await remote.request("GET", "/healthz")
                    #expect(third == nil)
                    #expect(try await local.request("GET", "/healthz").status == 200)
                }
            }
            try await eventually("a free place") {
                let answer = try? await remote.request("GET", "/healthz")
                return answer == nil ? nil : true
            }
        }
    }

    /// An address of this machine that is not its loopback's.
    private static let ownAddress: String? = (try? System.enumerateDevices())?
        .compactMap { device -> String? in
            guard case .v4? = device.address, let text = device.address?.ipAddress else { return nil }
            return text.hasPrefix("127.") ? nil : text
        }.first

    @Test("Peers are told apart by their address, those of IPv6 by their network, and this machine is none")
    func peers() throws {
        func peer(_ text: String, to local: String = "198.51.100.1") throws -> [UInt8]? {
            PeerConnections.peer(
                at: try SocketAddress(ipAddress: text, port: 1),
                to: try SocketAddress(ipAddress: local, port: 2)
            )
        }
        #expect(try peer("203.0.113.1") == [203, 0, 113, 1])
        #expect(try peer("::ffff:203.0.113.1") == [203, 0, 113, 1])
        let (one, neighbour, other) = try (peer("2001:db8::1"), peer("2001:db8::2"), peer("2001:db8:0:1::1"))
        #expect(one == neighbour && one != other)
        for text in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"] { #expect(try peer(text) == nil) }
        for text in ["198.51.100.1", "::ffff:198.51.100.1"] { #expect(try peer(text) == nil) }
        #expect(try peer("2001:db8::1", to: "2001:db8::1") == nil)
        #expect(try peer("2001:db8::1", to: "2001:db8::2") == one)
        #expect(try SocketAddress(unixDomainSocketPath: "/tmp/x").isLoopback)

        let connections = PeerConnections(limit: 2, time: ManualTime(), logger: .silent)
        let (first, second) = ([203, 0, 113, 1] as [UInt8], [203, 0, 113, 2] as [UInt8])
        #expect([first, first, first, second].map { connections.add($0) } == [true, true, false, true])
        connections.remove(first)
        #expect([first, first].map { connections.add($0) } == [true, false])
    }

    @Test("What a peer sent before it went away weighs on nobody")
    func goneInTheMiddle() async throws {
        var harness = harness()
        harness.configuration.maximumHeldBytes = 1500
        let body = String(repeating: "x", count: 1000)
        try await harness.run { client async throws in
            for _ in 0..<2 {
                try await client.connect { connection async throws in
                    let headers = Self.signed + [("Content-Length", "1001")]
                    try await connection.send(client.head("POST", Self.path, headers: headers, body: body))
                    // This answer comes after the loop has seen what was sent before.
                    #expect(try await client.request("POST", Self.path, headers: Self.signed, body: "x").status == 202)
                }
            }
            #expect(try await client.request("POST", Self.path, headers: Self.signed, body: body).status == 202)
        }
    }

    @Test("Whoever leaves in the middle of a body is no failure of the gateway")
    func leftInTheBody() async throws {
        struct Reset: Error {}
        let pieces = AsyncThrowingStream<ByteBuffer, any Error> { continuation in
            continuation.yield(ByteBuffer(string: "{"))
            continuation.finish(throwing: Reset())
        }
        let request = Request(
            head: .init(
                method: .post,
                scheme: "http",
                authority: "gateway",
                path: "/api/v1/debates",
                headerFields: [.transferEncoding: "chunked"]
            ),
            body: RequestBody(asyncSequence: pieces)
        )
        let reader = BodyReader(time: ManualTime(), timeout: .seconds(20))
        let failure = await #expect(throws: HTTPFailure.self) { try await reader.read(request, upTo: 100) }
        #expect(failure?.status == .badRequest && failure?.leavesBodyUnread == true)
    }

    @Test("A drain lets a platform's request arrive whole and answers it")
    func drain() async throws {
        try await harness().run { client, group async throws in
            try await client.connect { connection async throws in
                let headers = Self.signed + [("Content-Length", "10")]
                try await connection.send(client.head("POST", Self.path, headers: headers, body: "first"))
                // This answer comes after the loop has seen what was sent before.
                #expect(try await client.request("POST", Self.path, headers: Self.signed, body: "x").status == 202)
                await group.triggerGracefulShutdown()
                try await eventually("a closed door") {
                    let answer = try? await client.request("GET", "/healthz")
                    return answer == nil ? true : nil
                }
                try await connection.send("other")
                let answer = try await connection.readAll()
                #expect(answer.hasPrefix("HTTP/1.1 202 ") && answer.hasSuffix("ok"))
            }
        }
    }

    @Test("What cannot be read is answered after what came before it")
    func garbage() async throws {
        try await harness().run { client async throws in
            try await client.connect { connection async throws in
                let event = client.head("POST", Self.path, headers: Self.signed, body: "x")
                try await connection.send(event + client.head("GET", "/healthz") + "no request\r\n\r\n")
                let statuses = try await connection.readAll().matches(of: /HTTP\/1.1 (\d+)/).map { String($0.1) }
                #expect(statuses == ["202", "200", "400"])
            }
        }
    }

    @Test("What comes together is answered one after the other, and nothing behind the last answer")
    func pipeline() async throws {
        try await harness().run { client async throws in
            let event = client.head("POST", Self.path, headers: Self.signed, body: "x")
            let (health, last) = (client.head("GET", "/healthz"), client.head("GET", "/healthz", closes: true))
            try await client.connect { connection async throws in
                try await connection.send([health, health, event, health, event, health, last, event, health].joined())
                let statuses = try await connection.readAll().matches(of: /HTTP\/1.1 (\d+)/).map { String($0.1) }
                #expect(statuses == ["200", "200", "202", "200", "202", "200", "200"])
            }
        }
    }

    @Test("A target may name its host, a header's value may have white space around it, and HTTP/1.0 may stay")
    func forms() async throws {
        try await harness().run { client async throws in
            let whole = "http://127.0.0.1:\(client.port)\(Self.path)"
            for (target, signature) in [(whole, "right"), (whole + "?a=b", "right"), (Self.path, " right \t")] {
                let answer = try await client.request(
                    "POST",
                    target,
                    headers: [("X-Fake-Signature", signature)],
                    body: "x"
                )
                #expect(answer.status == 202)
            }
            try await client.connect { connection async throws in
                let event = client.head("POST", Self.path, headers: Self.signed, body: "x")
                    .replacing(" HTTP/1.1", with: " HTTP/1.0")
                let stays = event.replacing("Host:", with: "Connection: keep-alive\r\nHost:")
                try await connection.send(stays + event)
                let answers = try await connection.readAll()
                #expect(answers.matches(of: /HTTP\/1.1 202/).count == 2)
                #expect(answers.contains("Connection: keep-alive") && answers.contains("Connection: close"))
            }
        }
    }
}
