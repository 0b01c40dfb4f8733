import Debates
import Testing

/// How alike texts are, and which choices mean the same.
@Suite struct SimilarityTests {
    @Test func theBoundsAreZeroAndOne() {
        #expect(Similarity.between("one two three", "one two three") > 0.9999)
        #expect(Similarity.between("One, TWO: three!", "one two three") > 0.9999)
        #expect(Similarity.between("one two three", "four five six") == 0)
        #expect(Similarity.between("", "") == 1)
        #expect(Similarity.between("", "word") == 0)
        #expect(Similarity.averageOfPairs(["alone"]) == 1)
        #expect(Similarity.averageOfPairs([]) == 1)
    }

    @Test func commonWordsCountLessThanRareOnes() {
        let some = Similarity.between("the service is slow", "the service is fast")
        #expect(some > 0.3 && some < 0.85)
        #expect(Similarity.between("a b", "b a") == Similarity.between("b a", "a b"))
    }

    @Test func thePairsAreAveraged() {
        let average = Similarity.averageOfPairs(["x y", "x y", "p q"])
        #expect(abs(average - 1.0 / 3) < 0.0001)
    }

    @Test func longTextsAreNotAlikeForTheWordsThatAllTextsAreFullOf() {
        #expect(Similarity.averageOfPairs(UnlikeProposals.all) < 0.7)
        let proposal = UnlikeProposals.all[0]
        var sentences = proposal.split(separator: ". ").map(String.init)
        #expect(sentences.count == 15)
        // Another sentence in the place of one of ten.
        for number in [5, 13] { sentences[number] = "The second agent has shown that a pooler is wanted as well" }
        #expect(Similarity.between(proposal, sentences.joined(separator: ". ")) > 0.9)
    }

    @Test func aWordThatIsRepeatedCountsByItsLogarithm() {
        let many = Array(repeating: "a", count: 1000).joined(separator: " ")
        // 1 + log(1000) of one word, and one of another, beside one of each.
        let weight = 7.907755
        let expected = (weight + 1) / (2 * (weight * weight + 1)).squareRoot()
        #expect(abs(Similarity.between(many + " b", "a b") - expected) < 0.0001)
        #expect(Similarity.between(many, "a") > 0.9999)
    }

    @Test func otherScriptsHaveWordsToo() {
        #expect(Similarity.between("Привет МИР", "привет мир") > 0.9999)
        let japanese = Similarity.between("今日は天気がいい", "今日は天気が悪い")
        #expect(japanese > 0.4 && japanese < 1)
    }

    @Test func typographicMarksAreNoPartOfWords() {
        #expect(Similarity.between("one “two” three—four…", "one two three four") > 0.9999)
        #expect(Similarity.between("it doesn’t work", "it doesn't work") > 0.9999)
        var grouping = grouping()
        let plain = grouping.resolve("the plan works if the team that wrote it doesn't stop")
        #expect(grouping.resolve("the plan works if the team that wrote it doesn’t stop") == plain)
        #expect(grouping.resolve("Don’t buy a new machine and throw away the old one") == .other(1))
    }

    @Test func choicesAreFoundInOtherWords() {
        var grouping = grouping()
        #expect(grouping.resolve("claude-2") == .candidate(1))
        #expect(grouping.resolve(" \"Claude\". ") == .candidate(0))
        #expect(grouping.resolve("the proposal of claude-2") == .candidate(1))
        #expect(grouping.resolve("claude, not grok") == .other(0))
        #expect(grouping.resolve("Buy a new machine and throw away the old one") == .candidate(2))
        // The same words turned round are no vote for it.
        #expect(grouping.resolve("Do not buy a new machine and throw away the old one") == .other(1))
        // A seat that is out is not the one whose name it begins with.
        #expect(grouping.resolve("claude-3") == .other(2))
    }

    @Test func freeChoicesAreGroupedUnlessTheyContradict() {
        var grouping = grouping()
        let first = grouping.resolve("Accept the plan as it was written down by the team")
        #expect(grouping.resolve("accept the plan, as it was written down by the team!") == first)
        #expect(grouping.resolve("Reject the plan as it was written down by the team") != first)
        #expect(grouping.resolve("Accept plan 1 of the team that was here for years") == .other(2))
        #expect(grouping.resolve("Accept plan 2 of the team that was here for years") == .other(3))
        #expect(grouping.others[0] == "Accept the plan as it was written down by the team")
    }

    @Test func withoutGroupingOnlyNamesCount() {
        var grouping = VoteGrouping(candidates: [.init(name: "claude", content: "x")], threshold: nil)
        #expect(grouping.resolve("Claude") == .candidate(0))
        #expect(grouping.resolve("the one of claude") == .other(0))
        #expect(grouping.resolve("the one of claude") == .other(0))
        #expect(grouping.resolve("the one of claude!") == .other(1))
    }

    private func grouping() -> VoteGrouping {
        VoteGrouping(
            candidates: [
                .init(name: "claude", content: "Repair the machine."),
                .init(name: "claude-2", content: "Wait for another year."),
                .init(name: "grok", content: "Buy a new machine and throw away the old one."),
            ],
            threshold: 0.85
        )
    }
}
