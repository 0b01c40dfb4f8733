import CoreTypes
import Debates
import Testing

/// Votes, decisions, judges and verdicts.
@Suite struct ConsensusTests {
    private func play(_ mode: ConsensusMode, _ change: (inout DebateScript) -> Void) throws -> Play {
        try DebateScript.with {
            $0.settings.consensus = mode
            $0.settings.rounds = 1
            change(&$0)
        }.play()
    }

    @Test(arguments: [ConsensusMode.majority, .judge, .supermajority, .unanimous, .weighted])
    func aSplitOfTwoIsNoConsensus(mode: ConsensusMode) throws {
        let play = try play(mode) {
            $0.size = 2
            $0.choices = ["beta", "alpha"]
        }
        let consensus = try #require(play.consensus)
        #expect(!consensus.reached)
        #expect(consensus.winner == nil)
        #expect(consensus.leader == nil)
        #expect(consensus.note == "The votes are tied.")
        #expect(consensus.shares.map(\.share) == [0.5, 0.5])
        #expect(consensus.dissent.count == 2)
        #expect(play.result?.verdict == .needsReview)
        let answer = try #require(play.result?.finalAnswer)
        if mode != .judge { #expect(answer.contains("**alpha**") && answer.contains("**beta**")) }
    }

    @Test func threeWaysApartIsRejected() throws {
        let play = try play(.majority) { $0.choices = ["beta", "gamma", "alpha"] }
        #expect(play.result?.verdict == .rejected)
        #expect(play.consensus?.strength == .weak)
    }

    @Test func theMajorityNeedsTheThreshold() throws {
        let two = try play(.majority) { $0.choices = ["beta", "gamma", "beta"] }
        // beta's own vote goes elsewhere: two foreign votes of three.
        #expect(two.consensus?.winner == "beta")
        #expect(two.consensus?.shares.first?.share == 0.6667)
        #expect(two.consensus?.strength == .medium)
        #expect(two.result?.verdict == .approvedWithConditions)
        let strict = try play(.majority) {
            $0.choices = ["beta", "gamma", "beta"]
            $0.settings.consensusThreshold = 0.7
        }
        #expect(strict.consensus?.winner == nil)
        #expect(strict.consensus?.leader == "beta")
        #expect(strict.consensus?.note == "beta leads with 67%; 70% is needed.")
        #expect(strict.result?.finalAnswer == "beta revision number 1 speaks of betas own matters")
    }

    @Test func aSupermajorityIsTwoThirds() throws {
        #expect(try play(.supermajority) { $0.choices = ["beta", "gamma", "beta"] }.consensus?.reached == true)
        // However the two thirds are written.
        for threshold in [0.6667, 2.0 / 3] {
            let rounded = try play(.majority) {
                $0.choices = ["beta", "gamma", "beta"]
                $0.settings.consensusThreshold = threshold
            }
            #expect(rounded.consensus?.winner == "beta", "\(threshold)")
        }
    }

    /// The threshold is compared with the voters' share, whoever the losers chose and whoever chose themselves.
    @Test func aVoteForOneselfIsAVoteOfTheShare() throws {
        for last in ["alpha", "gamma"] {
            let own = try play(.supermajority) { $0.choices = ["beta", "beta", last] }
            #expect(own.consensus?.shares.map(\.share) == [0.6667, 0.3333])
            #expect(own.consensus?.winner == "beta", "\(last)")
            #expect(own.consensus?.confidence == 0.6)
        }
        let five = try play(.majority) {
            $0.size = 5
            $0.choices = ["beta", "beta", "alpha", "beta", "alpha"]
            $0.confidences = Array(repeating: 0.9, count: 5)
        }
        #expect(five.consensus?.shares.map(\.share) == [0.6, 0.4])
        #expect(five.consensus?.winner == "beta")
        #expect(five.consensus?.strength == .medium)
        #expect(five.consensus?.confidence == 0.54)
        #expect(five.consensus?.dissent.map(\.agent) == ["gamma", "epsilon"])
    }

    @Test func aVoteForOneselfRanksHalf() throws {
        let four = try play(.majority) {
            $0.size = 4
            $0.choices = ["alpha", "alpha", "beta", "beta"]
            $0.confidences = [1, 1, 0.5, 0.5]
        }
        #expect(four.consensus?.leader == "beta")
        #expect(four.consensus?.shares.map(\.choice) == ["beta", "alpha"])
        #expect(four.consensus?.note == "beta leads with 50%, as votes for oneself rank half; 60% is needed.")
        let unsure = try play(.weighted) {
            $0.size = 4
            $0.choices = ["alpha", "alpha", "beta", "beta"]
            $0.confidences = [1, 1, 0.6, 0.6]
        }
        #expect(unsure.consensus?.leader == "beta")
        #expect(unsure.consensus?.note == "beta leads with 44%, as votes for oneself rank half; 60% is needed.")
    }

    /// Another choice has more of the votes' weight than the one that leads by its rank.
    @Test func whatManyChoseIsNotLostBehindWhoeverLeads() throws {
        let play = try play(.weighted) {
            $0.choices = ["alpha", "gamma", "beta"]
            $0.confidences = [1, 0, 0.2]
        }
        #expect(play.consensus?.leader == "beta")
        #expect(play.consensus?.shares.map(\.share) == [0.2857, 0.4762, 0.2381])
        #expect(play.result?.verdict == .needsReview)
    }

    @Test func unanimityIsAllVotesAndNamesWhoAbstained() throws {
        let all = try play(.unanimous) { _ in }
        #expect(all.consensus?.reached == true)
        #expect(all.consensus?.strength == .unanimous)
        #expect(all.result?.verdict == .approved)
        let missing = try play(.unanimous) { $0.failing = ["vote/1/gamma"] }
        #expect(missing.consensus?.reached == true)
        #expect(missing.consensus?.strength == .strong)
        #expect(missing.consensus?.abstained == ["gamma"])
        let against = try play(.unanimous) { $0.choices = ["alpha", "alpha", "beta"] }
        #expect(against.consensus?.reached == false)
        // Against it without any confidence is against it all the same.
        let unsure = try play(.unanimous) {
            $0.choices = ["alpha", "alpha", "beta"]
            $0.confidences = [0.9, 0.9, 0]
        }
        #expect(unsure.consensus?.reached == false)
        #expect(unsure.consensus?.leader == "alpha")
        #expect(unsure.consensus?.note == "alpha leads with 67%; 100% is needed.")
    }

    @Test func tooFewVotesDecideNothing() throws {
        let play = try play(.any) { $0.failing = ["vote/1/beta", "vote/1/gamma"] }
        #expect(play.consensus?.reached == false)
        #expect(play.consensus?.note == "Only 1 of 3 agents voted; 2 are needed.")
        // One sure voter of three is no sure panel.
        #expect(play.consensus?.shares.map(\.share) == [1])
        #expect(play.consensus?.confidence == 0.3)
        #expect(play.consensus?.strength == .weak)
    }

    @Test func anyTakesWhoeverLeads() throws {
        let play = try play(.any) {
            $0.choices = ["beta", "gamma", "alpha"]
            $0.confidences = [0.9, 0.8, 0.7]
        }
        #expect(play.consensus?.winner == "beta")
        #expect(play.result?.verdict == .approvedWithConditions)
    }

    @Test func noneHoldsNoVote() throws {
        let play = try play(.none) { _ in }
        #expect(!play.keys.contains { $0.hasPrefix("vote") })
        #expect(play.result?.verdict == .needsReview)
        #expect(play.result?.reason == "No vote was held.")
    }

    @Test func votesWeighWhatTheirVotersWeigh() throws {
        let script = DebateScript.with {
            $0.settings.consensus = .majority
            $0.settings.rounds = 1
            $0.choices = ["beta", "gamma", "beta"]
        }
        // Weights are bounded: 100 counts as 2, 0 as 0.5.
        var machine = try DebateMachine(description: script.description, panel: script.profiles) { agent in
            agent.name == "beta" ? 100 : 0
        }
        let play = try script.play(&machine, from: machine.start())
        #expect(play.consensus?.shares.map(\.choice) == ["gamma", "beta"])
        #expect(play.consensus?.shares.map(\.share) == [0.6667, 0.3333])
        #expect(play.consensus?.winner == "gamma")
    }

    @Test(arguments: [ConsensusMode.majority, .judge, .supermajority, .unanimous, .weighted])
    func oneSureVoterDoesNotCarryThePanel(mode: ConsensusMode) throws {
        for threshold in [0, 0.5, 0.6] {
            let play = try play(mode) {
                $0.settings.consensusThreshold = threshold
                $0.choices = ["beta", "gamma", "beta"]
                $0.confidences = [0.1, 1, 0.1]
            }
            #expect(play.consensus?.winner != "gamma")
            #expect(play.consensus?.shares.first?.choice == "beta")
        }
    }

    @Test func sureVotersWeighMoreWhereVotesAreWeightedByIt() throws {
        let play = try play(.weighted) {
            $0.choices = ["beta", "gamma", "beta"]
            $0.confidences = [0.2, 1, 0.2]
        }
        // Two votes of 0.6 against one of 1.
        #expect(play.consensus?.shares.map(\.share) == [0.5455, 0.4545])
        #expect(play.consensus?.note == "beta leads with 55%; 60% is needed.")
        #expect(play.result?.verdict == .needsReview)
    }

    @Test func sureVotesMakeNoMinorityEnough() throws {
        let play = try play(.weighted) {
            $0.size = 5
            $0.settings.consensusThreshold = 0.5
            $0.choices = ["delta", "beta", "gamma", "alpha", "alpha"]
            $0.confidences = [0, 0, 0, 1, 1]
        }
        #expect(play.consensus?.shares.map(\.share) == [0.5714, 0.1429, 0.1429, 0.1429])
        #expect(play.consensus?.winner == nil)
        #expect(
            play.consensus?.note
                == "alpha leads with 57% of the votes' weight, but 40% of the voters; 50% is needed."
        )
    }

