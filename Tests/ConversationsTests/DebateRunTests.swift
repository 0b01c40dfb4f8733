import ChannelSupport
import Channels
import Conversations
import CoreTypes
import DatabaseSupport
import Debates
import Persistence
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5))) struct DebateRunTests {
    @Test(arguments: DatabaseEngine.allCases)
    func aDebateRunsToOneVerdictInItsThread(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            try await house.receive(house.mention("Tabs or spaces?", "1"))
            try await house.work()
            let debate = try await house.debate()
            #expect(debate.status == .completed && debate.winner == "alpha" && debate.consensusReached == true)
            #expect(try await house.outboxKeys().filter { $0.hasSuffix("/verdict") } == ["\(debate.id)/verdict"])
            try await house.deliver()
            #expect(house.publicMessages.map(\.address.thread) == ["1", "1"])
            let verdict = try #require(house.publicMessages.last)
            for part in [
                "Verdict of debate #1", "The revision of alpha.", "Confidence: ", "Agreed: alpha, beta", "1 of 1 round",
                "[Open page]",
            ] { #expect(verdict.payload.contains(part), "\(part)") }
            #expect(Set(house.calls.keys).count == house.calls.keys.count)
            #expect(try await house.count("job_queue", where: "status = 'completed'") == 1)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func theReceiptVerifiesAgainstTheJournal(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            try await house.receive(house.mention("Tabs or spaces?", "1"))
            try await house.work()
            let debate = try await house.debate()
            let service = house.service
            let document = try #require(try await service.receipt(of: debate.id, workspace: debate.workspace))
            let entries = try await service.entries(of: debate.id, workspace: debate.workspace, after: 0, limit: 1000)
            let statement = try ReceiptVerifier.verify(
                document,
                trustedKey: house.signer.publicKey,
                journal: entries.map(\.bytes)
            )
            #expect(statement.debateID == debate.id.rawValue && statement.question == "Tabs or spaces?")
            #expect(statement.isKeyTrusted && statement.isJournalChecked)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aDebateWhoseAgentsAllFailEndsWithClearWords(engine: DatabaseEngine) async throws {
        let refuse: @Sendable (String) async throws -> Void = { _ in
            throw AgentError(.authentication, "The key was refused.")
        }
        try await ConversationHouse.with(engine, before: refuse) { house in
            try await house.receive(house.mention("Tabs or spaces?", "1"))
            try await house.work()
            try await house.deliver()
            #expect(try await house.debate().status == .failed)
            let end = try #require(house.publicMessages.last)
            #expect(house.publicMessages.count == 2 && end.address.thread == "1")
            #expect(end.payload.contains("Debate #1 failed"))
            #expect(end.payload.contains("alpha (authentication), beta (authentication)"))
            #expect(house.publicMessages[0].payload.contains("Progress: Failed"))
            #expect(house.publicMessages[0].token("Stop") == nil)
        }
    }

    @Test(arguments: [false, true])
    func onlyTheFirstMessageFindsItsThreadNew(isGivenUp: Bool) async throws {
        try await ConversationHouse.with(.sqlite) { house in
            let mention = house.mention("Tabs or spaces?", "1")
            var address = mention.address
            address.threadIsNew = true
            let question = InboundEvent(
                workspace: mention.workspace,
                originKey: mention.originKey,
                conversationKey: mention.conversationKey,
                actor: mention.actor,
                address: address,
                kind: mention.kind
            )
            try await house.receive(question)
            if isGivenUp { _ = try await house.database.run("update job_queue set attempts = max_attempts") }
            try await house.work()
            try await house.deliver()
            #expect(house.publicMessages.map(\.address.threadIsNew) == [true, false])
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func oneAgentThatFailsIsNamedAndTheOthersGoOn(engine: DatabaseEngine) async throws {
        let fail: @Sendable (String) async throws -> Void = { key in
            if key.hasSuffix("/gamma") { throw AgentError(.quotaExceeded, "The quota is used up.") }
        }
        try await ConversationHouse.with(engine, before: fail) { house in
            try await house.receive(house.mention("--agents alpha,beta,gamma Tabs or spaces?", "1"))
            try await house.work()
            try await house.deliver()
            #expect(try await house.debate().status == .completed)
            #expect(house.publicMessages.last?.payload.contains("Had trouble: gamma") == true)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func anAgentThatIsGoneFailsItsCalls(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            try await house.receive(house.mention("--agents alpha,beta,gamma Tabs or spaces?", "1"))
            try await house.work(panel: ScriptedPanel(["alpha", "beta"], calls: house.calls))
            let debate = try await house.debate()
            #expect(debate.status == .completed)
            let failures = try await house.projection(debate)?.failures ?? []
            #expect(failures.first?.agent == "gamma")
            #expect(failures.first?.message == "The agent gamma is not configured any more.")
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func theVerdictNamesTheModelThatReallySpoke(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            var replaced = ScriptedAgent("alpha", calls: house.calls)
            replaced.fallbackModel = "other/model"
            var panel = ScriptedPanel(["alpha", "beta"], calls: house.calls)
            panel.agents[0] = replaced
            try await house.receive(house.mention("Tabs or spaces?", "1"))
            try await house.work(panel: panel)
            try await house.deliver()
            #expect(house.publicMessages.last?.payload.contains("alpha (answered by other/model)") == true)
        }
    }

    /// Nobody stood in: where the journal names the panel, it goes on without the one that is gone.
    @Test(arguments: DatabaseEngine.allCases)
    func anAgentThatGoesMeanwhileIsReplacedByNoModel(engine: DatabaseEngine) async throws {
        let gate = Gate()
        let hold: @Sendable (String) async throws -> Void = { key in
            if key.contains("/critique/") { try await gate.wait() }
        }
        try await ConversationHouse.with(engine, before: hold) { house in
            try await house.receive(house.mention("--agents alpha,beta,gamma Tabs or spaces?", "1"))
            try await house.alongside([house.worker("first").run]) { await gate.waitForCalls(2) }
            gate.open()
            try await house.work(panel: ScriptedPanel(["alpha", "beta"], calls: house.calls))
            let debate = try await house.debate()
            #expect(debate.status == .completed)
            let projection = try #require(try await house.projection(debate))
            #expect(projection.failures.contains { $0.agent == "gamma" && $0.code == "agent_unavailable" })
            let receipt = try #require(try await house.service.receipt(of: debate.id, workspace: debate.workspace))
            #expect(!String(decoding: receipt, as: UTF8.self).contains("fallback_model"))
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aRunningDebateStopsWithWhatItHas(engine: DatabaseEngine) async throws {
        let gate = Gate()
        let hold: @Sendable (String) async throws -> Void = { key in
            if key.contains("/critique/") { try await gate.wait() }
        }
        try await ConversationHouse.with(engine, before: hold) { house in
            try await house.receive(house.mention("Tabs or spaces?", "1"))
            let worker = house.worker()
            try await house.alongside([worker.run]) {
                await gate.waitForCalls(2)
                // The heartbeat, the poll of the jobs, the phase's end and the next progress edit.
                await house.time.waitForSleepers(4)
                try await house.receive(house.mention("stop", "2", thread: "1", by: "U2"))
                #expect(try await house.debate().status == .running)
                house.time.advance(by: .seconds(2))
                try await house.wait { try await house.openJobs() == 0 }
            }
            #expect(try await house.debate().status == .cancelled)
            try await house.deliver()
            let end = try #require(house.publicMessages.last)
            #expect(end.payload.contains("Debate #1 was stopped"))
            #expect(house.publicMessages[0].payload.contains("Progress: Cancelled by U2."))
            #expect(house.answers.map(\.address.person) == ["U2"])
            #expect(house.calls.keys(of: "vote").isEmpty)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aDebateStoppedBeforeItBeganAsksNobody(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            try await house.receive(house.mention("Tabs or spaces?", "1"), house.mention("stop", "2", thread: "1"))
            try await house.work()
            #expect(try await house.debate().status == .cancelled)
            #expect(house.calls.keys == [])
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aDebateThatCannotBeTakenUpIsGivenUpInWords(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            try await house.receive(house.mention("Tabs or spaces?", "1"))
            try await house.deliver()
            try await house.database.run("update job_queue set attempts = max_attempts")
            try await house.work()
            try await house.deliver()
            #expect(try await house.debate().status == .failed)
            #expect(house.publicMessages.count == 2)
            #expect(house.publicMessages[1].payload.contains("Debate #1 failed\nIt was tried 5 times"))
            #expect(house.publicMessages[0].payload.contains("Progress: Failed"))
            #expect(house.publicMessages[0].token("Stop") == nil)
            try await house.receive(house.command("status", "s"), house.command("verdict 1", "v"))
            try await house.deliver()
            #expect(house.answers.contains { $0.payload.contains("Progress: Ended without a verdict") })
            #expect(house.answers.contains { $0.payload.contains("Debate #1 failed") })
            #expect(house.calls.keys == [])
        }
    }
}
