import ChannelSupport
import Channels
import Conversations
import CoreTypes
import DatabaseSupport
import Debates
import Persistence
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5))) struct EventHandlerTests {
    private struct Broken: Error {}

    @Test(arguments: DatabaseEngine.allCases)
    func aMentionStartsOneDebateWithOneMessage(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            try await house.receive(house.mention("Tabs or spaces?"))
            let debate = try await house.debate()
            #expect(debate.task == "Tabs or spaces?")
            #expect(debate.requestedBy == "U1")
            #expect(debate.status == .created)
            #expect(try await house.outboxKeys() == ["\(debate.id)/start"])
            #expect(try await house.openJobs() == 1)
            #expect(try await house.count("inbox", where: "status = 1") == 1)
            try await house.deliver()
            let start = try #require(house.publicMessages.first)
            #expect(start.address.thread == "1")
            #expect(start.payload.contains("Debate #1") && start.payload.contains("> Tabs or spaces?"))
            #expect(start.payload.contains("Panel: alpha, beta"))
            #expect(start.payload.contains("Asked by Ada. Reply in this thread to add evidence."))
            #expect(start.token("Stop") != nil)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func allOfItHappensOrNothing(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            let (handler, event) = (house.handler(), house.mention("Tabs or spaces?"))
            await #expect(throws: Broken.self) {
                try await house.database.write { transaction in
                    try handler.handle(event, in: transaction)
                    throw Broken()
                }
            }
            for table in ["debates", "outbox", "job_queue", "button_tokens", "conversations"] {
                #expect(try await house.count(table) == 0, "\(table)")
            }
            try await house.database.write { try handler.handle(event, in: $0) }
            for table in ["debates", "outbox", "job_queue", "button_tokens", "conversations"] {
                #expect(try await house.count(table) == 1, "\(table)")
            }
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func theQuestionTakesItsOptions(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            try await house.receive(
                house.mention("--rounds 4 --agents beta,gamma --consensus unanimous Tabs or spaces?")
            )
            let settings = try DebateSettings(json: try await house.debate().settings)
            #expect(settings.agents == ["beta", "gamma"])
            #expect(settings.debateProtocol.rounds == 4)
            #expect(settings.debateProtocol.consensus == .unanimous)
            #expect(settings.requester == "Ada")
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aDirectMessageStartsADebate(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            try await house.receive(house.direct("Tabs or spaces?", "1"), house.direct("", "2"))
            #expect(try await house.debates().map(\.task) == ["Tabs or spaces?"])
            try await house.deliver()
            #expect(house.publicMessages.map(\.address.channel) == ["D1"])
            #expect(house.answers.count == 1 && house.answers[0].payload.contains("`debate <question>`"))
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aFormThatComesBackStartsADebate(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            let answers = ["question": "Tabs or spaces?", "agents": "alpha,gamma", "rounds": "2", "consensus": "judge"]
            let empty = ["question": "  ", "agents": "", "rounds": "", "consensus": ""]
            try await house.receive(
                house.event(.formSubmitted(callback: "debate", answers: answers, state: ""), "view:1"),
                house.event(.formSubmitted(callback: "debate", answers: empty, state: ""), "view:2", by: "U2")
            )
            let settings = try DebateSettings(json: try await house.debate().settings)
            #expect(settings.agents == ["alpha", "gamma"])
            #expect(settings.debateProtocol.rounds == 2)
            #expect(settings.debateProtocol.consensus == .judge)
            #expect(try await house.debates().count == 1)
            try await house.deliver()
            #expect(house.answers.map(\.payload) == ["The question is empty."])
            #expect(house.answers.map(\.address.person) == ["U2"])
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aShortcutOpensTheForm(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            try await house.receive(house.event(.formRequested(text: "Tabs?"), "shortcut:1", trigger: "tr"))
            try await house.deliver()
            let form = try #require(house.channel.forms.first)
            #expect(form.callback == "debate")
            #expect(form.fields.map(\.name) == ["question", "agents", "rounds", "consensus"])
            #expect(form.fields[0].initial == "Tabs?")
            #expect(house.channel.forms.count == 1 && house.channel.messages.isEmpty)
            let long = "x" + String(repeating: "\u{301}", count: 3000)
            try await house.receive(house.event(.formRequested(text: long), "shortcut:2", trigger: "ts"))
            try await house.deliver()
            let cut = try #require(house.channel.forms.last?.fields.first)
            #expect(
                cut.initial.unicodeScalars.count == 2900 && cut.hint?.contains("only its first 2900 characters") == true
            )
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aQuestionFormThatCannotBeOpenedIsAnsweredInWords(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            house.channel.script(.answer(.permanent(code: "expired_trigger_id", description: "Too late.")))
            try await house.receive(house.event(.formRequested(text: "Tabs?"), "shortcut:1", by: "U3", trigger: "tr"))
            try await house.deliver()
            #expect(house.channel.forms.isEmpty)
            #expect(house.answers.map(\.address.person) == ["U3"])
            #expect(house.answers.first?.payload.contains("`/aragora debate <question>`") == true)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func stopWithoutANumberMeansTheOnlyRunningDebate(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            func stops(_ trigger: String, by person: String) async throws -> String? {
                try await house.receive(house.command("stop", trigger, by: person))
                try await house.deliver()
                return house.answers.last?.payload
            }
            try await house.receive(house.mention("Old?", "1"))
            try await house.work()
            try await house.deliver()
            // A finished debate is none that could be stopped.
            #expect(try await stops("t1", by: "U1")?.contains("No debate of yours is running") == true)
            try await house.receive(house.mention("Mine?", "2"), house.mention("Another's?", "3", by: "U2"))
            #expect(try await stops("t2", by: "U1")?.contains("Stopping debate #2") == true)
            #expect(try await house.debates().map(\.cancelRequested) == [false, true, false])
            // Whoever has none is asked which one, where several run.
            let list = try #require(try await stops("t3", by: "U9"))
            #expect(list.contains("#2") && list.contains("#3") && list.contains("`/aragora stop <number>`"), "\(list)")
            #expect(try await house.debates().map(\.cancelRequested) == [false, true, false])
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func stopMeansTheOwnDebateHoweverManyOthersRun(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            try await house.receive(house.mention("Mine?", "1"))
            for number in 2...13 { try await house.receive(house.mention("Another's?", "\(number)", by: "U2")) }
            try await house.receive(house.command("stop", "t1"))
            #expect(try await house.debates().filter(\.cancelRequested).map(\.task) == ["Mine?"])
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func statusWithoutANumberMeansARunningDebateFirst(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            try await house.receive(house.mention("Running?", "1"))
            try await house.receive(house.mention("Done?", "2", by: "U2"))
            let done = try await house.debate(2)
            let now = house.time.now()
            _ = try await house.database.write { transaction in
                try DebateStore().conclude(
                    done.id,
                    workspace: done.workspace,
                    with: DebateConclusion(status: .completed),
                    now: now,
                    in: transaction
                )
            }
            try await house.receive(house.command("status", "t1", by: "U2"))
            try await house.deliver()
            #expect(house.answers.last?.payload.contains("> Running?") == true)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aWrongCommandIsAnsweredToThePersonAlone(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            try await house.receive(
                house.command("stauts", "t1", by: "U7"),
                house.command("debate --agents alpha Q", "t2", by: "U8"),
                house.command("debate --rounds 40 Q", "t3", by: "U9"),
                // To Swift, a backtick with a mark is another character.
                house.command("debat Is `\u{301}this it?", "t4", by: "U9")
            )
            try await house.deliver()
            #expect(house.publicMessages.isEmpty)
            #expect(house.answers.map(\.address.person).sorted { $0 ?? "" < $1 ?? "" } == ["U7", "U8", "U9", "U9"])
            let texts = house.answers.map(\.payload)
            #expect(texts.contains { $0.contains("Did you mean `/aragora status`?") })
            #expect(texts.contains { $0.contains("Did you mean `/aragora debate Is  \u{301}this it?`?") })
            #expect(texts.contains { $0.contains("at least 2 agents; there are: alpha, beta, gamma") })
            #expect(texts.contains { $0.contains("from 1 to 12") })
            #expect(try await house.debates().isEmpty)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func listsAndStatesLeadToTheirThreadsInPlainText(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            try await house.receive(house.mention("Is **this** [it](https://a.example)?", "1"))
            try await house.receive(house.command("debate Tabs or spaces?", "t1"))
            try await house.receive(house.command("debate Are 2 *\u{301} 3 six?", "t4"))
            try await house.deliver()
            let start = try #require(house.publicMessages.last { $0.payload.contains("Debate #2") })
            try await house.receive(house.command("recent", "t2"), house.command("status 2", "t3"))
            try await house.deliver()
            let list = try #require(house.answers.first { $0.payload.contains("Newest debates") }).payload
            #expect(list.contains("- [#1](https://chat.example/C1/1) Is this it? – created"), "\(list)")
            #expect(list.contains("- [#2](https://chat.example/C1/\(start.id)) Tabs or spaces? – created"), "\(list)")
            // To Swift, a star with a mark is another character.
            #expect(list.contains(" Are 2 \\*\u{301} 3 six? – created"), "\(list)")
            #expect(!list.contains("**"))
            let status = try #require(house.answers.last { $0.payload.contains("Status: ") }).payload
            #expect(status.contains("[Open the thread](https://chat.example/C1/\(start.id))"), "\(status)")
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func somebodySeesWhatWasAskedInTheChannelOrByThemselves(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            try await house.receive(
                house.mention("In the channel, by another?", "1", by: "U2"),
                house.direct("Elsewhere, by me?", "2")
            )
            _ = try await house.service.start(
                Question(
                    workspace: house.workspace,
                    task: "Without any place?",
                    platform: "web",
                    originKey: "web:1",
                    conversationKey: "web:1",
                    requestedBy: "local"
                )
            )
            for (number, person) in ["U1", "U3"].enumerated() {
                try await house.receive(house.command("recent", "t\(number)", by: person))
            }
            try await house.deliver()
            let lists = house.answers.filter { $0.payload.contains("Newest debates") }
                .sorted { $0.address.person ?? "" < $1.address.person ?? "" }
            #expect(lists.map(\.address.person) == ["U1", "U3"])
            #expect(lists.map { $0.payload.contains("by another?") } == [true, true])
            #expect(lists.map { $0.payload.contains("by me?") } == [true, false])
            #expect(lists.allSatisfy { !$0.payload.contains("any place?") })
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func whatCannotBeAskedIsRefusedInWords(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            let tooLong = String(repeating: "ä", count: 100_001)
            try await house.receive(
                house.mention("debate \(tooLong)", "1"),
                house.mention("debate a\u{0}b", "2"),
                house.mention("ask a\u{0}b", "3")
            )
            try await house.deliver()
            #expect(house.answers.count == 3)
            #expect(house.answers.filter { $0.payload.contains("NUL character") }.count == 2)
            #expect(house.answers.contains { $0.payload.contains("longer than 100000 characters") })
            #expect(try await house.count("debates") == 0)
            #expect(try await house.count("inbox", where: "status = 1") == 3)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func whereThePlatformRemovesUsTheIntegrationIsDisabled(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            let (integrations, workspace, now) = (house.integrations, house.workspace, house.time.now())
            let connected = Integration(
                workspaceID: workspace,
                type: "chat",
                installationID: "T1",
                credentials: ["token": Secret("s")]
            )
            try await house.database.write { try integrations.save(connected, now: now, in: $0) }
            try await house.receive(
                InboundEvent(
                    workspace: workspace,
                    originKey: "chat:event:1",
                    conversationKey: "chat:app",
                    actor: .init(id: "chat", isBot: true),
                    address: Address(platform: "chat", workspace: workspace, channel: ""),
                    kind: .uninstalled(reason: "app_uninstalled")
                )
            )
            let found = try await house.database.read {
                try integrations.find(workspace: workspace, type: "chat", in: $0)
            }
            #expect(found?.isEnabled == false)
            #expect(found?.credentials.isEmpty == true)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func whatWaitsForAWorkspaceThatRemovedUsIsLetGo(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            let open: SQL = "status in (0, 1, 4)"
            try await house.receive(house.mention("Tabs or spaces?", "1"))
            try await house.work()
            try await house.receive(house.mention("How wide?", "2"))
            try await house.receive(house.mention("Elsewhere?", "1", in: WorkspaceID("chat:T2")))
            #expect(try await house.outboxKeys().contains { $0.hasSuffix("/verdict") })
            try await house.receive(
                InboundEvent(
                    workspace: house.workspace,
                    originKey: "chat:event:1",
                    conversationKey: "chat:app",
                    actor: .init(id: "chat", isBot: true),
                    address: Address(platform: "chat", workspace: house.workspace, channel: ""),
                    kind: .uninstalled(reason: "app_uninstalled")
                )
            )
            #expect(try await house.count("outbox", where: "\(open) and workspace_id = \(house.workspace)") == 0)
            #expect(try await house.count("outbox", where: "status = 3 and error_code = 'uninstalled'") > 1)
            try await house.work()
            #expect(try await house.debates().map(\.status) == [.completed, .cancelled])
            // How the debate ended is told to nobody there either.
            let ours: SQL = "workspace_id = \(house.workspace)"
            #expect(try await house.count("outbox", where: "\(open) and \(ours)") == 0)
            #expect(try await house.count("outbox", where: "payload_json <> '{}' and \(ours)") == 0)
            // The other workspace's debate has started and ended.
            #expect(try await house.count("outbox", where: "\(open) and not (\(ours))") > 1)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aLateWordOfARemovalLeavesTheNewInstallationAlone(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            let (integrations, workspace, now) = (house.integrations, house.workspace, house.time.now())
            let connected = Integration(workspaceID: workspace, type: "chat", installationID: "T1")
            try await house.database.write { try integrations.save(connected, now: now, in: $0) }
            try await house.receive(house.mention("Tabs or spaces?", "1"))
            var enabled: [Bool?] = []
            var waiting: [Int] = []
            // A platform tells the second alone, and its clock may be a little behind ours.
            for (number, seconds) in [-60, -6, -2].enumerated() {
                try await house.receive(
                    InboundEvent(
                        workspace: workspace,
                        originKey: "chat:event:\(number)",
                        conversationKey: "chat:app",
                        actor: .init(id: "chat", isBot: true),
                        address: Address(platform: "chat", workspace: workspace, channel: ""),
                        kind: .uninstalled(reason: "tokens_revoked", at: now + .seconds(seconds))
                    )
                )
                enabled.append(
                    try await house.database.read {
                        try integrations.find(workspace: workspace, type: "chat", in: $0)
                    }?.isEnabled
                )
                waiting.append(try await house.count("outbox", where: "status = 0"))
            }
            #expect(enabled == [true, true, false])
            #expect(waiting == [1, 1, 0])
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aLateWordOfARemovalLeavesWhatWasBegunSinceAlone(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            let now = house.time.now()
            // The operator configured the token: there is no installation.
            try await house.receive(house.mention("Tabs or spaces?", "1"))
            var isStopped: [Bool] = []
            var waiting: [Int] = []
            for (number, seconds) in [-60, -2].enumerated() {
                try await house.receive(
                    InboundEvent(
                        workspace: house.workspace,
                        originKey: "chat:event:\(number)",
                        conversationKey: "chat:app",
                        actor: .init(id: "chat", isBot: true),
                        address: Address(platform: "chat", workspace: house.workspace, channel: ""),
                        kind: .uninstalled(reason: "tokens_revoked", at: now + .seconds(seconds))
                    )
                )
                isStopped.append(try await house.debate().cancelRequested)
                waiting.append(try await house.count("outbox", where: "status = 0"))
            }
            #expect(isStopped == [false, true])
            #expect(waiting == [1, 0])
        }
    }
}
