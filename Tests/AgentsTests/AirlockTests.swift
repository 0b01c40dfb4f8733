import Agents
import CoreTypes
import Logging
import TestSupport
import Testing

/// An agent that does what a test tells it.
private struct OddAgent: Agent {
    let profile = AgentProfile(name: "odd", provider: "Test", model: "none")
    let text: @Sendable (AgentCall) async throws -> String

    func generate(_ request: GenerateRequest, call: AgentCall) async throws -> Reply<String> {
        Reply(try await text(call), usage: Usage(inputTokens: 1))
    }

    func critique(_ request: CritiqueRequest, call: AgentCall) async throws -> Reply<Critique> {
        let text = try await text(call)
        return Reply(
            Critique(
                agent: "somebody else",
                target: "somebody else",
                issues: Array(repeating: text, count: 50) + [""],
                suggestions: [String(repeating: "s", count: 100_000)],
                severity: .nan,
                reasoning: text
            )
        )
    }

    func vote(_ request: VoteRequest, call: AgentCall) async throws -> Reply<Vote> {
        Reply(Vote(agent: "somebody else", choice: try await text(call), confidence: 7))
    }
}

@Suite struct AirlockTests {
    private let briefing = Briefing(task: "Q")
    private let call = AgentCall(key: "k")

    private func airlock(
        _ time: any TimeSource = ManualTime(isAutomatic: false),
        _ text: @escaping @Sendable (AgentCall) async throws -> String
    ) -> Airlock {
        Airlock(OddAgent(text: text), time: time, logger: Logger(label: "test"))
    }

    private var generate: GenerateRequest { GenerateRequest(purpose: .answer, briefing: briefing) }

    @Test("time in line is not the call's")
    func waitsInLineBeforeItsTimeBegins() async {
        let time = ManualTime()
        let agent = LimitedAgent(
            airlock(time) { _ in
                try await time.sleep(for: .seconds(200))
                return "an answer"
            },
            limit: ConcurrencyLimit(1)
        )
        await withThrowingTaskGroup(of: Reply<String>.self) { group in
            for _ in 0..<2 {
                group.addTask { [generate, call] in try await agent.generate(generate, call: call) }
            }
            // Each takes 200 s of the 240 that a call may take; the second one begins when the first has ended.
            for _ in 0..<2 {
                await time.waitForSleepers(2)
                time.advance(by: .seconds(200))
                let reply = await group.nextResult()
                #expect((try? reply?.get().value) == "an answer")
            }
        }
    }