    @Test func sureVotersBreakATieButDoNotDecideIt() throws {
        let play = try play(.majority) {
            $0.size = 2
            $0.settings.consensusThreshold = 0.5
            $0.choices = ["beta", "alpha"]
            $0.confidences = [0.9, 0.8]
        }
        #expect(play.consensus?.leader == "beta")
        #expect(play.consensus?.reached == false)
        #expect(play.consensus?.note == "The votes are tied; those for beta are the surer ones.")
    }

    @Test func unsureVotersDoNotMakeASureVerdict() throws {
        let play = try play(.majority) { $0.confidences = [0.4, 0.4, 0.4] }
        #expect(play.consensus?.reached == true)
        #expect(play.result?.confidence == 0.4)
        #expect(play.result?.verdict == .approvedWithConditions)
    }

    @Test func dissentIsKeptWordForWord() throws {
        let play = try play(.judge) { $0.choices = ["beta", "alpha", "beta"] }
        let dissent = try #require(play.consensus?.dissent)
        #expect(
            dissent.map(\.agent) == ["beta"] && dissent[0].choice == "alpha"
                && dissent[0].reasoning == "beta says so"
                && dissent[0].proposal == "beta revision number 1 speaks of betas own matters"
        )
    }

    @Test func votesInOtherWordsAreCountedTogether() throws {
        let play = try play(.majority) { $0.choices = ["I choose Alpha's proposal.", "**alpha**", "ALPHA"] }
        #expect(play.consensus?.winner == "alpha")
        let group = try #require(play.consensus?.groups.first)
        #expect(group.choice == "alpha")
        #expect(group.spellings == ["alpha", "I choose Alpha's proposal.", "**alpha**", "ALPHA"])
    }

    @Test func whatIsNoProposalCannotWin() throws {
        let play = try play(.majority) { $0.choices = ["none of these", "none of these", "alpha"] }
        #expect(play.consensus?.reached == false)
        #expect(play.consensus?.leader == nil)
        #expect(play.consensus?.shares.first?.choice == "none of these")
        #expect(play.consensus?.note == "The votes are for no proposal.")
    }

    @Test func theJudgeIsNotTheWinner() throws {
        #expect(try play(.judge) { _ in }.synthesis?.agent == "beta")
        #expect(try play(.judge) { $0.choices = ["beta", "alpha", "beta"] }.synthesis?.agent == "alpha")
        #expect(try play(.judge) { $0.failing = ["vote/1/beta"] }.synthesis?.agent == "gamma")
    }

    @Test func aFailedJudgeLeavesTheWinningProposal() throws {
        let play = try play(.judge) { $0.failing = ["synthesis/1/beta"] }
        #expect(play.synthesis?.fallback == "overloaded")
        #expect(play.synthesis?.agent == "alpha")
        #expect(play.result?.finalAnswer == "alpha revision number 1 speaks of alphas own matters")
        #expect(play.result?.synthesizedBy == nil)
        #expect(play.result?.winner == "alpha")
        #expect(play.result?.consensusReached == true)
        #expect(play.result?.reason == "The judge wrote no answer (overloaded): this is what the panel proposed.")
    }

    @Test func aHostileAnswerIsBroughtIntoItsBounds() throws {
        var script = DebateScript.with { $0.settings.rounds = 1 }
        script.usage = Usage(inputTokens: -5, outputTokens: .max, costMicrodollars: .min)
        var vote = Vote(agent: "x", choice: "alpha", confidence: 1)
        vote.confidence = .nan
        var machine = try script.machine()
        var step = machine.start()
        while true {
            if case .loadInputs = step.next {
                step = machine.handle(inputs: [])
            } else if case .calls(let calls) = step.next {
                step = machine.handle(
                    calls.map { call in
                        call.id.kind == .vote
                            ? call.answered(Reply(vote, usage: script.usage)) : script.answer(call)
                    }
                )
            } else {
                break
            }
        }
        guard case .finish(let result) = step.next else { return }
        #expect(result.confidence == 0.5)
        #expect(result.usage.inputTokens == 0)
        #expect(result.usage.costMicrodollars == 0)
        #expect(result.winner == "alpha")
    }
}
