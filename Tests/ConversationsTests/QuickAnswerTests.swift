import ChannelSupport
import Channels
import Conversations
import CoreTypes
import DatabaseSupport
import Debates
import Persistence
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5))) struct QuickAnswerTests {
    @Test(arguments: DatabaseEngine.allCases)
    func theWaitingMessageBecomesTheAnswer(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            try await house.receive(house.mention("ask --agents beta Why?", "1"))
            try await house.deliver()
            #expect(house.publicMessages[0].payload.contains("Answer: beta is thinking …"))
            #expect(house.publicMessages[0].address.thread == "1")
            try await house.work()
            try await house.deliver()
            #expect(house.publicMessages.count == 1)
            let answer = house.publicMessages[0].payload
            #expect(answer.hasPrefix("> Why?\n\nThe answer of beta."))
            #expect(answer.contains("by beta alone, without a debate"))
            #expect(house.calls.keys.count == 1 && house.calls.briefings[0].task == "Why?")
            #expect(try await house.debates().isEmpty)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func inAThreadTheAgentKnowsWhatWasDebatedAndSaidThere(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            try await house.receive(house.mention("Tabs or spaces?", "1"))
            try await house.work()
            let answer = try #require(try await house.projection(house.debate())?.result?.finalAnswer)
            house.platform.remember(.init(author: "Grace", text: "Our editor shows tabs badly."))
            try await house.receive(house.mention("ask What was the main risk?", "5", thread: "1"))
            try await house.work()
            let briefing = try #require(house.calls.briefings.last)
            #expect(briefing.task == "What was the main risk?")
            #expect(briefing.background.contains("asked: Tabs or spaces?") && briefing.background.contains(answer))
            #expect(briefing.background.hasSuffix("Grace: Our editor shows tabs badly."))
            #expect(house.platform.askedBefore.last == "5")
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func anAgentThatCannotAnswerIsSaidSo(engine: DatabaseEngine) async throws {
        let refuse: @Sendable (String) async throws -> Void = { _ in
            throw AgentError(.authentication, "The key was refused.")
        }
        try await ConversationHouse.with(engine, before: refuse) { house in
            try await house.receive(house.command("ask Why?"))
            try await house.work()
            try await house.deliver()
            #expect(house.publicMessages.map(\.payload) == ["No answer: The key was refused."])
            #expect(house.calls.keys.count == 1)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func anAgentThatIsBusyIsAskedAgainUnderTheSameKey(engine: DatabaseEngine) async throws {
        let gate = Gate()
        let busy: @Sendable (String) async throws -> Void = { _ in
            if !gate.isOpen { throw AgentError(.overloaded, "Too many requests.") }
        }
        try await ConversationHouse.with(engine, before: busy) { house in
            try await house.receive(house.command("ask Why?"))
            try await house.alongside([house.worker().run]) {
                try await house.wait {
                    try await house.count("job_queue", where: "status = 'pending' and attempts = 1") == 1
                }
                gate.open()
                house.time.advance(by: .seconds(3))
                try await house.wait { try await house.openJobs() == 0 }
            }
            try await house.deliver()
            #expect(house.publicMessages[0].payload.contains("The answer of alpha."))
            #expect(house.calls.keys.count == 2 && Set(house.calls.keys).count == 1)
        }
    }
}