    @Test func endsAHangAtTheLimit() async {
        let time = ManualTime()
        let airlock = airlock(time) { _ in
            try await time.sleep(for: .seconds(86_400))
            return "too late"
        }
        await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [generate, call] in _ = try await airlock.generate(generate, call: call) }
            await time.waitForSleepers(2)
            time.advance(by: .seconds(239))
            #expect(time.sleeperCount == 2)
            time.advance(by: .seconds(1))
            let error = await #expect(throws: AgentError.self) { try await group.next() }
            #expect(error?.reason == .timeout)
            #expect(error?.description == "odd did not answer within 240 s.")
        }
        #expect(time.sleeperCount == 0)
    }

    @Test(arguments: [AgentError.Code.emptyAnswer, .invalidAnswer])
    func asksOnceMoreWithAnotherKey(reason: AgentError.Code) async throws {
        let time = ManualTime()
        let keys = Shared<[String]>([])
        let airlock = airlock(time) { call in
            let count = keys.change { $0.append(call.key) }.count
            if count == 1 { throw AgentError(reason, "nothing") }
            return "second"
        }
        try await withThrowingTaskGroup(of: String.self) { group in
            group.addTask { [generate, call] in try await airlock.generate(generate, call: call).value }
            await time.waitForSleepers(2)
            time.advance(by: .seconds(2))
            let answer = try await group.next()
            #expect(answer == "second")
        }
        #expect(keys.value == ["k", "k-2"])
    }

    @Test func failsClearlyAfterTheSecondTry() async {
        let time = ManualTime()
        let airlock = airlock(time) { _ in throw AgentError(.invalidAnswer, "nothing") }
        await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [briefing, call] in
                let request = VoteRequest(briefing: briefing, proposals: [])
                _ = try await airlock.vote(request, call: call)
            }
            await time.waitForSleepers(2)
            time.advance(by: .seconds(2))
            let error = await #expect(throws: AgentError.self) { try await group.next() }
            #expect(error?.reason == .invalidAnswer)
        }
    }

    @Test func cleansAndBoundsWhatComesThrough() async throws {
        let airlock = airlock { _ in FakeModelServer.injection }
        let text = try await airlock.generate(generate, call: call)
        #expect(!text.value.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" })
        #expect(text.usage.inputTokens == 1)

        let target = Proposal(agent: "target", content: "x")
        let critique = try await airlock.critique(CritiqueRequest(briefing: briefing, target: target), call: call).value
        #expect(critique.agent == "odd")
        #expect(critique.target == "target")
        #expect(critique.issues.count == 5)
        #expect(critique.suggestions.map(\.count) == [2_000])
        #expect(critique.severity == 0.5)

        let vote = try await airlock.vote(VoteRequest(briefing: briefing, proposals: []), call: call).value
        #expect(vote.agent == "odd")
        #expect(vote.confidence == 1)
        #expect(vote.choice.count <= 500)
    }

    @Test func boundsEveryMark() async throws {
        let marked = "a" + String(repeating: "\u{301}", count: 120_000)
        let airlock = airlock { _ in marked }
        let target = Proposal(agent: "target", content: "x")
        let critique = try await airlock.critique(CritiqueRequest(briefing: briefing, target: target), call: call).value
        #expect(critique.issues.map(\.unicodeScalars.count) == Array(repeating: 2_000, count: 5))
        #expect(critique.reasoning.unicodeScalars.count == 8_000)
        let vote = try await airlock.vote(VoteRequest(briefing: briefing, proposals: []), call: call).value
        #expect(vote.choice.unicodeScalars.count == 500)
    }

    @Test func refusesEndlessAnswers() async {
        let airlock = airlock { _ in String(repeating: "on and ", count: 100_000) }
        let error = await #expect(throws: AgentError.self) { try await airlock.generate(generate, call: call) }
        #expect(error?.reason == .tooLong)
    }

    @Test func turnsStrangeErrorsIntoPlainOnes() async {
        struct Strange: Error {}
        let airlock = airlock { _ in throw Strange() }
        let error = await #expect(throws: AgentError.self) { try await airlock.generate(generate, call: call) }
        #expect(error?.reason == .internalError)
    }

    @Test func passesCancellationOn() async {
        let time = ManualTime()
        let airlock = airlock(time) { _ in
            try await time.sleep(for: .seconds(10))
            return ""
        }
        await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [generate, call] in _ = try await airlock.generate(generate, call: call) }
            await time.waitForSleepers(2)
            group.cancelAll()
            await #expect(throws: CancellationError.self) { try await group.next() }
        }
    }

    @Test func tellsHowLongItWaitsAndCountsBothAnswers() async throws {
        let time = ManualTime()
        let start = time.now()
        let deadlines = Shared<[Timestamp?]>([])
        let airlock = airlock(time) { call in
            let count = deadlines.change { $0.append(call.deadline) }.count
            if count == 1 { throw AgentError(.invalidAnswer, "nothing", usage: Usage(inputTokens: 5)) }
            return "second"
        }
        try await withThrowingTaskGroup(of: Usage.self) { group in
            group.addTask { [generate, call] in try await airlock.generate(generate, call: call).usage }
            await time.waitForSleepers(2)
            time.advance(by: .seconds(2))
            let usage = try await group.next()
            #expect(usage?.inputTokens == 6)
        }
        #expect(deadlines.value == [start + .seconds(240), start + .seconds(240)])
    }

    @Test func absurdUsageIsNoMoreThanTheLargestNumber() async {
        let time = ManualTime()
        let airlock = airlock(time) { _ in
            let usage = Usage(inputTokens: .max, outputTokens: .max, costMicrodollars: .max)
            throw AgentError(.emptyAnswer, "nothing", usage: usage)
        }
        await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [generate, call] in _ = try await airlock.generate(generate, call: call) }
            await time.waitForSleepers(2)
            time.advance(by: .seconds(2))
            let error = await #expect(throws: AgentError.self) { try await group.next() }
            #expect(error?.usage == Usage(inputTokens: .max, outputTokens: .max, costMicrodollars: .max))
        }
        let least = Usage(inputTokens: .min, outputTokens: 1, costMicrodollars: .min)
        #expect(least + least == Usage(inputTokens: .min, outputTokens: 2, costMicrodollars: .min))
    }

    @Test func anUnreadableAnswerSaysWhatItCost() async throws {
        let agent = ModelAgent(
            profile: AgentProfile(name: "m", provider: "P", model: "m"),
            client: ScriptedClient(.success(Completion(text: "no vote", usage: Usage(inputTokens: 7)))),
            prompts: PromptBuilder(name: "m")
        )
        let time = ManualTime()
        let airlock = Airlock(agent, time: time, logger: Logger(label: "test"))
        await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [briefing, call] in
                _ = try await airlock.vote(VoteRequest(briefing: briefing, proposals: []), call: call)
            }
            await time.waitForSleepers(2)
            time.advance(by: .seconds(2))
            let error = await #expect(throws: AgentError.self) { try await group.next() }
            #expect(error?.usage.inputTokens == 14)
        }
    }
}
