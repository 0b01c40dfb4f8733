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

    /// Others' messages would fall between the parts of an answer that stands in the channel.
    @Test(arguments: DatabaseEngine.allCases)
    func whatOneMessageCannotHoldStandsInItsThread(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            try await house.receive(house.command("ask Why?"), house.mention("ask Why not?", "1"))
            try await house.deliver()
            #expect(house.publicMessages.count == 2)
            let waiting = try #require(house.publicMessages.first { $0.address.thread == nil })
            house.platform.split(at: 20)
            try await house.work()
            try await house.deliver()
            let messages = house.publicMessages
            #expect(messages.filter { $0.address.thread == nil }.map(\.id) == [waiting.id])
            #expect(messages.filter { $0.address.thread == waiting.id }.count == 3)
            #expect(messages.filter { $0.address.thread == "1" }.count == 5)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aNotificationOfAnAnswerHasNoMarkup(engine: DatabaseEngine) async throws {
        var panel = ScriptedPanel(calls: Calls())
        panel.agents = [Writer()]
        try await ConversationHouse.with(engine, panel: panel) { house in
            try await house.receive(house.command("ask Why?"))
            try await house.work()
            let rows = try await house.database.run("select payload_json from outbox where operation = 'edit'")
            let post = try JSONValue(parsing: try #require(rows.first).text("payload_json"))
            #expect(post["fallbackText"]?.string == "Migrate We should migrate in two steps, see the plan.")
            #expect(post["body"]?.string?.contains(Writer.answer) == true)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aNameIsNoMarkdown(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            let name = "[Click](http://evil.example) _x_ www.evil.example &lt;"
            for (position, text) in ["Tabs or spaces?", "ask Why?"].enumerated() {
                let actor = InboundEvent.Actor(id: "U7", displayName: name)
                try await house.receive(house.message(text, "\(position)", by: actor, mentionsUs: true))
            }
            try await house.deliver()
            #expect(house.publicMessages.count == 2)
            for message in house.publicMessages {
                let footer = try #require(message.payload.split(separator: "\n").last)
                guard case .paragraph(let inlines) = MarkdownDocument(parsing: String(footer)).blocks.first else {
                    Issue.record("No line: \(footer)")
                    continue
                }
                #expect(inlines.plainText.contains("Asked by \(name). "))
                #expect(inlines.runs().allSatisfy { $0.link == nil && !$0.style.contains(.emphasis) })
            }
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

/// An agent that answers as models do.
private struct Writer: Agent {
    static let answer = "# Migrate\n\nWe should **migrate** in `two steps`, see [the plan](https://example.org)."

    let profile = AgentProfile(name: "writer", provider: "Tests", model: "writer-1")

    func generate(_ request: GenerateRequest, call: AgentCall) async throws -> Reply<String> { Reply(Self.answer) }

    func critique(_ request: CritiqueRequest, call: AgentCall) async throws -> Reply<Critique> {
        throw AgentError(.badRequest, "It only writes.")
    }

    func vote(_ request: VoteRequest, call: AgentCall) async throws -> Reply<Vote> {
        throw AgentError(.badRequest, "It only writes.")
    }
}
