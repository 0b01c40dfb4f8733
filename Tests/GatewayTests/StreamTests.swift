import CoreTypes
import Foundation
import Gateway
import ServiceLifecycle
import TestSupport
import Testing

@Suite("The live stream", .timeLimit(.minutes(5)))
struct StreamTests {
    private static let path = "/api/v1/debates/d1/stream"

    private let time = ManualTime()
    private let harness: GatewayHarness
    private let id: DebateID

    init() {
        var harness = GatewayHarness()
        harness.time = time
        self.harness = harness
        id = harness.debates.add("d1")
    }

    private var debates: FakeDebates { harness.debates }

    private func appendThree() {
        for round in 1...3 { debates.append("round_start", ["round": .integer(Int64(round))], to: id) }
    }

    @Test("A whole debate is replayed, and the stream ends with it")
    func replay() async throws {
        let events = DebateScript.events()
        for event in events { debates.append(event.type, event.data, to: id) }
        let answer = try await harness.run { try await $0.request("GET", Self.path) }
        #expect(answer.status == 200)
        #expect(answer.headers["content-type"] == "text/event-stream")
        let blocks = answer.body.components(separatedBy: "\n\n").filter { $0.hasPrefix("id: ") }
        #expect(blocks.count == events.count)
        for (position, block) in blocks.enumerated() {
            let lines = block.split(separator: "\n")
            #expect(lines.count == 3)
            #expect(lines[0] == "id: \(position + 1)")
            #expect(lines[1] == "event: \(events[position].type)")
            let envelope = try JSONValue(parsing: String(lines[2].dropFirst(6)))
            #expect(envelope["data"] == events[position].data)
            #expect(envelope["debate_id"]?.string == "d1")
        }
    }

    @Test("More entries than are read at a time come all, in their order")
    func longReplay() async throws {
        for round in 1...450 { debates.append("round_start", ["round": .integer(Int64(round))], to: id) }
        debates.append("debate_end", ["status": "completed"], to: id)
        let answer = try await harness.run { try await $0.request("GET", Self.path) }
        let ids = answer.body.split(separator: "\n").filter { $0.hasPrefix("id: ") }.map { String($0.dropFirst(4)) }
        #expect(ids == (1...451).map(String.init))
    }

    @Test(
        "A viewer who comes back gets what is new",
        arguments: [
            ([("Last-Event-ID", "2")], ""), ([], "?since=2"), ([("Last-Event-ID", "2")], "?since=1"),
            ([("Last-Event-ID", "x")], "?since=2"),
        ]
    )
    func resume(headers: [(String, String)], query: String) async throws {
        appendThree()
        debates.append("debate_end", ["status": "completed"], to: id)
        let answer = try await harness.run { try await $0.request("GET", Self.path + query, headers: headers) }
        let ids = answer.body.split(separator: "\n").filter { $0.hasPrefix("id: ") }
        #expect(ids == ["id: 3", "id: 4"])
    }

    @Test("Nothing can follow: 204, which tells a browser to stay away")
    func nothingLeft() async throws {
        appendThree()
        debates.update(id) { $0.status = "cancelled" }
        try await harness.run { client async throws in
            #expect(try await client.request("GET", Self.path, headers: [("Last-Event-ID", "3")]).status == 204)
            let rest = try await client.request("GET", Self.path, headers: [("Last-Event-ID", "2")])
            #expect(rest.status == 200)
            #expect(rest.body.contains("id: 3\n"))
        }
    }

    @Test("What the journal gains appears at once")
    func live() async throws {
        appendThree()
        try await harness.run { client async throws in
            try await client.connect { connection async throws in
                try await connection.send(client.head("GET", Self.path))
                #expect(try await connection.read(until: "\"round\":3").contains("id: 1\n"))
                debates.append("vote", ["agent": "openai"], to: id)
                #expect(try await connection.read(until: "event: vote").contains("id: 4\n"))
                debates.append("debate_end", [:], to: id)
                _ = try await connection.read(until: "event: debate_end")
                _ = try await connection.read(until: "0\r\n\r\n")
            }
        }
    }

    @Test("Without a wake-up the journal is looked at every two seconds")
    func poll() async throws {
        try await harness.run { client async throws in
            try await client.connect { connection async throws in
                try await connection.send(client.head("GET", Self.path))
                _ = try await connection.read(until: "retry: 2000\n\n")
                await time.waitForSleepers()
                debates.append("vote", ["agent": "openai"], to: id, wakes: false)
                time.advance(by: .seconds(2))
                #expect(try await connection.read(until: "event: vote").contains("id: 1\n"))
            }
        }
    }

    @Test("A silent stream sends a comment every fifteen seconds")
    func heartbeat() async throws {
        try await harness.run { client async throws in
            try await client.connect { connection async throws in
                try await connection.send(client.head("GET", Self.path))
                _ = try await connection.read(until: "retry: 2000\n\n")
                for _ in 0..<8 {
                    await time.waitForSleepers()
                    time.advance(by: .seconds(2))
                }
                _ = try await connection.read(until: ": heartbeat\n\n")
            }
        }
    }

    @Test("A debate that ended without its last event ends the stream all the same")
    func endedWithoutEvent() async throws {
        appendThree()
        try await harness.run { client async throws in
            try await client.connect { connection async throws in
                try await connection.send(client.head("GET", Self.path))
                _ = try await connection.read(until: "\"round\":3")
                debates.update(id) { $0.status = "failed" }
                await time.waitForSleepers()
                time.advance(by: .seconds(2))
                _ = try await connection.read(until: "0\r\n\r\n")
            }
        }
    }

    @Test("The database may be away for a moment without the viewer noticing")
    func outage() async throws {
        appendThree()
        try await harness.run { client async throws in
            try await client.connect { connection async throws in
                try await connection.send(client.head("GET", Self.path))
                _ = try await connection.read(until: "\"round\":3")
                debates.fail(with: FakeError(code: "database_connection", isRetryable: true))
                await time.waitForSleepers()
                time.advance(by: .seconds(2))
                await time.waitForSleepers()
                debates.fail(with: nil)
                debates.append("vote", ["agent": "openai"], to: id)
                #expect(try await connection.read(until: "event: vote").contains("id: 4\n"))
            }
        }
    }

    @Test("A graceful shutdown ends an open stream at once and properly")
    func shutdown() async throws {
        appendThree()
        try await harness.run { client, group async throws in
            try await client.connect { connection async throws in
                try await connection.send(client.head("GET", Self.path))
                _ = try await connection.read(until: "\"round\":3")
                await group.triggerGracefulShutdown()
                #expect(try await connection.readAll().hasSuffix("0\r\n\r\n"))
            }
        }
    }

    @Test("Streams beyond the limit are 503, and a place that was left is free again")
    func limit() async throws {
        appendThree()
        var harness = harness
        harness.configuration.maximumStreams = 1
        try await harness.run { client async throws in
            try await client.connect { connection async throws in
                try await connection.send(client.head("GET", Self.path))
                _ = try await connection.read(until: "\"round\":3")
                #expect(try await client.request("GET", Self.path).status == 503)
                debates.append("debate_end", [:], to: id)
                _ = try await connection.read(until: "0\r\n\r\n")
            }
            // The place is given back just after the last byte was written.
            try await eventually("a free place") {
                try await client.request("GET", Self.path).status == 200 ? true : nil
            }
        }
    }
}
