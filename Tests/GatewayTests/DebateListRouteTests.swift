import CoreTypes
import Gateway
import TestSupport
import Testing

@Suite("Long debates over HTTP", .timeLimit(.minutes(5)))
struct DebateListRouteTests {
    private static let path = "/api/v1/debates"
    private let harness = GatewayHarness()

    @Test("Metadata comes back whole as long as it is short, and is refused where it is not")
    func longMetadata() async throws {
        try await harness.run { client async throws in
            func ask(_ length: Int) async throws -> RawResponse {
                let text = String(repeating: "x", count: length)
                return try await client.post(Self.path, #"{"task":"Why?", "metadata": {"a": "\#(text)"}}"#)
            }
            #expect(try await ask((16 << 10) - 8).status == 201)
            let refused = try await ask((16 << 10) - 7)
            #expect(refused.status == 400 && refused.body.contains("`metadata` may have 16384 bytes"))
        }
    }

    @Test("A list is chosen by the original's words as well, which its client sends")
    func originalWords() async throws {
        for (id, status) in [("d1", "running"), ("d2", "completed"), ("d3", "paused"), ("d4", "created")] {
            harness.debates.add(id, status: status)
        }
        let words = [
            ("active", ["d4", "d3", "d1"]), ("starting", ["d4"]), ("concluded", ["d2"]), ("archived", ["d2"]),
        ]
        try await harness.run { client async throws in
            for (word, ids) in words {
                let page = try await client.request("GET", Self.path + "?status=\(word)").json
                #expect(page["items"]?.array?.compactMap { $0["id"]?.string } == ids, "\(word)")
            }
        }
    }

    @Test("What is too long for a list stands in the debate alone, and its names in the list")
    func longLines() async throws {
        let text = String(repeating: "Why? ", count: 1000)
        harness.debates.update(harness.debates.add("d1", task: text)) { $0.metadata = ["text": .string(text)] }
        harness.debates.update(harness.debates.add("d2")) { $0.metadata = ["text": "short"] }
        try await harness.run { client async throws in
            for path in [Self.path, Self.path + "/active"] {
                let items = try await client.request("GET", path).json["items"]?.array ?? []
                #expect(items.first?["metadata"] == ["text": "short"] && items.first?["left_out"] == nil)
                let long = try #require(items.last)
                #expect(long["left_out"] == ["metadata", "task"] && long["status"] == "running")
                #expect(long["task"] == nil && long["metadata"] == nil)
            }
            let whole = try await client.request("GET", Self.path + "/d1").json
            #expect(whole["task"]?.string == text && whole["metadata"]?["text"]?.string == text)
            #expect(whole["left_out"] == nil)
        }
    }

    @Test("Metadata that was not even read for a list is named like any other that is too long")
    func unreadMetadata() async throws {
        harness.debates.update(harness.debates.add("d1")) { $0.lacksMetadata = true }
        try await harness.run { client async throws in
            let line = try #require(try await client.request("GET", Self.path).json["items"]?.array?.first)
            #expect(line["left_out"] == ["metadata"] && line["metadata"] == nil)
            #expect(line["task"]?.string == "Tabs or spaces?")
        }
    }
}
