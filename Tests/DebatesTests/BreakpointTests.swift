import CoreTypes
import Debates
import Testing

/// A debate waits where its rules say so, and goes on as people decide.
@Suite struct BreakpointTests {
    private static func script(
        _ triggers: [BreakpointPolicy.Trigger],
        rounds: Int = 2,
        _ change: (inout DebateScript) -> Void = { _ in }
    ) -> DebateScript {
        .with {
            $0.settings.rounds = rounds
            $0.settings.breakpoints = BreakpointPolicy(triggers: triggers)
            change(&$0)
        }
    }

    /// Plays until the debate waits, and gives the breakpoint.
    private func pause(_ script: DebateScript) throws -> (Play, DebateBreakpoint?) {
        let play = try script.play()
        return (play, play.waiting)
    }

    @Test func nobodyIsAskedWhereNothingIsSaid() throws {
        let (play, waiting) = try pause(.with { _ in })
        #expect(waiting == nil && play.result?.status == .completed)
    }

    /// No vote was held, so nothing says how sure the panel is.
    @Test func whatDecidesNothingIsNotUnsure() throws {
        let (play, waiting) = try pause(
            Self.script([.lowConfidence]) {
                $0.settings.consensus = .none
                $0.settings.breakpoints.confidence = 1
            }
        )
        #expect(waiting == nil && play.result?.status == .completed)
    }

    @Test func tooFewVotesAreUnsure() throws {
        let (play, waiting) = try pause(Self.script([.lowConfidence]) { $0.failing = ["vote/2/beta", "vote/2/gamma"] })
        #expect(play.consensus?.reached == false)
        #expect(waiting?.triggers == [.lowConfidence])
        #expect(waiting?.reason == "The panel decided with a confidence of 30 % only.")
    }

    static let cases: [(DebateScript, BreakpointPolicy.Trigger, Int)] = [
        (script([.disagreement]) { $0.settings.breakpoints.severity = 0.3 }, BreakpointPolicy.Trigger.disagreement, 1),
        (script([.roundLimit]) { $0.settings.breakpoints.roundLimit = 1 }, .roundLimit, 1),
        // A debate that is shorter than the usual limit of six rounds waits before its vote.
        (script([.roundLimit], rounds: 2), .roundLimit, 2),
        (script([.safetyWords]) { $0.text = { kind, _, _ in "\(kind): this would be Illegal" } }, .safetyWords, 1),
        (
            script([.explicitRequest]) { $0.text = { kind, agent, _ in "\(kind) of \(agent): ask @human" } },
            .explicitRequest, 1
        ),
        (script([.deadlock], rounds: 5) { $0.settings.breakpoints.deadlockRounds = 2 }, .deadlock, 3),
        (script([.lowConfidence]) { $0.settings.breakpoints.confidence = 1 }, .lowConfidence, 2),
        (script([.release]), .release, 2),
    ]

    @Test(arguments: cases)
    func eachTriggerIsLookedAt(script: DebateScript, trigger: BreakpointPolicy.Trigger, round: Int) throws {
        var quiet = script
        quiet.settings.convergenceThreshold = 1
        let (_, waiting) = try pause(quiet)
        let breakpoint = try #require(waiting)
        #expect(breakpoint.triggers == [trigger] && breakpoint.round == round && breakpoint.number == 1)
        #expect(!breakpoint.reason.isEmpty)
        #expect(breakpoint.isAfterDecision == (trigger == .lowConfidence || trigger == .release))
    }

    @Test func aPausedDebateGoesOnFromItsJournalAndAsksNobodyTwice() throws {
        let script = Self.script([.roundLimit, .release]) { $0.settings.breakpoints.roundLimit = 1 }
        let whole = try Self.script([]).play()
        let first = try script.play()
        #expect(first.waiting?.triggers == [.roundLimit] && first.result == nil)
        // Through the bytes, as a restart reads them.
        var machine = try DebateMachine(replaying: try JournalEntry.decode(journal: first.journal.bytes))
        let still = try script.play(&machine, from: machine.resume())
        #expect(still.waiting == first.waiting && still.events.isEmpty && still.keys.isEmpty)
        let wrong = machine.handle(BreakpointResolution(number: 7, action: .continue, by: "Ann"))
        #expect(wrong.events.isEmpty)
        let step = machine.handle(
            BreakpointResolution(number: 1, action: .continue, by: "Ann", guidance: "Think of the cost.")
        )
        let second = try script.play(&machine, from: step)
        #expect(second.waiting?.triggers == [.release] && second.waiting?.number == 2)
        #expect(Set(first.keys).isDisjoint(with: second.keys))
        #expect(first.keys + second.keys == whole.keys)
        let heard = second.calls.contains { call in
            if case .generate(let request) = call.request {
                return request.briefing.guidance == [Evidence(author: "Ann", text: "Think of the cost.")]
                    && request.briefing.evidence.isEmpty
            }
            return false
        }
        #expect(heard)
        let end = try script.play(&machine, from: machine.handle(.init(number: 2, action: .continue, by: "Ben")))
        #expect(end.result?.status == .completed && end.keys.isEmpty)
    }

