import CoreTypes
import NIOCore
import TestSupport
import Testing

@testable import Gateway

@Suite("Peers that stall, do not read, or change the subject", .timeLimit(.minutes(5)))
struct PeerTests {
    private static let path = "/api/v1/bots/fake/events"
    private static let signed = [("X-Fake-Signature", "right")]
    private static let upgrade = [("Connection", "Upgrade, HTTP2-Settings"), ("Upgrade", "h2c")]

    private let steps = Steps()

    private func harness() -> GatewayHarness {
        var harness = GatewayHarness()
        harness.adapters = [FakeAdapter(steps: steps)]
        return harness
    }

    /// A request whose answer is nearly as long as itself.
    private static func probe(_ client: RawClient, _ number: Int, closes: Bool = false) -> ByteBuffer {
        let query = "n=\(number)&" + String(repeating: "x", count: 16 << 10)
        return ByteBuffer(
            string: client.head("GET", "/api/v1/bots/fake/probe?\(query)", headers: signed, closes: closes)
        )
    }

    @Test("A peer that takes none of its answers becomes idle; one that takes a little does not")
    func taking() {
        let start = NIODeadline.uptimeNanoseconds(0)
        func moment(_ seconds: Int64) -> NIODeadline { start + .seconds(seconds) }
        var idleness = ConnectionIdleness(timeout: .seconds(10), headTimeout: .seconds(10), now: start)
        idleness.begin(at: start)
        idleness.receiveEnd()
        #expect(idleness.nextLook(at: moment(5), unsent: 100) == moment(15))
        #expect(idleness.nextLook(at: moment(14), unsent: 99) == moment(24))
        #expect(idleness.nextLook(at: moment(20), isReading: false, unsent: 99) == moment(24))
        #expect(idleness.nextLook(at: moment(24), isReading: false, unsent: 99) == nil)

        idleness.take()
        #expect(idleness.nextLook(at: moment(24), unsent: 99) == moment(34))
    }

    @Test("Bodies that do not come are given up when their time is over, though nothing else happens")
    func stalled() async throws {
        var harness = harness()
        harness.configuration.maximumHeldBytes = 1500
        harness.configuration.bodyTimeout = .milliseconds(300)
        try await harness.run { client async throws in
            let headers = Self.signed + [("Content-Length", "501")]
            let part = client.head("POST", Self.path, headers: headers, body: String(repeating: "x", count: 500))
            let answers = try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<3 {
                    group.addTask {
                        try await client.connect { connection async throws in
                            try await connection.send(part)
                            return try await connection.readAll()
                        }
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.allSatisfy { $0.hasPrefix("HTTP/1.1 408 ") && $0.contains("Connection: close") })
            let whole = String(repeating: "x", count: 1500)
            #expect(try await client.request("POST", Self.path, headers: Self.signed, body: whole).status == 202)
        }
    }

    @Test(
        "A request that another protocol may follow is answered, and is its connection's last",
        arguments: [
            ("GET", "/healthz", upgrade, 200), ("POST", path, signed + upgrade, 202),
            ("CONNECT", "example.org:443", [], 404),
        ]
    )
    func otherProtocol(method: String, target: String, headers: [(String, String)], status: Int) async throws {
        try await harness().run { client async throws in
            let request = client.head(method, target, headers: headers, body: method == "POST" ? "x" : nil)
            try await client.connect { connection async throws in
                try await connection.send(request + client.head("GET", "/healthz"))
                let answers = try await connection.readAll()
                #expect(answers.hasPrefix("HTTP/1.1 \(status) "))
                #expect(answers.matches(of: /HTTP\/1.1 \d/).count == 1)
                #expect(answers.lowercased().contains("connection: close"))
            }
            // What comes behind is not gathered: the sender is stopped.
            await #expect(throws: (any Error).self) {
                try await client.open { _, outbound in
                    try await outbound.write(ByteBuffer(string: request))
                    let piece = ByteBuffer(repeating: 0, count: 64 << 10)
                    // A write returns before the system has taken it, so their number says nothing.
                    while true { try await outbound.write(piece) }
                }
            }
        }
    }

    @Test("Of a peer that takes no answers nothing more is taken; once it does, all is answered in order")
    func unreadAnswers() async throws {
        let (steps, count) = (steps, 1500)
        let numbers = try await harness().run { client async throws in
            try await client.open { inbound, outbound in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        for number in 0..<count {
                            try await outbound.write(Self.probe(client, number, closes: number == count - 1))
                        }
                    }
                    var (taken, looks) = (0, 0)
                    try await eventually("a standstill") {
                        let now = steps.all.count
                        looks = now == taken ? looks + 1 : 0
                        taken = now
                        return now > 0 && looks > 40 ? true : nil
                    }
                    // Each request has two steps.
                    #expect(taken < 2 * count)
                    var answers: [UInt8] = []
                    for try await buffer in inbound {
                        answers += Array(buffer: buffer).filter { $0 != UInt8(ascii: "x") }
                    }
                    return String(decoding: answers, as: UTF8.self).matches(of: /n=(\d+)&/).map { Int($0.1) }
                }
            }
        }
        #expect(numbers == Array(0..<count))
    }

    @Test("A peer that takes no answers is cut off")
    func neverReading() async throws {
        var harness = harness()
        harness.configuration.idleTimeout = .seconds(2)
        try await harness.run { client async throws in
            await #expect(throws: (any Error).self) {
                _ = try await client.open { _, outbound in
                    for number in 0... { try await outbound.write(Self.probe(client, number)) }
                }
            }
            #expect(try await client.request("GET", "/healthz").status == 200)
        }
    }
}
