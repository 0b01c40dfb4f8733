import Channels
import CoreTypes
import TestSupport
import Testing

@Suite struct RateLimiterTests {
    private let start = Timestamp(milliseconds: 5_000_000)
    private let limits = ChannelLimits(
        channelBurst: 3,
        channelInterval: .seconds(1),
        methodsPerMinute: ["edit": 2],
        editInterval: .seconds(2)
    )

    private func call(_ operation: SendOperation = .post, channel: String = "C1", workspace: String = "w")
        -> RateLimiter.Call
    {
        RateLimiter.Call(
            platform: "scripted",
            workspace: WorkspaceID(workspace),
            channel: channel,
            operation: operation
        )
    }

    @Test func aChannelTakesABurstAndThenOneAtATime() {
        var limiter = RateLimiter()
        for _ in 0..<3 { #expect(limiter.take(call(), limits: limits, now: start) == .go) }
        #expect(limiter.take(call(), limits: limits, now: start) == .wait(until: start + .seconds(1)))
        #expect(limiter.take(call(channel: "C2"), limits: limits, now: start) == .go)
        #expect(limiter.take(call(workspace: "v"), limits: limits, now: start) == .go)
        #expect(limiter.take(call(), limits: limits, now: start + .seconds(1)) == .go)
        #expect(limiter.take(call(), limits: limits, now: start + .seconds(1)) == .wait(until: start + .seconds(2)))
    }

    @Test func neverMoreThanTheBurstAndTheRate() {
        var limiter = RateLimiter()
        var granted: [Timestamp] = []
        for step in 0..<1000 {
            let now = start + .milliseconds(step * 97)
            if limiter.take(call(), limits: limits, now: now) == .go { granted.append(now) }
        }
        for (first, moment) in granted.enumerated() {
            let within = granted[first...].prefix { $0 - moment < .seconds(10) }.count
            #expect(within <= 3 + 10)
        }
        #expect(granted.count >= 95)
    }

    @Test func aMethodHasItsOwnWindow() {
        var limiter = RateLimiter()
        #expect(limiter.take(call(.edit), limits: limits, now: start) == .go)
        #expect(limiter.take(call(.edit), limits: limits, now: start + .seconds(10)) == .go)
        #expect(
            limiter.take(call(.edit, channel: "C2"), limits: limits, now: start + .seconds(11))
                == .wait(until: start + .seconds(60))
        )
        #expect(limiter.take(call(.edit, workspace: "v"), limits: limits, now: start + .seconds(11)) == .go)
        #expect(limiter.take(call(.edit), limits: limits, now: start + .seconds(60)) == .go)
    }

    @Test func eachOfThoseWhoWaitIsToldAMomentOfItsOwn() {
        func wait(_ verdict: RateLimiter.Verdict) -> Int64? {
            if case .wait(let until) = verdict { (until - start).milliseconds / 1000 } else { nil }
        }
        var limiter = RateLimiter()
        for _ in 0..<3 { #expect(limiter.take(call(), limits: limits, now: start) == .go) }
        #expect((0..<4).map { _ in wait(limiter.take(call(), limits: limits, now: start)) } == [1, 2, 3, 4])
        #expect(limiter.take(call(), limits: limits, now: start + .seconds(1)) == .go)

        for second in [0, 10] {
            #expect(limiter.take(call(.edit), limits: limits, now: start + .seconds(second)) == .go)
        }
        let now = start + .seconds(11)
        let told = (0..<5).map { _ in wait(limiter.take(call(.edit), limits: limits, now: now)) }
        #expect(told == [60, 70, 120, 130, 180])
        // The first one comes a little late, the second one in time: it is told when there is room, not sent to the end.
        #expect(limiter.take(call(.edit), limits: limits, now: start + .seconds(60)) == .go)
        #expect(limiter.take(call(.edit), limits: limits, now: start + .seconds(71)) == .go)
        #expect(limiter.take(call(.edit), limits: limits, now: start + .seconds(120)) == .go)
        #expect(wait(limiter.take(call(.edit), limits: limits, now: start + .seconds(130))) == 131)
        // A moment at which nobody came holds nobody up.
        #expect(limiter.take(call(.edit), limits: limits, now: start + .seconds(170)) == .go)
        #expect(limiter.take(call(.edit), limits: limits, now: start + .seconds(400)) == .go)
    }

    @Test func aPlatformsWordHoldsItsScope() {
        var limiter = RateLimiter()
        let until = start + .seconds(30)
        limiter.hold(.channel, for: call(), until: until)
        #expect(limiter.take(call(), limits: limits, now: start) == .wait(until: until))
        #expect(limiter.take(call(.form), limits: limits, now: start) == .wait(until: until))
        #expect(limiter.take(call(channel: "C2"), limits: limits, now: start) == .go)
        limiter.hold(.method, for: call(.edit), until: until)
        #expect(limiter.take(call(.edit, channel: "C2"), limits: limits, now: start) == .wait(until: until))
        limiter.hold(.workspace, for: call(), until: until)
        #expect(limiter.take(call(channel: "C2"), limits: limits, now: start) == .wait(until: until))
        #expect(limiter.take(call(workspace: "v"), limits: limits, now: start) == .go)
        #expect(limiter.take(call(), limits: limits, now: until) == .go)
    }

    @Test func refusedCredentialsHoldUntilTheyChange() {
        var limiter = RateLimiter()
        let until = start + .seconds(60)
        limiter.holdForCredentials(platform: "scripted", workspace: WorkspaceID("w"), until: until)
        #expect(limiter.take(call(), limits: limits, now: start) == .held(until: until))
        #expect(limiter.take(call(workspace: "v"), limits: limits, now: start) == .go)
        let free = RateLimiter.Call(
            platform: "scripted",
            workspace: WorkspaceID("w"),
            channel: "C1",
            operation: .ephemeral,
            needsCredentials: false
        )
        #expect(limiter.take(free, limits: limits, now: start) == .go)
        limiter.credentialsChanged(workspace: WorkspaceID("w"))
        #expect(limiter.take(call(), limits: limits, now: start) == .go)
    }

    @Test func manyChannelsAreForgottenInTime() {
        var limiter = RateLimiter()
        for number in 0..<5000 {
            let now = start + .seconds(number)
            #expect(limiter.take(call(channel: "C\(number)"), limits: limits, now: now) == .go)
        }
        #expect(limiter.take(call(channel: "C4999"), limits: limits, now: start + .seconds(4999)) == .go)
    }

    @Test func editsOfOneMessageKeepTheirDistance() {
        var throttle = EditThrottle()
        #expect(throttle.wait("m", now: start) == nil)
        throttle.count("m", interval: .seconds(2), now: start)
        #expect(throttle.wait("m", now: start + .seconds(1)) == start + .seconds(2))
        #expect(throttle.wait("n", now: start + .seconds(1)) == nil)
        #expect(throttle.wait("m", now: start + .seconds(2)) == nil)
    }
}