    @Test func peopleStopADebateOrSendItToTheVote() throws {
        let script = Self.script([.roundLimit], rounds: 4) { $0.settings.breakpoints.roundLimit = 1 }
        func resumed(_ action: BreakpointResolution.Action) throws -> Play {
            let first = try script.play()
            var machine = try DebateMachine(replaying: first.journal.entries)
            return try script.play(&machine, from: machine.handle(.init(number: 1, action: action, by: "Ann")))
        }
        let stopped = try resumed(.abort)
        #expect(stopped.result?.status == .cancelled && stopped.keys.isEmpty)
        #expect(stopped.result?.reason?.contains("Ann") == true)
        let voted = try resumed(.conclude)
        #expect(voted.result?.status == .completed && voted.result?.roundsUsed == 1)
        #expect(voted.result?.reason == nil)
    }

    @Test func cancellingEndsTheWait() throws {
        let script = Self.script([.release])
        let first = try script.play()
        var machine = try DebateMachine(replaying: first.journal.entries)
        let end = try script.play(&machine, from: machine.handleCancel(by: "Ann"))
        #expect(end.result?.status == .cancelled && end.waiting == nil)
    }

    @Test func stoppingADebateReleasesNothing() throws {
        let script = Self.script([.roundLimit, .release]) { $0.settings.breakpoints.roundLimit = 1 }
        /// Plays up to a breakpoint, the ones before it answered with yes.
        func machine(at number: Int) throws -> DebateMachine {
            let first = try script.play()
            var machine = try DebateMachine(replaying: first.journal.entries)
            for earlier in 1..<number {
                _ = try script.play(
                    &machine,
                    from: machine.handle(.init(number: earlier, action: .continue, by: "Ann"))
                )
            }
            #expect(machine.state.waiting?.number == number)
            return machine
        }
        for number in 1...2 {
            var cancelled = try machine(at: number)
            var result = try #require(try script.play(&cancelled, from: cancelled.handleCancel(by: "Ben")).result)
            #expect(result.status == .cancelled && result.finalAnswer.isEmpty)
            #expect(result.reason == "Cancelled by Ben. What the panel said was not released.")
            var aborted = try machine(at: number)
            let step = aborted.handle(.init(number: number, action: .abort, by: "Ben"))
            result = try #require(try script.play(&aborted, from: step).result)
            #expect(result.status == .cancelled && result.finalAnswer.isEmpty)
        }
        var open = try Self.script([.roundLimit]) { $0.settings.breakpoints.roundLimit = 1 }.machine()
        let waiting = try script.play(&open, from: open.start())
        #expect(waiting.waiting?.triggers == [.roundLimit])
        let kept = try #require(try script.play(&open, from: open.handleCancel(by: "Ben")).result)
        #expect(!kept.finalAnswer.isEmpty)
    }

    /// The judge wrote it before the stop came.
    @Test func aStopKeepsTheJudgesAnswer() throws {
        let script = Self.script([]) { $0.settings.consensus = .judge }
        var play = try script.play()
        let written = try #require(play.synthesis)
        play.events.removeLast()
        var machine = try DebateMachine(replaying: play.journal.entries)
        let kept = try #require(try script.play(&machine, from: machine.handleCancel(by: "Ben")).result)
        #expect(kept.status == .cancelled && kept.finalAnswer == written.content)
        #expect(kept.synthesizedBy == written.agent && kept.reason == "Cancelled by Ben.")

        let held = try Self.script([.release]) { $0.settings.consensus = .judge }.play()
        var waiting = try DebateMachine(replaying: held.journal.entries)
        let stopped = try #require(try script.play(&waiting, from: waiting.handleCancel(by: "Ben")).result)
        #expect(held.synthesis != nil && stopped.finalAnswer.isEmpty && stopped.synthesizedBy == nil)
    }

    /// The question is taken back when the debate was stopped; a crash behind that finds it "decided by time".
    @Test(arguments: [BreakpointPolicy.Trigger.release, .roundLimit])
    func aStopThatIsWrittenDownIsNotUndone(trigger: BreakpointPolicy.Trigger) throws {
        let script = Self.script([trigger])
        var play = try script.play()
        #expect(DebateProjection(play.journal.entries).waiting?.number == 1)
        play.events.append(.cancelRequested(by: "Ben"))
        for action in [BreakpointResolution.Action.continue, .abort] {
            var machine = try DebateMachine(replaying: play.journal.entries)
            let decided = machine.handle(.init(number: 1, action: action, by: "time"))
            let result = try #require(try script.play(&machine, from: decided).result)
            #expect(result.status == .cancelled && result.reason?.hasPrefix("Cancelled by Ben.") == true)
        }
    }

