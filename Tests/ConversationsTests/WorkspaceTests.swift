import ChannelSupport
import Channels
import Conversations
import CoreTypes
import DatabaseSupport
import Debates
import Persistence
import Testing

/// One workspace never learns of another's debates.
@Suite(.timeLimit(.minutes(5))) struct WorkspaceTests {
    private let stranger = WorkspaceID("chat:T2")

    @Test(arguments: DatabaseEngine.allCases)
    func aForeignDebateIsNotFound(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            try await house.receive(house.mention("A secret plan?", "1"))
            let debate = try await house.debate()
            let names = ["\(debate.number)", "#\(debate.number)", debate.id.rawValue]
            for (index, name) in names.enumerated() {
                for word in ["status", "verdict", "stop"] {
                    try await house.receive(house.command("\(word) \(name)", "\(word)\(index)", in: stranger))
                }
            }
            try await house.receive(
                house.command("recent", "r", in: stranger),
                house.command("status", "s", in: stranger),
                house.command("leaderboard", "l", in: stranger)
            )
            try await house.deliver()
            #expect(house.answers.count == 12)
            #expect(house.answers.filter { $0.payload.contains("No debate “") }.count == 9)
            #expect(house.answers.filter { $0.payload.contains("No debate was asked here or by you yet") }.count == 2)
            #expect(!house.answers.contains { $0.payload.contains("secret") || $0.address.workspace != stranger })
            #expect(try await house.debate().cancelRequested == false)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func whatWasAskedInPrivateStaysThere(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            try await house.receive(house.direct("A secret of mine, is it?", "1"))
            let debate = try await house.debate()
            for (index, text) in ["recent", "status", "verdict", "stop", "verdict \(debate.number)"].enumerated() {
                let event = house.command(text, "c\(index)", by: "U9")
                try await house.receive(event)
            }
            try await house.deliver()
            #expect(house.answers.count == 5)
            #expect(!house.answers.contains { $0.payload.contains("secret") })
            #expect(try await house.debate().cancelRequested == false)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aForeignThreadOfTheSameNameIsAnother(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            try await house.receive(house.mention("A secret plan?", "1"))
            try await house.receive(
                house.message("stop", "2", thread: "1", mentionsUs: false, in: stranger),
                house.mention("A secret plan?", "1", in: stranger)
            )
            #expect(try await house.evidence(house.debate()) == [])
            #expect(try await house.debates().count == 1)
            #expect(try await house.debates(in: stranger).count == 1)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func programsOfAnotherWorkspaceFindNothing(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            try await house.receive(house.mention("A secret plan?", "1"))
            try await house.work()
            let (service, id) = (house.service, try await house.debate().id)
            #expect(try await service.find(id, workspace: stranger) == nil)
            #expect(try await service.projection(of: id, workspace: stranger) == nil)
            #expect(try await service.receipt(of: id, workspace: stranger) == nil)
            #expect(try await service.entries(of: id, workspace: stranger, after: 0, limit: 10).isEmpty)
            #expect(try await service.list(workspace: stranger, status: nil, limit: 10, offset: 0).total == 0)
            await #expect(throws: ConversationError.self) {
                try await service.cancel(id, workspace: stranger, by: "U1")
            }
            await #expect(throws: ConversationError.self) {
                try await service.addInput("x", author: "a", key: "k", to: id, workspace: stranger)
            }
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func theOwnDebatesAreFound(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            try await house.receive(house.mention("Tabs or spaces?", "1"), house.mention("How wide?", "2"))
            try await house.receive(
                house.command("recent", "a"),
                house.command("status #1", "b"),
                house.command("status", "c"),
                house.command("stop 1", "d")
            )
            try await house.deliver()
            let texts = house.answers.map(\.payload)
            #expect(
                texts.contains {
                    $0.contains("#2](https://chat.example/C1/2) How wide?")
                        && $0.contains("#1](https://chat.example/C1/1) Tabs or spaces?")
                }
            )
            #expect(texts.contains { $0.hasPrefix("Debate #1\n") && $0.contains("Waiting for its turn") })
            #expect(texts.contains { $0.hasPrefix("Debate #2\n") })
            #expect(texts.contains { $0.hasPrefix("Stopping debate #1") })
            #expect(try await house.debate(1).cancelRequested)
            #expect(try await house.debate(2).cancelRequested == false)
        }
    }
}
