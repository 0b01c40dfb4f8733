import CoreTypes
import Debates
import Gateway
import Synchronization
import TestSupport
import Testing

/// What models are writing, as the live stream shows it.
@Suite("Drafts on the live stream", .timeLimit(.minutes(5)))
struct DraftStreamTests {
    private static let path = "/api/v1/debates/d1/stream"

    private let time = ManualTime()
    private var harness = GatewayHarness()
    private let id: DebateID
    private let line: DraftLine

    init() {
        harness.time = time
        id = harness.debates.add("d1")
        line = harness.debates.drafts.line(
            of: AgentCallID(.proposal, round: 0, seat: 0),
            agent: "openai",
            debate: id,
            workspace: .local
        )
    }

    private var debates: FakeDebates { harness.debates }

    private func write(_ text: String) { line.hear(DraftText(text) { $0 }) }

    private func draft(_ connection: inout RawConnection) async throws -> (lines: String, JSONValue) {
        let before = try await connection.read(until: "event: draft\ndata: ")
        let data = try await connection.read(until: "\n\n")
        return (before, try JSONValue(parsing: data))
    }

    @Test("A text grows piece by piece without ids, at most four times a second, until the journal has it")
    func grows() async throws {
        debates.append("round_start", ["round": 1], to: id)
        try await harness.run { client async throws in
            try await client.connect { connection async throws in
                try await connection.send(client.head("GET", Self.path))
                _ = try await connection.read(until: "event: round_start")
                // The first pause begins with the stream.
                await time.waitForSleepers(2)
                write("First")
                time.advance(by: .milliseconds(250))
                let (before, first) = try await draft(&connection)
                #expect(!before.contains("id: "))
                #expect(first["type"] == "draft" && first["agent"] == "openai" && first["seq"] == nil)
                #expect(first["debate_id"] == "d1")
                #expect(
                    first["data"]
                        == ["agent": "openai", "phase": "proposal", "round": 0, "offset": 0, "text": "First"]
                )
                await time.waitForSleepers(2)
                write("First, se")
                write("First, second")
                time.advance(by: .milliseconds(250))
                let (_, second) = try await draft(&connection)
                #expect(second["data"]?["offset"] == 5 && second["data"]?["text"] == ", second")
                await time.waitForSleepers(2)
                line.forget()
                time.advance(by: .milliseconds(250))
                let (_, third) = try await draft(&connection)
                #expect(third["data"]?["offset"] == 0 && third["data"]?["text"] == "")
                line.end()
                debates.append("propose", ["agent": "openai"], to: id)
                #expect(try await connection.read(until: "event: propose").contains("id: 2\n"))
            }
        }
    }

    @Test("Whoever comes late sees the text so far")
    func late() async throws {
        let first = debates.drafts.follow(id, workspace: .local)
        write("So far")
        try await harness.run { client async throws in
            try await client.connect { connection async throws in
                try await connection.send(client.head("GET", Self.path, headers: [("Last-Event-ID", "7")]))
                let (_, event) = try await draft(&connection)
                #expect(event["data"]?["text"] == "So far")
            }
        }
        #expect(first.drafts.count == 1)
    }

    @Test("Who may not read a debate before its release sees no draft of it")
    func heldBack() async throws {
        var harness = harness
        harness.configuration.apiToken = Secret("operator")
        harness.keys = ReadingKey()
        debates.state.withLock { $0.heldBack = [id] }
        let first = debates.drafts.follow(id, workspace: .local)
        write("Not released")
        try await harness.run { client async throws in
            let program = [("Authorization", "Bearer \(ReadingKey.text)")]
            let refused = try await client.request("GET", Self.path, headers: program)
            #expect(refused.status == 403 && !refused.body.contains("Not released"))
            try await client.connect { connection async throws in
                let operators = [("Authorization", "Bearer operator")]
                try await connection.send(client.head("GET", Self.path, headers: operators))
                let (_, event) = try await draft(&connection)
                #expect(event["data"]?["text"] == "Not released")
            }
        }
        #expect(first.drafts.count == 1)
    }
}