    @Test func aVerdictIsHeldBackUntilItsRelease() throws {
        let script = Self.script([.release])
        let first = try script.play()
        let waiting = DebateProjection(first.journal.entries)
        #expect(waiting.isHeldBack && !waiting.answerSoFar.isEmpty)
        func end(_ action: BreakpointResolution.Action) throws -> (DebateProjection, DebateResult) {
            var machine = try DebateMachine(replaying: first.journal.entries)
            var play = try script.play(&machine, from: machine.handle(.init(number: 1, action: action, by: "Ann")))
            play.events = first.events + play.events
            return (DebateProjection(play.journal.entries), try #require(play.result))
        }
        let (released, verdict) = try end(.continue)
        #expect(!released.isHeldBack && verdict.finalAnswer == waiting.answerSoFar)
        #expect(try end(.abort).0.isHeldBack)
        #expect(!DebateProjection(try Self.script([]).play().journal.entries).isHeldBack)
        let failed = try Self.script([.release]) {
            $0.failing = ["proposal/0/alpha", "proposal/0/beta", "proposal/0/gamma"]
        }
        .play()
        #expect(failed.result?.status == .failed && !DebateProjection(failed.journal.entries).isHeldBack)
    }

    @Test func thePolicySurvivesItsJSON() throws {
        var settings = DebateProtocol()
        settings.breakpoints = BreakpointPolicy(triggers: [.release, .deadlock])
        settings.breakpoints.safetyWords = ["knife"]
        #expect(try DebateProtocol(json: settings.json) == settings)
        var limited = BreakpointPolicy()
        limited.severity = 0.5
        let read = try BreakpointPolicy(json: ["triggers": ["round_limit"], "round_limit": 2], usual: limited)
        #expect(read.triggers == [.roundLimit] && read.roundLimit == 2 && read.severity == 0.5)
        #expect(try BreakpointPolicy(json: ["deadlock"], usual: limited).triggers == [.deadlock])
        #expect(throws: DebateError.self) { try BreakpointPolicy(json: ["never"]) }
        #expect(DebateProtocol().json["breakpoints"] == nil)
        #expect(try DebateProtocol(json: ["enable_breakpoints": true]).breakpoints == .usual)
        for wrong in [["triggers": ["never"]], ["round_limit": 0], ["confidence": 2], ["speed": 1]] as [JSONValue] {
            #expect(throws: DebateError.self) { try DebateProtocol(json: ["breakpoints": wrong]) }
        }
    }

    @Test func whoeverAsksTightensTheOperatorsBreakpointsAndLoosensNone() throws {
        var operators = DebateProtocol()
        operators.breakpoints = BreakpointPolicy(triggers: BreakpointPolicy.Trigger.allCases)
        operators.breakpoints.confidence = 0.7
        operators.breakpoints.severity = 0.5
        operators.breakpoints.deadlockRounds = 2
        operators.breakpoints.roundLimit = 3
        operators.breakpoints.safetyWords = ["knife"]
        let looser: JSONValue = [
            "triggers": ["deadlock"], "confidence": 0.1, "severity": 0.9, "deadlock_rounds": 12, "round_limit": 12,
            "safety_words": [],
        ]
        for asked in [[], [:], ["deadlock"], ["triggers": []], looser] as [JSONValue] {
            #expect(try BreakpointPolicy(json: asked, usual: operators.breakpoints) == operators.breakpoints)
            #expect(try DebateProtocol(json: ["breakpoints": asked], over: operators) == operators)
        }
        let stricter: JSONValue = [
            "confidence": 0.8, "severity": 0.4, "deadlock_rounds": 1, "round_limit": 2,
            "safety_words": ["Bomb", "knife"],
        ]
        let tightened = try BreakpointPolicy(json: stricter, usual: operators.breakpoints)
        #expect(tightened.triggers == operators.breakpoints.triggers)
        #expect(tightened.confidence == 0.8 && tightened.severity == 0.4)
        #expect(
            tightened.deadlockRounds == 1 && tightened.roundLimit == 2 && tightened.safetyWords == ["knife", "bomb"]
        )
        // Whose trigger is the asker's alone has the asker's limits.
        let release = BreakpointPolicy(triggers: [.release])
        let own = try BreakpointPolicy(json: ["triggers": ["round_limit"], "round_limit": 9], usual: release)
        #expect(own.triggers == [.roundLimit, .release] && own.roundLimit == 9)
        let crowd = JSONValue.strings((1...50).map { "word \($0)" })
        #expect(throws: DebateError.self) {
            try BreakpointPolicy(json: ["safety_words": crowd], usual: operators.breakpoints)
        }
    }
}
