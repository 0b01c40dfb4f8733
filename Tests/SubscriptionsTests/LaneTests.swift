import CoreTypes
import Testing

@testable import Subscriptions

@Suite struct LaneTests {
    private let now = Timestamp(milliseconds: 1_750_000_000_000)

    private func attempt(_ status: Int, retryAfter: Duration? = nil) -> Attempt {
        Attempt(
            status: status,
            errorCode: "",
            body: [],
            retryAfter: retryAfter,
            startedAt: now,
            duration: .zero
        )
    }

    @Test func aHealthyEndpointIsGivenMore() {
        var pace = EndpointPace()
        for _ in 0..<100 { #expect(pace.note(attempt(200), maximum: 16, now: now, jitter: 0) == nil) }
        #expect(pace.window == 16)
    }

    @Test func oneBadMessageIsNoBadEndpoint() {
        var pace = EndpointPace()
        for _ in 0..<3 { #expect(pace.note(attempt(400), maximum: 16, now: now, jitter: 0) == nil) }
        #expect(pace.note(attempt(400), maximum: 16, now: now, jitter: 0) == now + .seconds(1))
        _ = pace.note(attempt(200), maximum: 16, now: now, jitter: 0)
        #expect(pace.failuresInARow == 0)
    }

    @Test(arguments: [0, 429, 502, 503, 504])
    func anOverburdenedEndpointIsLeftAlone(_ status: Int) {
        var pace = EndpointPace()
        #expect(pace.note(attempt(status), maximum: 16, now: now, jitter: 0) == now + .seconds(1))
        #expect(pace.window == 1)
        #expect(pace.note(attempt(status), maximum: 16, now: now, jitter: 0) == now + .seconds(2))
        for _ in 0..<20 { _ = pace.note(attempt(status), maximum: 16, now: now, jitter: 0) }
        #expect(pace.note(attempt(status), maximum: 16, now: now, jitter: 0) == now + .seconds(60))
        let asked = attempt(status, retryAfter: .seconds(600))
        #expect(pace.note(asked, maximum: 16, now: now, jitter: 0) == now + .seconds(600))
    }

    @Test func pausesGrowByJitterAlone() {
        let policy = RetryPolicy()
        for failures in 0..<9 {
            let pause = RetryPolicy.schedule[failures]
            let early = policy.decide(attempt(500), failures: failures, isTest: false, now: now, jitter: 0)
            let late = policy.decide(attempt(500), failures: failures, isTest: false, now: now, jitter: 1)
            #expect(early == .retry(at: now + pause, attempts: failures + 1))
            #expect(late == .retry(at: now + pause * 1.2, attempts: failures + 1))
        }
        #expect(policy.decide(attempt(500), failures: 9, isTest: false, now: now, jitter: 0) == .givenUp)
        #expect(policy.decide(attempt(410), failures: 0, isTest: false, now: now, jitter: 0) == .gone)
        #expect(policy.decide(attempt(500), failures: 0, isTest: true, now: now, jitter: 0) == .givenUp)
        #expect(policy.decide(attempt(299), failures: 0, isTest: false, now: now, jitter: 0) == .delivered)
        #expect(policy.decide(attempt(301), failures: 9, isTest: false, now: now, jitter: 0) == .givenUp)
    }
}
