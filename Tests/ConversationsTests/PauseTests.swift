import ChannelSupport
import Channels
import Conversations
import CoreTypes
import DatabaseSupport
import Debates
import Persistence
import Synchronization
import TestSupport
import Testing

/// A debate that waits for people holds nothing, outlives its process, and goes on as they decide.
@Suite(.timeLimit(.minutes(5))) struct PauseTests {
    /// What befalls a process between two transactions.
    private struct Death: CodedError {
        let code = "death"
        let description = "The process died."
        let isRetryable = true
    }

    /// People who answer when the test says so.
    private final class People: BreakpointGate {
        private struct State {
            var asked: [String] = []
            var contexts: [String] = []
            var answer: BreakpointResolution?
            var isWithdrawn = false
            /// How many more times asking fails, as it does where the process dies before it is done.
            var failures = 0
        }

        private let state = Mutex(State())

        init(failures: Int = 0) {
            state.withLock { $0.failures = failures }
        }

        var asked: [String] { state.withLock { $0.asked } }
        /// What was shown, each time that somebody was asked.
        var contexts: [String] { state.withLock { $0.contexts } }
        var isWithdrawn: Bool { state.withLock { $0.isWithdrawn } }
        func answer(_ resolution: BreakpointResolution) { state.withLock { $0.answer = resolution } }

        func ask(
            about breakpoint: DebateBreakpoint,
            of debate: DebateRecord,
            context: String,
            in transaction: borrowing Transaction
        ) throws {
            try state.withLock { state in
                guard state.failures == 0 else {
                    state.failures -= 1
                    throw Death()
                }
                state.contexts.append(context)
                if !state.asked.contains(breakpoint.reason) { state.asked.append(breakpoint.reason) }
            }
        }

        func resolution(
            of breakpoint: DebateBreakpoint,
            debate: DebateRecord,
            in transaction: borrowing Transaction
        ) throws -> BreakpointResolution? { state.withLock { $0.answer } }

        func withdraw(
            _ breakpoint: DebateBreakpoint,
            of debate: DebateRecord,
            in transaction: borrowing Transaction
        ) throws { state.withLock { $0.isWithdrawn = true } }
    }

    private func ask(
        _ house: ConversationHouse,
        breakpoints: JSONValue = ["verdict_release"],
        agents: [String]? = nil
    ) async throws -> DebateRecord {
        var question = Question(
            workspace: house.workspace,
            task: "Tabs or spaces?",
            platform: "chat",
            originKey: "o1",
            conversationKey: "chat:C1:1",
            address: Address(platform: "chat", workspace: house.workspace, channel: "C1", thread: "1"),
            requestedBy: "U1"
        )
        question.options.breakpoints = breakpoints
        question.options.agents = agents
        return try await house.service.start(question)
    }

    /// Lets a process work until the debate's job sleeps.
    private func sleep(_ house: ConversationHouse, _ worker: JobWorker) async throws {
        try await house.alongside([worker.run]) {
            try await house.claimed {
                try await house.count("job_queue", where: "status = 'pending' and run_at > \(house.time.now())") == 1
            }
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aPausedDebateOutlivesItsProcessAndADay(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            let people = People()
            let debate = try await ask(house)
            try await sleep(house, house.worker("first", gate: people))
            #expect(people.asked == ["The verdict is ready. It goes out when it is released."])
            #expect(try await house.count("job_queue", where: "lease_until is not null") == 0)
            let calls = house.calls.keys
            #expect(try await house.projection(debate)?.waiting?.isRelease == true)
            #expect(try await house.service.isHeldBack(debate.id, workspace: debate.workspace))
            house.time.advance(by: .seconds(24 * 3600))
            try await sleep(house, house.worker("second", gate: people))
            #expect(people.asked.count == 1 && house.calls.keys == calls)
            #expect(try await house.count("outbox", where: "outbox_key like '%/verdict'") == 0)

            people.answer(BreakpointResolution(number: 1, action: .continue, by: "Ann"))
            try await house.database.write { transaction in
                try JobQueue().wake(
                    JobID(debate.id.rawValue),
                    workspaceID: house.workspace,
                    now: house.time.now(),
                    in: transaction
                )
            }
            try await house.finish(house.worker("third", gate: people))
            #expect(try await house.debate().status == .completed)
            #expect(house.calls.keys == calls && !people.isWithdrawn)
            #expect(try await !house.service.isHeldBack(debate.id, workspace: debate.workspace))
            #expect(try await house.count("outbox", where: "outbox_key like '%/verdict'") == 1)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aVerdictThatIsWithheldIsShownToNobody(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            let people = People()
            people.answer(BreakpointResolution(number: 1, action: .abort, by: "Ann"))
            _ = try await ask(house)
            try await house.finish(house.worker("first", gate: people))
            let debate = try await house.debate()
            #expect(debate.status == .cancelled)
            let result = try #require(try await house.projection(debate)?.result)
            #expect(result.finalAnswer.isEmpty && result.reason == "The verdict was withheld by Ann.")
            #expect(try await house.service.isHeldBack(debate.id, workspace: debate.workspace))
            try await house.deliver()
            let ending = try #require(house.publicMessages.last)
            #expect(ending.payload.contains("was stopped") && ending.token("Ask again") != nil)
            #expect(ending.token("Details") == nil && ending.token("Receipt") == nil)
            #expect(!house.publicMessages.contains { $0.payload.contains("access=") })
            // Whoever got hold of such a button all the same learns no more.
            for action in ["details", "receipt"] {
                let rows = try await house.database.run("select token from button_tokens where action = \(action)")
                try await house.receive(house.press(try #require(rows.first).text("token"), action))
                try await house.deliver()
                let answer = try #require(house.answers.last?.payload)
                #expect(answer.contains("was not released"), "\(answer)")
            }
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func stoppingADebateThatWaitsTakesTheQuestionBack(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            let people = People()
            let debate = try await ask(house)
            try await sleep(house, house.worker("first", gate: people))
            try await house.service.cancel(debate.id, workspace: debate.workspace, by: "U1")
            try await house.finish(house.worker("second", gate: people))
            #expect(try await house.debate().status == .cancelled)
            #expect(people.isWithdrawn)
            let verdict = try #require(people.contexts.first)
            #expect(verdict == "The revision of alpha.")
            try await house.deliver()
            #expect(house.publicMessages.contains { $0.payload.contains("was stopped") })
            #expect(!house.publicMessages.contains { $0.payload.contains(verdict) })
            #expect(!house.told.events.contains { $0.data.text.contains(verdict) })
        }
    }

    /// The verdict was released, and then the debate was stopped before anybody went on with it.
    @Test(arguments: DatabaseEngine.allCases)
    func whatWasReleasedBeforeTheStopStaysReleased(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            let people = People()
            let debate = try await ask(house)
            try await sleep(house, house.worker("first", gate: people))
            let verdict = try #require(people.contexts.first)
            people.answer(BreakpointResolution(number: 1, action: .continue, by: "Ann"))
            try await house.service.cancel(debate.id, workspace: debate.workspace, by: "U1")
            try await house.finish(house.worker("second", gate: people))
            let projection = try #require(try await house.projection(debate))
            #expect(projection.result?.status == .cancelled && !projection.isHeldBack && !people.isWithdrawn)
            #expect(projection.result?.finalAnswer == verdict)
            #expect(projection.result?.reason?.contains("not released") == false)
        }
    }

    /// The stop comes while the last vote is cast, and the job hears of it only with its next heartbeat.
    @Test(arguments: DatabaseEngine.allCases)
    func whatIsStoppedRightBeforeItWouldWaitAsksNobody(engine: DatabaseEngine) async throws {
        let gate = Gate()
        let hold: @Sendable (String) async throws -> Void = { key in
            if key.contains("/vote/") { try await gate.wait() }
        }
        try await ConversationHouse.with(engine, before: hold) { house in
            let people = People()
            let debate = try await ask(house)
            try await house.alongside([house.worker("first", gate: people).run]) {
                await gate.waitForCalls(1)
                try await house.service.cancel(debate.id, workspace: debate.workspace, by: "U1")
                gate.open()
                try await house.claimed { try await house.debate().status == .cancelled }
            }
            #expect(people.asked.isEmpty)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func theThreadShowsThatADebateWaits(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            _ = try await ask(house)
            try await sleep(house, house.worker("first", gate: People()))
            try await house.deliver()
            #expect(house.publicMessages.contains { $0.payload.contains("Waiting for people") })
        }
    }

    /// An agent with something to say, and a mind of its own.
    private struct Speaker: Agent {
        let agent: ScriptedAgent
        let choice: String
        var text = ""

        var profile: AgentProfile { agent.profile }

        func generate(_ request: GenerateRequest, call: AgentCall) async throws -> Reply<String> {
            let reply = try await agent.generate(request, call: call)
            return text.isEmpty ? reply : Reply(text)
        }

        func critique(_ request: CritiqueRequest, call: AgentCall) async throws -> Reply<Critique> {
            try await agent.critique(request, call: call)
        }

        func vote(_ request: VoteRequest, call: AgentCall) async throws -> Reply<Vote> {
            Reply(Vote(agent: profile.name, choice: choice, confidence: 0.6, reasoning: "It costs less."))
        }
    }

    private func prompt(
        _ engine: DatabaseEngine,
        _ triggers: [String] = ["low_confidence"],
        leading text: String = ""
    ) async throws -> String {
        let calls = Calls()
        var panel = ScriptedPanel(calls: calls)
        panel.agents = [
            Speaker(agent: ScriptedAgent("alpha", calls: calls), choice: "alpha", text: text),
            Speaker(agent: ScriptedAgent("beta", calls: calls), choice: "beta"),
            ScriptedAgent("gamma", calls: calls),
        ]
        let people = People()
        try await ConversationHouse.with(engine, panel: panel) { house in
            _ = try await ask(
                house,
                breakpoints: ["triggers": .strings(triggers), "confidence": 0.95],
                agents: ["alpha", "beta", "gamma"]
            )
            try await sleep(house, house.worker("first", gate: people))
        }
        return try #require(people.contexts.first)
    }

    @Test(arguments: DatabaseEngine.allCases)
    func whoeverIsAskedSeesWhereThePanelStands(engine: DatabaseEngine) async throws {
        let shown = try await prompt(engine)
        #expect(shown.hasPrefix("The question: Tabs or spaces?"))
        #expect(shown.contains("**alpha** leads:\n\nThe revision of alpha."), "\(shown)")
        #expect(shown.contains("- alpha: ") && shown.contains("% (alpha, gamma)"), "\(shown)")
        #expect(shown.contains("**beta** disagrees (60% sure):\n\n> It costs less."), "\(shown)")
        #expect(!shown.contains("The revision of gamma."))

        // Whole or not at all, and then with the place where it is.
        let long = try await prompt(engine, leading: String(repeating: "word ", count: 10_000))
        #expect(long.contains("**alpha** leads: ") && long.contains("/debates/") && !long.contains("word word"))
        #expect(long.contains("> It costs less."))
    }

    @Test(arguments: DatabaseEngine.allCases)
    func whatWaitsForItsReleaseIsInNoOtherQuestion(engine: DatabaseEngine) async throws {
        let shown = try await prompt(engine, ["low_confidence", "verdict_release"])
        #expect(shown.hasPrefix("The question: Tabs or spaces?") && shown.contains("/debates/"))
        #expect(!shown.contains("alpha") && !shown.contains("It costs less."), "\(shown)")
    }

    /// Between the breakpoint in the journal and the question to people, anything may happen to the process.
    @Test(arguments: DatabaseEngine.allCases)
    func whoTakesOverShowsTheVerdictToo(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            let people = People(failures: 1)
            let debate = try await ask(house)
            try await house.alongside([house.worker("first", gate: people).run]) {
                try await house.claimed {
                    try await house.count("job_queue", where: "attempts > 0 and status = 'pending'") == 1
                }
            }
            #expect(people.contexts.isEmpty)
            #expect(try await house.projection(debate)?.waiting?.isRelease == true)
            house.time.advance(by: .seconds(600))
            try await sleep(house, house.worker("second", gate: people))
            #expect(people.contexts == ["The revision of alpha."])
        }
    }
}
