import CoreTypes
import Debates
import TestSupport
import Testing

/// How long the calls of a phase may take together, and what becomes of those that nobody came to make.
@Suite(.timeLimit(.minutes(5))) struct PhaseTimeTests {
    /// Ten agents hold one round: 90 criticisms, of which 15 are made at a time.
    private static func script(_ change: (inout DebateScript) -> Void = { _ in }) -> DebateScript {
        .with {
            $0.settings.rounds = 1
            $0.settings.consensus = .majority
            $0.size = 10
            $0.choices = Array(repeating: "alpha", count: 10)
            $0.confidences = Array(repeating: 0.9, count: 10)
            change(&$0)
        }
    }

    /// What became of a debate's criticisms.
    private struct Course {
        let outcome: DebateOutcome
        /// How many were asked for.
        let asked: Int

        var given: Int { outcome.entries.count { if case .critique = $0.event { true } else { false } } }

        /// How many calls of a kind failed with a code.
        func failures(_ kind: AgentCallID.Kind, _ code: String) -> Int {
            DebateProjection(outcome.entries).failures.count { $0.kind == kind && $0.code == code }
        }
    }

    /// Runs a debate in which every criticism takes a minute, while the clock moves by these steps.
    private func run(_ script: DebateScript, _ steps: [Duration]) async throws -> Course {
        let time = ManualTime()
        let agents = script.agents { call in
            if call.key.contains("/critique/") { try await time.sleep(for: .seconds(60)) }
        }
        let arena = script.arena(agents, MemoryJournal(), time)
        async let running = arena.run()
        for step in steps {
            // Fifteen agents, and whoever watches the time.
            await time.waitForSleepers(16)
            time.advance(by: step)
        }
        let outcome = try await running
        let keys: [String] = agents.flatMap { $0.keys }
        return Course(outcome: outcome, asked: keys.count { $0.contains("/critique/") })
    }

    private static let minute = Duration.seconds(60)

    @Test func everyWaveOfCallsHasItsTime() async throws {
        let course = try await run(Self.script(), Array(repeating: Self.minute, count: 6))
        #expect(course.given == 90 && course.asked == 90)
        #expect(DebateProjection(course.outcome.entries).failures.isEmpty)
        #expect(course.outcome.result.winner == "alpha")
    }

    @Test func aCallThatNobodyCameToMakeWasNotAsked() async throws {
        let script = Self.script { $0.settings.phaseTimeout = .seconds(45) }
        let course = try await run(script, Array(repeating: Self.minute, count: 4) + [.seconds(30)])
        #expect(course.given == 60 && course.asked == 75)
        #expect(course.failures(.critique, "timeout") == 15 && course.failures(.critique, "not_asked") == 15)
        let messages = Set(DebateProjection(course.outcome.entries).failures.map { "\($0.code): \($0.message)" })
        #expect(
            messages == [
                "timeout: The agent did not answer in the time of the phase.",
                "not_asked: The time was over before the agent was asked.",
            ]
        )
        #expect(course.outcome.result.status == .completed && course.outcome.result.winner == "alpha")
    }

    @Test func nobodyIsSaidToBeSilentWhomTheDeadlineLeftUnasked() async throws {
        let script = Self.script { $0.settings.debateTimeout = .seconds(270) }
        let course = try await run(script, Array(repeating: Self.minute, count: 4) + [.seconds(30)])
        #expect(course.given == 60 && course.asked == 75)
        #expect(course.failures(.critique, "timeout") == 15 && course.failures(.critique, "not_asked") == 15)
        #expect(course.failures(.revision, "not_asked") == 10 && course.failures(.revision, "timeout") == 0)
        #expect(course.outcome.result.verdict == .needsReview)
    }
}
