import ChannelSupport
import Channels
import Conversations
import CoreTypes
import DatabaseSupport
import Persistence
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5))) struct DeliveryFollowUpTests {
    @Test(arguments: DatabaseEngine.allCases)
    func aVerdictThatCannotBePostedIsToldToWhoAsked(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            try await house.receive(house.mention("Tabs or spaces?", "1"))
            try await house.deliver()
            try await house.work()
            try await house.database.run(
                "update outbox set available_at = available_at + 1000 where operation = 'edit'"
            )
            house.channel.script(.answer(.permanent(code: "is_archived", description: "The channel is archived.")))
            try await house.deliver()
            let told = try #require(house.answers.first)
            #expect(house.answers.count == 1 && told.address.person == "U1")
            #expect(
                told.payload.contains("The verdict of debate #1 could not be posted: The channel is archived.")
            )
            // The app may be no member there, and then hears no mention.
            #expect(told.payload.hasSuffix("`/aragora verdict 1` shows its outcome."))
            #expect(!told.payload.contains("goes on"))
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aStartThatCannotBePostedIsToldAndTheDebateGoesOn(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            house.channel.script(.answer(.permanent(code: "not_in_channel", description: "We are no member.")))
            try await house.receive(house.command("debate Tabs or spaces?"))
            try await house.deliver()
            let told = try #require(house.answers.first)
            #expect(told.payload.contains("The start message of debate #1") && told.payload.contains("goes on"))
            try await house.work()
            try await house.deliver()
            #expect(house.publicMessages.map { $0.payload.contains("Verdict of debate #1") } == [true])
            #expect(house.publicMessages[0].address.thread == nil)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aQuickAnswerThatCannotBePostedIsGivenToWhoAskedAlone(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            house.channel.script(.answer(.permanent(code: "not_in_channel", description: "We are no member.")))
            try await house.receive(house.command("ask Why?"))
            try await house.deliver()
            #expect(house.answers.map(\.address.person) == ["U1"])
            #expect(house.answers[0].payload.hasPrefix("The answer cannot be posted here: We are no member."))
            try await house.work()
            try await house.deliver()
            #expect(house.publicMessages.isEmpty)
            #expect(house.answers.map(\.address.person) == ["U1", "U1"])
            #expect(house.answers.last?.payload.contains("The answer of alpha.") == true)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aQuickAnswerWhoseMessageIsGoneIsGivenInTheChannel(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            try await house.receive(house.command("ask Why?"))
            try await house.deliver()
            house.channel.script(.answer(.permanent(code: "message_not_found", description: "It was deleted.")))
            try await house.work()
            try await house.deliver()
            let told = try #require(house.answers.first)
            #expect(told.payload.contains("The answer of alpha.") && told.address.thread == nil)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aFormThatCannotBeShownIsAnsweredOtherwise(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            let handler = EventHandler(
                starter: house.starter(),
                answers: AnswerDesk(
                    panel: house.panel,
                    adapters: [],
                    outbox: house.outbox,
                    posts: house.posts,
                    journal: JournalStore(house.database)
                ),
                controls: house.controls,
                integrations: house.integrations,
                loopBudget: LoopBudget(time: house.time),
                decisions: AskingDecisions()
            )
            let press = house.event(.button(token: "any"), "press:1", by: "U3", trigger: "t1")
            try await house.database.write { try handler.handle(press, in: $0) }
            house.channel.script(.answer(.permanent(code: "expired_trigger_id", description: "Too late.")))
            try await house.deliver()
            #expect(house.channel.forms.isEmpty)
            #expect(house.answers.map(\.payload) == ["Write why."])
            #expect(house.answers[0].address.person == "U3" && house.answers[0].address.trigger == nil)
            // Three seconds after the click nobody can open it any more.
            let late = house.event(.button(token: "any"), "press:2", by: "U3", trigger: "t2")
            try await house.database.write { try handler.handle(late, in: $0) }
            house.time.advance(by: .seconds(4))
            try await house.deliver()
            #expect(house.channel.forms.isEmpty && house.answers.count == 2)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func anAnswerThatCannotBePostedLeadsToNoOther(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            house.channel.script(.answer(.permanent(code: "is_archived", description: "The channel is archived.")))
            try await house.receive(house.command("help"))
            try await house.deliver()
            #expect(house.channel.messages.isEmpty)
            #expect(try await house.outboxKeys().count == 1)
        }
    }

    @Test("No delivery waits for the row of its workspace's integration", arguments: DatabaseEngine.allCases)
    func theIntegrationIsLeftAlone(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            let (integrations, workspace, now) = (house.integrations, house.workspace, house.time.now())
            let connected = Integration(workspaceID: workspace, type: "chat", installationID: "T1")
            try await house.database.write { try integrations.save(connected, now: now, in: $0) }
            try await house.receive(house.command("help", "1"))
            try await house.deliver()
            house.channel.script(.answer(.permanent(code: "is_archived", description: "The channel is archived.")))
            try await house.receive(house.command("help", "2"))
            try await house.deliver()
            let touched = try await house.database.run(
                "select 1 from integrations where messages_sent > 0 or last_activity > 0 or last_error_at > 0"
            )
            #expect(touched.isEmpty)
        }
    }
}

/// Asks with a form whatever anybody does.
private struct AskingDecisions: HumanDecisions {
    private let answer = HumanDecisionAnswer.ask(
        Form(title: "Why?", callback: "c", submitLabel: "Send", fields: []),
        otherwise: Post(body: "Write why.", fallbackText: "Write why.")
    )

    func press(token: String, _ event: InboundEvent, in transaction: borrowing Transaction) -> HumanDecisionAnswer? {
        answer
    }

    func submit(
        callback: String,
        answers: [String: String],
        state: String,
        _ event: InboundEvent,
        in transaction: borrowing Transaction
    ) -> HumanDecisionAnswer? { answer }

    func perform(
        _ command: HumanDecisionCommand,
        _ event: InboundEvent,
        in transaction: borrowing Transaction
    ) -> HumanDecisionAnswer { answer }
}
