import ChannelSupport
import Channels
import Conversations
import CoreTypes
import DatabaseSupport
import Persistence
import Synchronization
import Testing

/// What programs are told of debates, in the transactions that make it true.
@Suite(.timeLimit(.minutes(5))) struct DebateEventTests {
    @Test(arguments: DatabaseEngine.allCases)
    func aDebatesLifeIsTold(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            try await house.receive(house.mention("Tabs or spaces?", "1"))
            try await house.work()
            let debate = try await house.debate()
            let told = house.told.events
            #expect(
                told.map(\.type) == [
                    "debate_start", "consensus", "verdict", "receipt_ready", "explanation_ready", "debate_end",
                ]
            )
            #expect(Set(told.map(\.key)).count == 6)
            #expect(told.allSatisfy { $0.debateID == debate.id && $0.workspaceID == debate.workspace })
            #expect(told.allSatisfy { $0.channel == debate.channel && $0.channel?.hasPrefix("chat:") == true })
            let end = try #require(told.last?.data)
            #expect(end["status"] == "completed" && end["winner"] == "alpha" && end["task"] == "Tabs or spaces?")
            #expect(end["final_answer"]?.string?.contains("The revision of alpha.") == true)
        }
    }

    @Test("Who takes a receipt is told, each time that it is taken", arguments: DatabaseEngine.allCases)
    func receipts(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            try await house.receive(house.mention("Tabs or spaces?", "1"))
            try await house.work()
            let debate = try await house.debate()
            for _ in 1...2 {
                let bytes = try await house.service.exportReceipt(
                    of: debate.id,
                    workspace: debate.workspace,
                    to: "api:api"
                )
                #expect(try await bytes == house.service.receipt(of: debate.id, workspace: debate.workspace))
            }
            try await house.deliver()
            let verdict = try #require(house.publicMessages.last { $0.payload.contains("Verdict of debate #1") })
            try await house.receive(house.press(try #require(verdict.token("Receipt")), "2", by: "U5"))
            let told = house.told.events.filter { $0.type == "receipt_exported" }
            #expect(told.map { $0.data["exported_by"]?.string } == ["api:api", "api:api", "chat:U5"])
            #expect(Set(told.map(\.key)).count == 3)
            #expect(told.allSatisfy { $0.data["receipt_id"]?.string?.isEmpty == false })
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aFailureIsToldAndNoVerdict(engine: DatabaseEngine) async throws {
        let refuse: @Sendable (String) async throws -> Void = { _ in
            throw AgentError(.authentication, "The key was refused.")
        }
        try await ConversationHouse.with(engine, before: refuse) { house in
            try await house.receive(house.mention("Tabs or spaces?", "1"))
            try await house.work()
            let types = house.told.events.map(\.type)
            #expect(types.contains("debate_failed") && types.last == "debate_end")
            #expect(!types.contains("verdict"))
        }
    }
}

/// Keeps what it is told.
final class RecordingSink: WorkspaceEventSink {
    private let kept = Mutex<[WorkspaceEvent]>([])

    var events: [WorkspaceEvent] { kept.withLock { $0 } }

    func publish(_ event: WorkspaceEvent, in transaction: borrowing Transaction) throws {
        kept.withLock { $0.append(event) }
    }
}
