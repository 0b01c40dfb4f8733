import Agents
import CoreTypes
import TestSupport
import Testing

/// A client that fails at first and then takes five seconds for each answer.
private final class RecoveringClient: ModelClient {
    private let failures: Int
    private let time: ManualTime
    private let count = Shared(0)

    init(failures: Int, time: ManualTime) {
        self.failures = failures
        self.time = time
    }

    var calls: Int { count.value }

    func complete(_ request: ModelRequest) async throws -> Completion {
        if count.change({ $0 += 1 }) <= failures { throw AgentError(.overloaded, "scripted") }
        try await time.sleep(for: .seconds(5))
        return Completion(text: "back")
    }
}

@Suite struct CircuitBreakerTests {
    private let start = Timestamp(milliseconds: 0)

    private func permit(_ breaker: inout CircuitBreaker, at seconds: Int) -> CircuitBreaker.Permit? {
        guard case .allowed(let permit) = breaker.admit(now: start + .seconds(seconds)) else { return nil }
        return permit
    }

    private func opened() throws -> CircuitBreaker {
        var breaker = CircuitBreaker()
        for _ in 0..<3 {
            let permit = try #require(permit(&breaker, at: 0))
            breaker.failed(permit, now: start)
        }
        return breaker
    }

    @Test func opensAfterThreeFailuresInARow() throws {
        var breaker = CircuitBreaker()
        for outcome in [false, false, true, false, false] {
            let permit = try #require(permit(&breaker, at: 0))
            if outcome { breaker.succeeded(permit) } else { breaker.failed(permit, now: start) }
        }
        let last = try #require(permit(&breaker, at: 0))
        breaker.failed(last, now: start)
        #expect(breaker.admit(now: start + .seconds(10)) == .refused(retryAfter: .seconds(50)))
    }

    @Test func letsOneTrialThroughAndClosesAfterTwo() throws {
        var breaker = try opened()
        #expect(permit(&breaker, at: 59) == nil)
        let first = try #require(permit(&breaker, at: 60))
        #expect(permit(&breaker, at: 60) == nil)
        breaker.succeeded(first)
        let second = try #require(permit(&breaker, at: 61))
        #expect(permit(&breaker, at: 61) == nil)
        breaker.succeeded(second)
        #expect(permit(&breaker, at: 62) != nil)
        #expect(permit(&breaker, at: 62) != nil)
    }

    @Test func aFailedTrialStartsTheCooldownAnew() throws {
        var breaker = try opened()
        let trial = try #require(permit(&breaker, at: 60))
        breaker.failed(trial, now: start + .seconds(70))
        #expect(permit(&breaker, at: 129) == nil)
        #expect(permit(&breaker, at: 130) != nil)
    }

    @Test func aCancelledTrialMakesRoomForTheNext() throws {
        var breaker = try opened()
        let trial = try #require(permit(&breaker, at: 60))
        breaker.abandoned(trial)
        #expect(permit(&breaker, at: 60) != nil)
    }

    @Test func lateResultsDecideNothing() throws {
        var breaker = CircuitBreaker()
        let early = try #require(permit(&breaker, at: 0))
        for _ in 0..<3 {
            let permit = try #require(permit(&breaker, at: 0))
            breaker.failed(permit, now: start)
        }
        breaker.succeeded(early)
        #expect(permit(&breaker, at: 1) == nil)
        _ = try #require(permit(&breaker, at: 60))
        breaker.failed(early, now: start + .seconds(61))
        #expect(breaker.admit(now: start + .seconds(61)) == .refused(retryAfter: .seconds(1)))
    }

    @Test func theClientAsksNoMoreWhileItIsOpen() async throws {
        let time = ManualTime()
        let inner = ScriptedClient(
            ScriptedClient.failure(.overloaded),
            ScriptedClient.failure(.network),
            ScriptedClient.failure(.timeout),
            ScriptedClient.text("back")
        )
        let client = BreakingClient(inner, provider: "P", time: time)
        for _ in 0..<3 { await #expect(throws: AgentError.self) { try await client.complete(.sample) } }
        let error = await #expect(throws: AgentError.self) { try await client.complete(.sample) }
        #expect(error?.reason == .circuitOpen)
        #expect(inner.calls == 3)
        time.advance(by: .seconds(60))
        #expect(try await client.complete(.sample).text == "back")
    }

    /// A client behind a breaker that has just opened.
    private func openedClient(_ inner: RecoveringClient, waits: Bool = true, time: ManualTime) async -> BreakingClient {
        let client = BreakingClient(inner, provider: "P", waits: waits, time: time)
        for _ in 0..<3 { await #expect(throws: AgentError.self) { try await client.complete(.sample) } }
        return client
    }

    private func question(until deadline: Timestamp) -> ModelRequest {
        var request = ModelRequest.sample
        request.deadline = deadline
        return request
    }

    /// The three seats of a panel with one key, while the breaker is open and when its trial is due.
    @Test(arguments: [0, 60])
    func theSeatsWaitForTheTrial(secondsLater: Int) async {
        let time = ManualTime()
        let inner = RecoveringClient(failures: 3, time: time)
        let client = await openedClient(inner, time: time)
        time.advance(by: .seconds(secondsLater))
        let request = question(until: time.now() + .seconds(240))
        let ends = Shared<[AgentError.Code?]>([])
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<3 {
                group.addTask {
                    do {
                        _ = try await client.complete(request)
                        ends.change { $0.append(nil) }
                    } catch {
                        ends.change { $0.append((error as? AgentError)?.reason ?? .internalError) }
                    }
                }
            }
            // The clock moves only while all who are left wait for it.
            while ends.value.count < 3 {
                if time.sleeperCount >= 3 - ends.value.count { time.advance(by: .seconds(5)) }
                await Task.yield()
            }
        }
        #expect(ends.value == [nil, nil, nil])
        #expect(inner.calls == 6)
    }

    @Test func nobodyWaitsPastTheDeadlineOrBeforeASubstitute() async {
        let time = ManualTime()
        let inner = RecoveringClient(failures: 3, time: time)
        let patient = await openedClient(inner, time: time)
        let short = question(until: time.now() + .seconds(60))
        let late = await #expect(throws: AgentError.self) { try await patient.complete(short) }
        #expect(late?.reason == .circuitOpen)
        let replaced = await openedClient(RecoveringClient(failures: 3, time: time), waits: false, time: time)
        let long = question(until: time.now() + .seconds(240))
        let refused = await #expect(throws: AgentError.self) { try await replaced.complete(long) }
        #expect(refused?.reason == .circuitOpen)
        #expect(time.sleeps.isEmpty)
    }

    @Test func wrongQuestionsDoNotOpenIt() async {
        let inner = ScriptedClient(ScriptedClient.failure(.badRequest))
        let client = BreakingClient(inner, provider: "P", time: ManualTime())
        for _ in 0..<5 { await #expect(throws: AgentError.self) { try await client.complete(.sample) } }
        #expect(inner.calls == 5)
    }
}
