import Agents
import CoreTypes
import Logging
import TestSupport
import Testing

@Suite struct RetryTests {
    private let time = ManualTime(isAutomatic: true)

    private func client(_ inner: ScriptedClient) -> RetryingClient {
        RetryingClient(inner, time: time, jitter: FixedJitter())
    }

    @Test func triesThreeTimesWithTheSameKey() async throws {
        let inner = ScriptedClient(
            ScriptedClient.failure(.overloaded),
            ScriptedClient.failure(.network),
            ScriptedClient.text("there")
        )
        let completion = try await client(inner).complete(.sample)
        #expect(completion.text == "there")
        #expect(inner.keys == ["key", "key", "key"])
        #expect(time.sleeps == [.seconds(1), .seconds(2)])
    }

    @Test func givesUpAfterThreeTries() async {
        let inner = ScriptedClient(ScriptedClient.failure(.timeout))
        let error = await #expect(throws: AgentError.self) { try await client(inner).complete(.sample) }
        #expect(error?.reason == .timeout)
        #expect(inner.calls == 3)
    }

    @Test(arguments: [
        AgentError.Code.authentication, .quotaExceeded, .badRequest, .refused, .tooLong, .emptyAnswer, .invalidAnswer,
    ])
    func repeatsNothingThatWouldFailAgain(reason: AgentError.Code) async {
        let inner = ScriptedClient(ScriptedClient.failure(reason))
        await #expect(throws: AgentError.self) { try await client(inner).complete(.sample) }
        #expect(inner.calls == 1)
    }

    @Test func waitsAsLongAsItIsAsked() async throws {
        let inner = ScriptedClient(
            ScriptedClient.failure(.rateLimited, retryAfter: .seconds(30)),
            ScriptedClient.text("there")
        )
        _ = try await client(inner).complete(.sample)
        #expect(time.sleeps.allSatisfy { $0 >= .seconds(30) && $0 < .seconds(31) })
        #expect(time.sleeps.count == 1)
    }

    @Test func doesNotWaitForHours() async {
        let inner = ScriptedClient(ScriptedClient.failure(.rateLimited, retryAfter: .seconds(61)))
        await #expect(throws: AgentError.self) { try await client(inner).complete(.sample) }
        #expect(time.sleeps.isEmpty)
    }

    @Test func waitsUntilTheDeadlineWhereItIsTold() async throws {
        var policy = RetryPolicy.standard
        policy.waitsUntilDeadline = true
        let inner = ScriptedClient(
            ScriptedClient.failure(.rateLimited, retryAfter: .seconds(100)),
            ScriptedClient.text("there"),
            ScriptedClient.failure(.rateLimited, retryAfter: .seconds(240))
        )
        let client = RetryingClient(inner, policy: policy, time: time, jitter: FixedJitter(0))
        var request = ModelRequest.sample
        request.deadline = time.now() + .seconds(240)
        let completion = try await client.complete(request)
        #expect(completion.text == "there")
        #expect(time.sleeps == [.seconds(100)])
        await #expect(throws: AgentError.self) { try await client.complete(request) }
        #expect(time.sleeps == [.seconds(100)])
    }

    @Test func spreadsThePauses() {
        let policy = RetryPolicy.standard
        let error = AgentError(.overloaded, "")
        #expect(policy.pause(afterTries: 1, error: error, random: 0) == .milliseconds(700))
        #expect(policy.pause(afterTries: 2, error: error, random: 0.5) == .seconds(2))
        var impatient = policy
        impatient.retriesTimeouts = false
        #expect(impatient.pause(afterTries: 1, error: AgentError(.timeout, ""), random: 0) == nil)
        var long = policy
        long.maximumTries = 99
        long.jitter = 0
        #expect(long.pause(afterTries: 50, error: error, random: 0.9) == .seconds(60))
    }

