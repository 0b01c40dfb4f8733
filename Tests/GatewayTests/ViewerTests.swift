import CoreTypes
import Gateway
import NIOCore
import NIOPosix
import Persistence
import TestSupport
import Testing

/// Who may follow debates and fetch journals, and for how long.
@Suite("Viewers", .timeLimit(.minutes(5)))
struct ViewerTests {
    private static let path = "/api/v1/debates/d1"

    /// A key that opens everything.
    private struct OneKey: KeyAuthority {
        func holder(of key: Secret) async throws -> APIKey? {
            APIKey(
                workspace: .local,
                id: "k1",
                name: "program",
                scopes: Set(APIKey.Scope.allCases),
                createdAt: Timestamp(milliseconds: 0)
            )
        }
    }

    /// A gateway with one place, and a debate whose end is more than any system holds for somebody who does not read.
    private func harness() -> GatewayHarness {
        var harness = GatewayHarness()
        harness.configuration.maximumStreams = 1
        let id = harness.debates.add("d1")
        for round in 1...200 {
            harness.debates.append("round_start", ["round": .integer(Int64(round))], to: id)
        }
        let long = JSONValue.string(String(repeating: "x", count: 100_000))
        for _ in 1...199 { harness.debates.append("propose", ["content": long], to: id) }
        harness.debates.append("debate_end", ["status": "completed"], to: id)
        return harness
    }

    /// Returns when the first part has been written, and with it the place is taken.
    private func awaitStart(_ harness: GatewayHarness) async {
        var reads = harness.debates.journalWasRead.makeAsyncIterator()
        for _ in 1...2 { _ = await reads.next() }
    }

    @Test("Who does not read loses the place to somebody who does", arguments: ["stream", "journal"])
    func stall(what: String) async throws {
        var harness = harness()
        // Short, but enough for a busy machine to send a request in.
        harness.configuration.idleTimeout = .seconds(5)
        try await harness.run { client async throws in
            try await client.withoutReading("\(Self.path)/\(what)") { () async throws in
                await awaitStart(harness)
                let answer = try await eventually("a free place") {
                    let answer = try await client.request("GET", "\(Self.path)/stream?since=399")
                    return answer.status == 200 ? answer : nil
                }
                #expect(answer.body.contains("event: debate_end"))
            }
        }
    }

    @Test("Until then the place is kept: it may be a slow reader", arguments: ["stream", "journal"])
    func patience(what: String) async throws {
        let harness = harness()
        try await harness.run { client async throws in
            try await client.withoutReading("\(Self.path)/\(what)") { () async throws in
                await awaitStart(harness)
                for other in ["stream", "journal"] {
                    let refused = try await client.request("GET", "\(Self.path)/\(other)?since=399")
                    #expect(refused.status == 503)
                }
            }
        }
    }

    @Test("One caller does not take the places of all")
    func share() async throws {
        var harness = harness()
        harness.configuration.maximumStreams = 8
        harness.configuration.maximumStreamsPerCaller = 1
        harness.keys = OneKey()
        try await harness.run { client async throws in
            try await client.withoutReading("\(Self.path)/stream") { () async throws in
                await awaitStart(harness)
                let path = "\(Self.path)/stream?since=399"
                let refused = try await client.request("GET", path)
                #expect(refused.status == 429)
                #expect(refused.headers["retry-after"] == "5")
                #expect(try refused.json["error"]?.string?.contains("Close one") == true)
                #expect(try await client.request("GET", "\(Self.path)/journal").status == 429)
                let other = try await client.request("GET", path, headers: [("X-API-Key", "ara_other")])
                #expect(other.status == 200)
            }
        }
    }
}

extension RawClient {
    /// Sends a request and takes nothing of its answer for as long as the body runs.
    fileprivate func withoutReading<R>(_ path: String, _ body: () async throws -> R) async throws -> R {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.autoRead, value: false)
            // What the system takes in the program's place.
            .channelOption(.socketOption(.so_rcvbuf), value: 4096)
            .connect(host: host, port: port).get()
        // The gateway may have closed it already.
        defer { channel.close(promise: nil) }
        try await channel.writeAndFlush(ByteBuffer(string: head("GET", path)))
        return try await body()
    }
}
