import ChannelSupport
import Channels
import Conversations
import CoreTypes
import DatabaseSupport
import Debates
import Persistence
import TestSupport
import Testing

/// While a debate runs, one message tells how it stands.
@Suite(.timeLimit(.minutes(5))) struct ProgressTests {
    /// Whether an edit that shows this is in the outbox.
    private func showsProgress(_ line: String, _ house: ConversationHouse) async throws -> Bool {
        try await house.count("outbox", where: "operation = 'edit' and payload_json like \("%\(line)%")") > 0
    }

    @Test(arguments: DatabaseEngine.allCases)
    func progressIsOneMessageThatIsEdited(engine: DatabaseEngine) async throws {
        let votes = Gate()
        let hold: @Sendable (String) async throws -> Void = { key in
            if key.contains("/vote/") { try await votes.wait() }
        }
        try await ConversationHouse.with(engine, before: hold) { house in
            try await house.receive(house.mention("Tabs or spaces?", "1"))
            try await house.deliver()
            let stop = try #require(house.publicMessages.first?.token("Stop"))
            try await house.alongside([house.worker().run]) {
                await votes.waitForCalls(2)
                // The heartbeat, the poll, the phase's end and the pause behind the first edit.
                await house.time.waitForSleepers(4)
                #expect(try await house.count("outbox", where: "operation = 'edit'") == 1)
                try await house.deliver()
                #expect(!house.publicMessages[0].payload.contains("Progress: Starting"))
                house.time.advance(by: .seconds(2))
                try await house.wait { try await showsProgress("Voting – waiting for alpha, beta", house) }
                try await house.deliver()
                #expect(house.publicMessages.count == 1)
                #expect(house.publicMessages[0].payload.contains("Progress: Voting – waiting for alpha, beta"))
                #expect(house.publicMessages[0].token("Stop") == stop)
                votes.open()
                try await house.wait { try await house.openJobs() == 0 }
            }
            try await house.deliver()
            #expect(house.publicMessages.count == 2)
            #expect(house.publicMessages[0].payload.contains("Progress: Finished – "))
            #expect(house.publicMessages[0].token("Stop") == nil)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func editsThatNobodySawAreReplaced(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            try await house.receive(house.mention("Tabs or spaces?", "1"))
            try await house.work()
            #expect(try await house.count("outbox", where: "operation = 'edit'") == 1)
            try await house.deliver()
            #expect(house.channel.calls.filter { $0.hasPrefix("edit ") } == ["edit m1"])
            #expect(house.publicMessages[0].payload.contains("Progress: Finished – "))
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aMessageThatWasRemovedHoldsTheVerdictNotBack(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            try await house.receive(house.mention("Tabs or spaces?", "1"))
            try await house.deliver()
            try await house.work()
            // Whichever of the two is sent first.
            try await house.database.run(
                "update outbox set available_at = available_at + 1000 where operation = 'post'"
            )
            house.channel.script(.answer(.permanent(code: "message_not_found", description: "It was removed.")))
            try await house.deliver()
            #expect(try await house.count("outbox", where: "operation = 'edit' and status = 3") == 1)
            #expect(house.publicMessages.last?.payload.contains("Verdict of debate #1") == true)
            #expect(house.answers.isEmpty)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func whoReadsTheJournalGetsNoMessages(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            let question = Question(
                workspace: house.workspace,
                task: "Tabs or spaces?",
                platform: "web",
                originKey: "web:1",
                conversationKey: "web:1",
                requestedBy: "local"
            )
            let first = try await house.service.start(question)
            let twin = try await house.service.start(question)
            #expect(first.id == twin.id)
            try await house.work()
            #expect(try await house.debate().status == .completed)
            #expect(try await house.outboxKeys() == [])
            #expect(try await house.count("button_tokens") == 0)
        }
    }
}