    @Test func stopsInTheMiddleOfAPause() async {
        let time = ManualTime()
        let inner = ScriptedClient(ScriptedClient.failure(.overloaded))
        let client = RetryingClient(inner, time: time, jitter: FixedJitter())
        await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { _ = try await client.complete(.sample) }
            await time.waitForSleepers()
            group.cancelAll()
            await #expect(throws: CancellationError.self) { try await group.next() }
        }
        #expect(inner.calls == 1)
    }

    @Test(arguments: [
        AgentError.Code.quotaExceeded, .rateLimited, .timeout, .overloaded, .circuitOpen,
    ])
    func fallsBack(reason: AgentError.Code) async throws {
        let client = FallbackClient(
            ScriptedClient(ScriptedClient.failure(reason)),
            substitute: ScriptedClient(ScriptedClient.text("from elsewhere", model: "other/model")),
            substituteModel: "openrouter/auto",
            time: ManualTime(),
            logger: Logger(label: "test")
        )
        let completion = try await client.complete(.sample)
        #expect(completion.text == "from elsewhere")
        #expect(completion.usage.fallbackModel == "other/model")
    }

    @Test(arguments: [AgentError.Code.authentication, .badRequest, .refused, .network])
    func hidesNoMistake(reason: AgentError.Code) async {
        let substitute = ScriptedClient(ScriptedClient.text("from elsewhere"))
        let client = FallbackClient(
            ScriptedClient(ScriptedClient.failure(reason)),
            substitute: substitute,
            substituteModel: "m",
            time: ManualTime(),
            logger: Logger(label: "test")
        )
        let error = await #expect(throws: AgentError.self) { try await client.complete(.sample) }
        #expect(error?.reason == reason)
        #expect(substitute.calls == 0)
    }

    @Test func tellsTheFirstFailureWhereBothFailAndWhatBothCost() async {
        let client = FallbackClient(
            ScriptedClient(ScriptedClient.failure(.timeout, usage: Usage(inputTokens: 2))),
            substitute: ScriptedClient(ScriptedClient.failure(.refused, usage: Usage(inputTokens: 5))),
            substituteModel: "m",
            time: ManualTime(),
            logger: Logger(label: "test")
        )
        let error = await #expect(throws: AgentError.self) { try await client.complete(.sample) }
        #expect(error?.reason == .timeout)
        #expect(error?.usage.inputTokens == 7)
    }

    @Test func leavesTheSubstituteTime() async throws {
        let time = ManualTime()
        let first = ScriptedClient(ScriptedClient.failure(.timeout))
        let substitute = ScriptedClient(ScriptedClient.text("from elsewhere"))
        let client = FallbackClient(
            first,
            substitute: substitute,
            substituteModel: "m",
            time: time,
            logger: Logger(label: "test")
        )
        var request = ModelRequest.sample
        request.deadline = time.now() + .seconds(180)
        _ = try await client.complete(request)
        #expect(first.firstPieces == [time.now() + .seconds(120)])
        #expect(substitute.firstPieces == [nil])
        // Whoever writes has the whole time.
        #expect(first.deadlines == [request.deadline])
        #expect(substitute.deadlines == [request.deadline])
    }

    @Test func countsWhatFailedTriesCost() async throws {
        let broken = ScriptedClient.failure(.network, usage: Usage(inputTokens: 5))
        let completion = try await client(ScriptedClient(broken, broken, ScriptedClient.text("there")))
            .complete(.sample)
        #expect(completion.usage.inputTokens == 10)
        let error = await #expect(throws: AgentError.self) {
            try await client(ScriptedClient(broken)).complete(.sample)
        }
        #expect(error?.usage.inputTokens == 15)
    }

    @Test func doesNotTryAgainInTheSubstitutesTime() async {
        let time = ManualTime(isAutomatic: true)
        let inner = ScriptedClient(ScriptedClient.failure(.rateLimited, retryAfter: .seconds(20)))
        let client = RetryingClient(inner, time: time, jitter: FixedJitter(0))
        var request = ModelRequest.sample
        request.firstPieceBy = time.now() + .seconds(30)
        request.deadline = time.now() + .seconds(45)
        let error = await #expect(throws: AgentError.self) { try await client.complete(request) }
        #expect(error?.reason == .rateLimited)
        #expect(inner.calls == 2)
    }

    @Test func doesNotTryAgainBehindTheDeadline() async {
        let time = ManualTime(isAutomatic: true)
        let inner = ScriptedClient(ScriptedClient.failure(.rateLimited, retryAfter: .seconds(20)))
        let client = RetryingClient(inner, time: time, jitter: FixedJitter(0))
        var request = ModelRequest.sample
        request.deadline = time.now() + .seconds(30)
        let error = await #expect(throws: AgentError.self) { try await client.complete(request) }
        #expect(error?.reason == .rateLimited)
        #expect(inner.calls == 2)
        #expect(time.sleeps == [.seconds(20)])
    }
}
