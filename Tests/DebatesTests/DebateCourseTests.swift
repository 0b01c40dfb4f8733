import CoreTypes
import Debates
import Testing

/// The course of a debate, phase by phase.
@Suite struct DebateCourseTests {
    @Test func aDebateGoesThroughItsPhases() throws {
        let play = try DebateScript.with { $0.settings.rounds = 1 }.play()
        #expect(
            play.types == [
                "debate_start", "phase_change", "propose", "propose", "propose", "phase_change", "round_start",
                "critique", "critique", "critique", "critique", "critique", "critique",
                "revision", "revision", "revision", "convergence", "phase_change", "vote", "vote", "vote",
                "consensus", "synthesis", "debate_end",
            ]
        )
        #expect(
            play.keys == [
                "proposal/0/alpha", "proposal/0/beta", "proposal/0/gamma",
                "critique/1/alpha/beta", "critique/1/alpha/gamma", "critique/1/beta/alpha", "critique/1/beta/gamma",
                "critique/1/gamma/alpha", "critique/1/gamma/beta",
                "revision/1/alpha", "revision/1/beta", "revision/1/gamma",
                "vote/1/alpha", "vote/1/beta", "vote/1/gamma", "synthesis/1/beta",
            ]
        )
        let result = try #require(play.result)
        #expect(result.status == .completed)
        #expect(result.verdict == .approved)
        #expect(result.winner == "alpha")
        #expect(result.synthesizedBy == "beta")
        #expect(result.finalAnswer == "beta synthesis number 1 speaks of betas own matters")
        #expect(result.confidence == 0.9)
        #expect(result.usage == Usage(inputTokens: 160, outputTokens: 80, costMicrodollars: 48))
    }

    @Test func aRevisionAnswersTheCriticismsOfItsOwnProposal() throws {
        let play = try DebateScript.with { _ in }.play()
        let call = try #require(play.calls.first { $0.key.hasSuffix("revision/2/beta") })
        guard case .generate(let request) = call.request else {
            Issue.record("A revision is a text.")
            return
        }
        #expect(request.critiques.map(\.agent) == ["alpha", "gamma"])
        #expect(request.critiques.allSatisfy { $0.target == "beta" && $0.issues == ["beta is vague in 2"] })
        #expect(request.proposals.map(\.agent) == ["alpha", "beta", "gamma"])
        #expect(request.proposals[1].content == "beta revision number 1 speaks of betas own matters")
        #expect(request.briefing.round == 2)
        #expect(request.briefing.role == .synthesizer)
        #expect(request.briefing.background == "We spoke of it before.")
    }

    @Test func whoeverWritesTheAnswerIsShownTheVotes() throws {
        let play = try DebateScript.with {
            $0.size = 4
            $0.choices = ["beta", "alpha", "beta", "beta"]
            $0.confidences = [0.9, 0.7, 0.9, 0.9]
            $0.failing = ["vote/2/delta"]
        }.play()
        let call = try #require(play.calls.first { $0.id.kind == .synthesis })
        guard case .generate(let request) = call.request else {
            Issue.record("A synthesis is a text.")
            return
        }
        let votes = try #require(request.votes)
        #expect(votes.votes.map(\.agent) == ["alpha", "beta", "gamma"])
        #expect(votes.votes[1] == Vote(agent: "beta", choice: "alpha", confidence: 0.7, reasoning: "beta says so"))
        #expect(votes.shares.map(\.choice) == ["beta", "alpha"])
        #expect(votes.shares.map(\.share) == play.consensus?.shares.map(\.share))
        #expect(votes.abstained == ["delta"] && votes.note == play.consensus?.note)
        // Nobody else is told: the votes are cast when the rounds are over.
        let others = play.calls.filter { $0.id.kind != .synthesis }
        #expect(
            others.allSatisfy { if case .generate(let request) = $0.request { request.votes == nil } else { true } }
        )
    }

    @Test func theRoundsEndOnceTheProposalsSayTheSame() throws {
        let script = DebateScript.with {
            $0.settings.rounds = 9
            $0.text = { kind, agent, round in
                round < 2 ? "\(agent)s \(agent)ish ways" : "we all say the very same thing"
            }
        }
        let play = try script.play()
        let convergence = play.events.compactMap { if case .convergence(let found) = $0 { found } else { nil } }
        #expect(convergence.map(\.status) == [.diverging, .converged])
        #expect(convergence.last?.similarity == 1)
        #expect(play.result?.roundsUsed == 2)
        #expect(play.result?.totalRounds == 9)
        #expect(
            play.result?.reason
                == "The rounds ended early, after round 2 of 9, because the proposals had become alike."
        )
    }

    @Test func recommendationsOfDifferentThingsHaveNotConverged() throws {
        let script = DebateScript.with {
            $0.settings.rounds = 3
            $0.text = { _, agent, _ in UnlikeProposals.all[DebateScript.names.firstIndex(of: agent) ?? 0] }
        }
        let play = try script.play()
        let convergence = play.events.compactMap { if case .convergence(let found) = $0 { found } else { nil } }
        #expect(convergence.map(\.status) == [.refining, .refining, .refining])
        #expect(play.result?.roundsUsed == 3)
        #expect(play.result?.reason == nil)
    }

    @Test func agentsThatRepeatThemselvesHaveNotConverged() throws {
        let script = DebateScript.with {
            $0.settings.rounds = 3
            $0.text = { _, agent, _ in "\(agent)s \(agent)ish \(agent)ness" }
        }
        #expect(try script.play().result?.roundsUsed == 3)
    }

    @Test(arguments: [
        ("We should migrate to Kubernetes now.", "We should not migrate to Kubernetes now."),
        ("Wir sollten jetzt auf Kubernetes umziehen.", "Wir sollten jetzt nicht auf Kubernetes umziehen."),
        ("Approve the migration to the new cluster.", "Reject the migration to the new cluster."),
        ("We shouldn’t wait. The cluster is ready.", "We should wait. The cluster is ready."),
    ])
    func theOppositeInTheSameWordsIsNoConvergence(one: String, other: String) throws {
        let context = (1...20).map { "Fact number \($0) of the inventory holds for all \($0 * 7) machines.\n" }.joined()
        let script = DebateScript.with {
            $0.settings.rounds = 3
            $0.text = { _, agent, _ in context + (agent == "gamma" ? other : one) + "\nIt is not cheap." }
        }
        let play = try script.play()
        let convergence = play.events.compactMap { if case .convergence(let found) = $0 { found } else { nil } }
        #expect(convergence.allSatisfy { $0.similarity > 0.85 && $0.status == .refining })
        #expect(play.result?.roundsUsed == 3)
    }

    @Test(arguments: [
        // The same in other words, and what only one of them adds.
        ("We should not migrate without tests now.", "We should migrate with tests now."),
        ("We should migrate now.", "We should migrate now. That is no small step for a team of ten people."),
        ("It isn't ready. We should migrate later.", "We should migrate later. It isn’t ready."),
    ])
    func theSameWithOtherNegationsIsConvergence(one: String, other: String) throws {
        let context = (1...20).map { "Fact number \($0) of the inventory holds for all \($0 * 7) machines.\n" }.joined()
        let script = DebateScript.with {
            $0.settings.rounds = 3
            $0.text = { _, agent, _ in context + (agent == "gamma" ? other : one) }
        }
        #expect(try script.play().result?.roundsUsed == 1)
    }

    @Test func withoutConvergenceDetectionAllRoundsAreHeld() throws {
        let script = DebateScript.with {
            $0.settings.rounds = 3
            $0.settings.convergenceDetection = false
            $0.text = { _, _, _ in "the same" }
        }
        let play = try script.play()
        #expect(play.result?.roundsUsed == 3)
        #expect(!play.types.contains("convergence"))
    }

    @Test func anAgentWithoutAProposalIsOut() throws {
        let play = try DebateScript.with {
            $0.failing = ["proposal/0/alpha"]
            $0.choices = ["alpha", "alpha", "beta"]
        }.play()
        #expect(!play.keys.contains { $0.contains("alpha") && $0 != "proposal/0/alpha" })
        let consensus = try #require(play.consensus)
        #expect(consensus.shares.map(\.choice).sorted() == ["alpha", "beta"])
        // A vote for somebody who is out stays in the count, but cannot win.
        #expect(consensus.leader != "alpha")
        #expect(consensus.abstained == ["alpha"])
        #expect(play.failures.map(\.code) == ["overloaded"])
    }

    @Test func aFailedRevisionKeepsTheLastGoodProposal() throws {
        let play = try DebateScript.with { $0.failing = ["revision/1/alpha", "revision/2/alpha"] }.play()
        let call = try #require(play.calls.last { $0.id.kind == .vote })
        guard case .vote(let request) = call.request else { return }
        #expect(request.proposals[0].content == "alpha proposal number 0 speaks of alphas own matters")
        #expect(play.result?.winner == "alpha")
    }

    @Test func aMissingCritiqueDoesNotStopTheRound() throws {
        let play = try DebateScript.with { $0.failing = ["critique/1/alpha/beta", "critique/1/gamma/beta"] }.play()
        let call = try #require(play.calls.first { $0.key.hasSuffix("revision/1/beta") })
        guard case .generate(let request) = call.request else { return }
        #expect(request.critiques.isEmpty)
        #expect(play.failures.map(\.target) == ["beta", "beta"])
        #expect(play.result?.status == .completed)
    }

    @Test func oneProposalAloneNeedsReview() throws {
        let play = try DebateScript.with { $0.failing = ["proposal/0/alpha", "proposal/0/gamma"] }.play()
        let result = try #require(play.result)
        #expect(result.status == .completed)
        #expect(result.verdict == .needsReview)
        #expect(result.winner == nil)
        #expect(result.finalAnswer == "beta proposal number 0 speaks of betas own matters")
        #expect(result.reason == "Only beta gave a proposal; there was nothing to debate it with.")
        #expect(play.keys.count == 3)
    }

    @Test func noProposalAtAllIsAFailure() throws {
        let play = try DebateScript.with {
            $0.failing = ["proposal/0/alpha", "proposal/0/beta", "proposal/0/gamma"]
        }.play()
        let result = try #require(play.result)
        #expect(result.status == .failed)
        #expect(result.verdict == nil)
        #expect(result.reason?.contains("alpha (overloaded), beta (overloaded), gamma (overloaded)") == true)
    }

    @Test func emptyAndOversizedAnswersCountAsFailures() throws {
        let play = try DebateScript.with {
            $0.text = { kind, agent, _ in
                switch (kind, agent) {
                case ("proposal", "alpha"): " \n\t"
                case ("proposal", "beta"): String(repeating: "x", count: DebateMachine.maximumAnswer + 1)
                default: "text of \(agent)"
                }
            }
        }.play()
        #expect(play.failures.map(\.code) == ["empty_answer", "too_long"])
    }

    @Test func whatPeopleAddIsTakenUpBeforeEachRoundAndTheVote() throws {
        var script = DebateScript.with { $0.inputs = [] }
        var machine = try script.machine()
        var step = machine.start()
        var loads: [Int64] = []
        var evidence: [String: [String]] = [:]
        while true {
            if case .loadInputs(let cursor) = step.next {
                loads.append(cursor)
                let number = Int64(loads.count)
                let input = DebateInput(cursor: number, key: "k\(number)", author: "Ann", text: "note \(number)")
                // What was taken up already may be offered again.
                script.inputs.append(input)
                step = machine.handle(inputs: script.inputs)
            } else if case .calls(let calls) = step.next {
                if let call = calls.first { evidence[call.id.kind.rawValue] = briefing(call).evidence.map(\.text) }
                step = machine.handle(calls.map { script.answer($0) })
            } else {
                break
            }
        }
        #expect(loads == [0, 1, 2, 3])
        #expect(evidence["proposal"] == ["note 1"])
        #expect(evidence["vote"] == ["note 1", "note 2", "note 3", "note 4"])
    }

    @Test func aPhaseTimeoutFailsWhatIsMissing() throws {
        let script = DebateScript.with { _ in }
        var machine = try script.machine()
        var step = machine.start()
        step = machine.handle(inputs: [])
        guard case .calls(let calls) = step.next else {
            Issue.record("Proposals were expected.")
            return
        }
        step = machine.handle([script.answer(calls[1])])
        #expect(machine.state.awaited == ["alpha", "gamma"])
        step = machine.handle([script.answer(calls[2])])
        step = machine.handlePhaseTimeout()
        let play = try script.play(&machine, from: step)
        #expect(play.failures.map(\.agent) == ["alpha"])
        #expect(play.failures.map(\.code) == ["timeout"])
        // What arrives too late changes nothing.
        #expect(machine.handle([script.answer(calls[0])]).events.isEmpty)
        #expect(play.result?.status == .completed)
    }

    @Test func aDeadlineEndsTheDebateWithoutFurtherCalls() throws {
        let script = DebateScript.with { _ in }
        var machine = try script.machine()
        _ = machine.start()
        guard case .calls(let calls) = machine.handle(inputs: []).next else { return }
        _ = machine.handle(calls.map { script.answer($0) })
        _ = machine.handle(inputs: [])
        let play = try script.play(&machine, from: machine.handleDeadline())
        #expect(play.keys.isEmpty)
        #expect(play.result?.status == .completed)
        #expect(play.result?.verdict == .needsReview)
        #expect(play.result?.reason == "The time of the debate was over before the vote.")
        #expect(play.types.first == "deadline_exceeded")
    }

    @Test func aCancelledDebateKeepsWhatItHas() throws {
        let script = DebateScript.with { _ in }
        var machine = try script.machine()
        _ = machine.start()
        guard case .calls(let calls) = machine.handle(inputs: []).next else { return }
        _ = machine.handle([script.answer(calls[0])])
        let play = try script.play(&machine, from: machine.handleCancel(by: "slack:U2"))
        #expect(play.types == ["cancel_requested", "debate_end"])
        #expect(play.result?.status == .cancelled)
        #expect(play.result?.verdict == nil)
        #expect(machine.handleCancel(by: "slack:U3").events.isEmpty)
    }

    @Test(arguments: [
        (tokens: 30 as Int64?, microdollars: nil as Int64?, round: 0), (tokens: nil, microdollars: 27, round: 1),
    ])
    func aSpentBudgetGoesToTheVote(tokens: Int64?, microdollars: Int64?, round: Int) throws {
        let play = try DebateScript.with {
            $0.settings.budgetTokens = tokens
            $0.settings.budgetMicrodollars = microdollars
        }.play()
        #expect(play.types.contains("budget_exceeded"))
        #expect(play.result?.roundsUsed == round)
        #expect(play.keys.filter { $0.hasPrefix("vote") }.count == 3)
        #expect(!play.keys.contains { $0.hasPrefix("revision") || $0.hasPrefix("synthesis") })
        #expect(play.result?.winner == "alpha")
        #expect(play.synthesis?.fallback == "budget_exceeded")
        #expect(
            play.result?.reason
                == "The budget was used up after round \(round). The judge wrote no answer (budget_exceeded): this is "
                + "what the panel proposed."
        )
    }

    private func briefing(_ call: AgentCallDescription) -> Briefing {
        switch call.request {
        case .generate(let request): request.briefing
        case .critique(let request): request.briefing
        case .vote(let request): request.briefing
        }
    }

    @Test func whatFailedCallsCostCountsToo() throws {
        let script = DebateScript.with {
            $0.failing = ["critique/1/alpha/beta", "critique/1/gamma/beta"]
            $0.failureUsage = Usage(inputTokens: 5000, outputTokens: -1, costMicrodollars: 7)
            $0.settings.budgetTokens = 10_000
        }
        let play = try script.play()
        #expect(play.types.contains("budget_exceeded"))
        #expect(!play.keys.contains { $0.hasPrefix("revision/") })
        let journal = play.journal
        #expect(try JournalEntry.decode(journal: journal.bytes) == journal.entries)
        let debate = DebateProjection(journal.entries)
        #expect(debate.usage == play.result?.usage)
        #expect(debate.seats.map { $0.usage.inputTokens } == [5_000 + 10 * 3, 10 * 4, 5_000 + 10 * 3])
    }

    @Test func aDeadlockIsSeenWithoutConvergenceDetectionToo() throws {
        let play = try DebateScript.with {
            $0.settings.rounds = 6
            $0.settings.convergenceDetection = false
            $0.settings.breakpoints = BreakpointPolicy(triggers: [.deadlock])
            $0.text = { _, _, _ in "the same words from everybody" }
        }.play()
        #expect(play.waiting?.triggers == [.deadlock])
        #expect(play.waiting?.round == 4)
    }
}
