import ChannelSupport
import Channels
import Conversations
import CoreTypes
import DatabaseSupport
import Debates
import Persistence
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5))) struct ThreadTests {
    @Test(arguments: DatabaseEngine.allCases)
    func whateverIsSaidInTheThreadOfARunningDebateIsEvidence(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            try await house.receive(house.mention("Tabs or spaces?", "1"))
            try await house.receive(
                house.reply("The linter wants spaces.", "2", thread: "1"),
                house.mention("status of the linter is red", "3", thread: "1"),
                house.reply("status", "4", thread: "1"),
                house.reply("   ", "5", thread: "1"),
                house.reply("elsewhere", "6", thread: "99")
            )
            let debate = try await house.debate()
            #expect(
                try await house.evidence(debate) == [
                    "U2: The linter wants spaces.", "Ada: status of the linter is red", "U2: status",
                ]
            )
            #expect(try await house.debates().count == 1)
            try await house.work()
            #expect(try await house.projection(debate)?.evidence.map(\.text).first == "The linter wants spaces.")
            #expect(house.calls.briefings.contains { $0.evidence.contains { $0.text == "The linter wants spaces." } })
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func whatIsSaidBehindTheLastRoundIsCountedInTheVerdict(engine: DatabaseEngine) async throws {
        let votes = Gate()
        let hold: @Sendable (String) async throws -> Void = { key in
            if key.contains("/vote/") { try await votes.wait() }
        }
        try await ConversationHouse.with(engine, before: hold) { house in
            try await house.receive(house.mention("Tabs or spaces?", "1"))
            try await house.receive(house.reply("The linter wants spaces.", "2", thread: "1"))
            try await house.alongside([house.worker().run]) {
                await votes.waitForCalls(2)
                try await house.receive(
                    house.reply("The editor wants tabs.", "3", thread: "1"),
                    house.reply("I want neither.", "4", thread: "1")
                )
                votes.open()
                try await house.wait { try await house.openJobs() == 0 }
            }
            try await house.deliver()
            let late = "2 remarks came too late for the panel."
            #expect(house.publicMessages.last?.payload.contains(late) == true)
            // Who asked by a command follows no thread, and would hear of nothing in it.
            #expect(house.publicMessages.last?.payload.hasSuffix("@U1") == true)
            #expect(house.publicMessages.count { $0.payload.hasSuffix("@U1") } == 1)
            try await house.receive(house.command("verdict 1", "t1"))
            try await house.deliver()
            #expect(house.answers.last?.payload.contains(late) == true)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func nothingIsAddedBehindTheEnd(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            try await house.receive(house.mention("Tabs or spaces?", "1"))
            let asItWas = try await house.debate()
            try await house.work()
            await #expect(throws: ConversationError.self) {
                try await house.database.write { transaction in
                    try house.controls.addInput("Late.", author: "U2", key: "k", to: asItWas, in: transaction)
                }
            }
            #expect(try await house.evidence(asItWas) == [])
        }
    }

    /// Else two inputs could be committed in another order than that of their cursors, and one never be read.
    @Test func whoeverAddsSomethingHoldsTheDebate() async throws {
        try await ConversationHouse.with(.postgres) { house in
            try await house.receive(house.mention("Tabs or spaces?", "1"))
            let debate = try await house.debate()
            let held = try await house.database.write { transaction in
                try house.controls.addInput("The linter.", author: "U2", key: "k", to: debate, in: transaction)
                return try transaction.query(
                    """
                    select debate_id from debates
                    where debate_id = \(debate.id) and cast(xmax as text) = cast(pg_current_xact_id() as text)
                    """
                ).count
            }
            #expect(held == 1)
        }
    }

    /// Of a command it is known only later which thread it opens.
    @Test(arguments: DatabaseEngine.allCases, [false, true])
    func aThreadOfTwoDebatesBelongsToTheOneThatGoesOn(engine: DatabaseEngine, isCommand: Bool) async throws {
        try await ConversationHouse.with(engine) { house in
            func end(_ debate: DebateRecord) async throws {
                let now = house.time.now()
                _ = try await house.database.write { transaction in
                    try DebateStore().conclude(
                        debate.id,
                        workspace: debate.workspace,
                        with: DebateConclusion(status: .completed),
                        now: now,
                        in: transaction
                    )
                }
            }
            var thread = "1"
            if isCommand {
                try await house.receive(house.command("debate Tabs or spaces?"))
                try await house.deliver()
                thread = try #require(house.publicMessages.last).id
            } else {
                try await house.receive(house.mention("Tabs or spaces?", "1"))
            }
            try await house.receive(house.mention("debate How wide?", "2", thread: thread))
            let (first, second) = (try await house.debate(1), try await house.debate(2))
            try await house.receive(house.reply("80 columns.", "3", thread: thread))
            try await end(second)
            try await house.receive(house.reply("The linter wants spaces.", "4", thread: thread))
            #expect(try await house.evidence(second) == ["U2: 80 columns."])
            #expect(try await house.evidence(first) == ["U2: The linter wants spaces."])
            // Where both are over, the newer one is gone on from.
            try await end(first)
            try await house.receive(house.mention("And how deep?", "5", thread: thread))
            #expect(try await house.debate(3).metadata["follows"]?.string == second.id.rawValue)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aCommandMentionedInTheThreadIsACommand(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            try await house.receive(house.mention("Tabs or spaces?", "1"), house.mention("Newer?", "9"))
            try await house.receive(house.mention("status", "2", thread: "1", by: "U2"))
            try await house.deliver()
            #expect(house.answers.map(\.address.person) == ["U2"])
            #expect(house.answers[0].payload.contains("Debate #1") && house.answers[0].payload.contains("created"))
            #expect(try await house.evidence(house.debate()) == [])
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aCommandWithAMarkBehindItIsACommand(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            try await house.receive(house.mention("Tabs or spaces?", "1"))
            try await house.receive(house.mention("Stop!", "2", thread: "1", by: "U2"))
            try await house.deliver()
            #expect(house.answers.map(\.address.person) == ["U2"])
            #expect(try await house.debate().cancelRequested)
            #expect(try await house.evidence(house.debate()) == [])
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aMistypedCommandIsExplainedToThePersonAndNoEvidence(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            try await house.receive(house.mention("Tabs or spaces?", "1"))
            try await house.receive(
                house.mention("stauts", "2", thread: "1", by: "U2"),
                house.mention("cancel", "3", thread: "1", by: "U3")
            )
            try await house.deliver()
            let answers = house.answers.sorted { $0.address.person ?? "" < $1.address.person ?? "" }
            #expect(answers.map(\.address.person) == ["U2", "U3"])
            #expect(answers[0].payload.contains("Did you mean `@Aragora status`?"))
            #expect(answers.allSatisfy { $0.payload.contains("Nothing was added to the debate") })
            #expect(try await house.evidence(house.debate()) == [])
            #expect(try await house.debate().cancelRequested == false)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aCommandIsShownAsItWorksWhereItIsRead(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            try await house.receive(
                house.mention("verdict 99", "1"),
                house.direct("verdict 99", "2"),
                house.command("verdict 99", "t1")
            )
            try await house.deliver()
            let texts = house.answers.map(\.payload)
            #expect(texts.count == 3)
            for command in ["`@Aragora recent`", "`recent`", "`/aragora recent`"] {
                #expect(texts.contains { $0.contains(command) }, "\(command)")
            }
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aSentenceThatBeginsLikeACommandIsEvidence(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            let sentences = ["stop worrying about cost, look at risk", "stopp that, look at risk"]
            try await house.receive(house.mention("Tabs or spaces?", "1"))
            try await house.receive(
                house.mention(sentences[0], "2", thread: "1", by: "U2"),
                house.mention(sentences[1], "3", thread: "1", by: "U2"),
                house.message(
                    "stauts",
                    "4",
                    thread: "1",
                    by: .init(id: "B1", displayName: "Robot", isBot: true),
                    mentionsUs: true
                )
            )
            #expect(
                try await house.evidence(house.debate()) == sentences.map { "U2: \($0)" } + ["Robot: stauts"]
            )
            try await house.deliver()
            #expect(house.answers.isEmpty)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aMentionInTheThreadOfAFinishedDebateFollowsItUp(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            try await house.receive(house.mention("Tabs or spaces?", "1"))
            try await house.work()
            try await house.receive(
                house.reply("Thanks all.", "2", thread: "1"),
                house.mention("--agents beta,gamma And how wide?", "3", thread: "1")
            )
            let next = try await house.debate(2)
            let settings = try DebateSettings(json: next.settings)
            #expect(next.task == "And how wide?")
            #expect(settings.agents == ["beta", "gamma"])
            #expect(settings.background.contains("Tabs or spaces?"))
            let answer = try #require(try await house.projection(house.debate(1))?.result?.finalAnswer)
            #expect(!answer.isEmpty && settings.background.contains(answer))
            #expect(try next.metadata["follows"]?.string == (await house.debate(1)).id.rawValue)
            try await house.receive(house.reply("80 columns.", "4", thread: "1"))
            #expect(try await house.evidence(next) == ["U2: 80 columns."])
            #expect(try await house.debates().count == 2)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func whoeverGoesOnFromADebateLearnsWhoWasAgainstIt(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            try await house.receive(house.mention("--agents alpha,beta,gamma Tabs or spaces?", "1"))
            try await house.work()
            let debate = try await house.debate()
            let dissent = try #require(try await house.projection(debate)?.consensus).dissent
            try await house.receive(house.mention("And how wide?", "3", thread: "1"))
            let background = try DebateSettings(json: try await house.debate(2).settings).background
            #expect(background.contains("Against it:") == !dissent.isEmpty)
            #expect(dissent.allSatisfy { background.contains("- \($0.agent): \($0.reasoning)") })
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func whatWasHeldBackIsNoBackground(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            var question = Question(
                workspace: house.workspace,
                task: "Tabs or spaces?",
                platform: "chat",
                originKey: "o1",
                conversationKey: "chat:C1:1",
                address: Address(platform: "chat", workspace: house.workspace, channel: "C1", thread: "1"),
                requestedBy: "U1"
            )
            question.options.breakpoints = ["verdict_release"]
            let first = try await house.service.start(question)
            // Nobody can be asked, so the verdict is withheld.
            try await house.work()
            let projection = try #require(try await house.projection(first))
            #expect(projection.isHeldBack)
            try await house.receive(
                house.mention("And how wide?", "3", thread: "1"),
                house.mention("ask And how wide?", "4", thread: "1")
            )
            let background = try DebateSettings(json: try await house.debate(2).settings).background
            #expect(background == "An earlier debate in this thread asked: Tabs or spaces?")
            #expect(projection.proposals.allSatisfy { !background.contains($0.content) })
            try await house.work()
            let asked = house.calls.briefings.filter { $0.task == "And how wide?" }
            #expect(!asked.isEmpty)
            for proposal in projection.proposals {
                #expect(asked.allSatisfy { !$0.background.contains(proposal.content) })
            }
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func theThreadThatACommandOpensBelongsToItsDebate(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            try await house.receive(house.command("debate Tabs or spaces?"))
            try await house.deliver()
            let opened = try #require(house.publicMessages.first)
            #expect(opened.address.thread == nil)
            try await house.receive(house.reply("The linter wants spaces.", "2", thread: opened.id))
            #expect(try await house.evidence(house.debate()) == ["U2: The linter wants spaces."])
            try await house.work()
            try await house.deliver()
            #expect(house.publicMessages.last?.address.thread == opened.id)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func theThreadOfAMessageToAPersonBelongsToItsDebate(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            // What is sent to a person comes out in a channel that only the message's id tells.
            house.channel.script(.workThenAnswer(.sent(messageID: "D1:171.1")))
            try await house.receive(
                InboundEvent(
                    workspace: house.workspace,
                    originKey: "chat:view:1",
                    conversationKey: "chat:U1",
                    actor: .init(id: "U1", displayName: "Ada"),
                    address: Address(platform: "chat", workspace: house.workspace, channel: "U1", person: "U1"),
                    kind: .formSubmitted(callback: "debate", answers: ["question": "Tabs or spaces?"], state: "")
                )
            )
            try await house.deliver()
            try await house.receive(
                InboundEvent(
                    workspace: house.workspace,
                    originKey: "chat:D1:171.2",
                    conversationKey: "chat:D1:171.1",
                    actor: .init(id: "U1", displayName: "Ada"),
                    address: Address(platform: "chat", workspace: house.workspace, channel: "D1", thread: "171.1"),
                    kind: .message(text: "The linter.", messageID: "171.2", mentionsUs: false, isDirect: true)
                )
            )
            #expect(try await house.debates().count == 1)
            #expect(try await house.evidence(house.debate()) == ["Ada: The linter."])
            let address = try await house.database.run(
                "select address_json from conversations where conversation_key = 'chat:D1:171.1'"
            ).first.flatMap { Address(json: try $0.json("address_json")) }
            #expect(address?.channel == "D1" && address?.thread == "171.1")
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func whatCannotBeEvidenceIsRefusedInWords(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            try await house.receive(house.mention("Tabs or spaces?", "1"))
            // One letter to Swift, and to models as long as it is.
            let tooLong = "x" + String(repeating: "\u{301}", count: DebateControls.longestInput)
            try await house.receive(
                house.reply("a\u{0}b", "2", thread: "1"),
                house.reply(tooLong, "3", thread: "1"),
                house.reply("fine", "4", thread: "1")
            )
            #expect(try await house.evidence(house.debate()) == ["U2: fine"])
            try await house.deliver()
            #expect(house.answers.map(\.address.person) == ["U2", "U2"])
            #expect(try await house.count("inbox", where: "status <> 1") == 0)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func whatWasSaidBeforeBecomesBackground(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            house.platform.remember(
                .init(author: "Grace", text: "Our editor shows tabs badly."),
                .init(author: "Ada", text: "Tabs or spaces?")
            )
            try await house.receive(house.mention("Tabs or spaces?", "5", thread: "1"))
            try await house.work()
            let background = try #require(house.calls.briefings.first?.background)
            #expect(background.hasSuffix("Grace: Our editor shows tabs badly."))
            #expect(house.platform.askedBefore == ["5"])
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func whoeverReadsAboutPeopleReadsTheirNames(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            house.platform.introduce(["U2": "Grace", "U3": "Alan"])
            try await house.receive(house.mention("Tabs or spaces, @U3?", "1", by: "U2"))
            try await house.receive(house.reply("@U2 likes tabs.", "2", thread: "1", by: "U3"))
            try await house.work()
            let briefing = try #require(house.calls.briefings.first)
            #expect(briefing.background == "People: @U3 is Alan.")
            let evidence = try #require(try await house.projection(house.debate())?.evidence.first)
            #expect(evidence.author == "Alan" && evidence.text == "@Grace likes tabs.")
            try await house.deliver()
            #expect(house.publicMessages[0].payload.contains("Asked by Grace."))
            // What is stored is who somebody is.
            #expect(try await house.debate().requestedBy == "U2")
            #expect(try await house.evidence(house.debate()) == ["U3: @U2 likes tabs."])
        }
    }
}
