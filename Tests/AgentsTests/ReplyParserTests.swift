import Agents
import CoreTypes
import Testing

@Suite struct ReplyParserTests {
    private let parser = ReplyParser(agent: "anthropic")
    private let proposals = ["anthropic", "openai", "openai-skeptic"].map { Proposal(agent: $0, content: "…") }

    @Test(arguments: [
        (#"{"issues":["a"],"suggestions":["b"],"severity":7,"reasoning":"r"}"#, 0.7),
        ("Here it is:\n```json\n{\"issues\": [\"a\"], \"suggestions\": [\"b\"], \"severity\": 10}\n```\nDone.", 1.0),
        (#"{"issues":["a"],"suggestions":["b"],"severity":"7/10"}"#, 0.7),
        (#"{"issues":["a"],"suggestions":["b"],"severity":"70%"}"#, 0.7),
        (#"{"issues":["a"],"suggestions":["b"],"severity":1}"#, 0.1),
        (#"{"issues":["a"],"suggestions":["b"],"severity":0.7}"#, 0.7),
        (#"{"issues":["a"],"suggestions":["b"],"severity":0}"#, 0.0),
        (#"{"issues":["a"],"suggestions":["b"],"severity":99}"#, 1.0),
        (#"{"issues":["a"],"suggestions":["b"],"severity":-3}"#, 0.0),
        (#"{"issues":["a"],"suggestions":["b"]}"#, 0.5),
        ("ISSUES:\n- a\nSUGGESTIONS:\n- b\nSEVERITY: 7\nREASONING: r", 0.7),
        ("{\"issues\": [\"a\",], \"suggestions\": [\"b\"], \"severity\": 7,\n\"reasoning\": \"line\none\",\n}", 0.7),
        ("```\n{\"issues\": [\"a\"], \"suggestions\": [\"b\"], \"fatal\": None, \"severity\": 7}\n```", 0.7),
        ("## Issues\n1. a\n\n**Suggestions:**\n* b\n\n**Severity:** 7 out of 10", 0.7),
    ])
    func readsCritiques(answer: String, severity: Double) throws {
        let critique = try parser.critique(answer, target: "openai")
        #expect(critique.agent == "anthropic")
        #expect(critique.target == "openai")
        #expect(critique.issues == ["a"])
        #expect(critique.suggestions == ["b"])
        #expect(abs(critique.severity - severity) < 0.0001)
    }

    @Test func takesTheLastUsableObject() throws {
        let answer = """
            The author wrote {"choice": 1} and {broken. My view: {"issues": ["first"], "severity": 2}
            No, rather {"issues": ["a } in a string"], "suggestions": [], "severity": 3, "nested": {"issues": ["x"]}}
            """
        let critique = try parser.critique(answer, target: "openai")
        #expect(critique.issues == ["a } in a string"])
        #expect(abs(critique.severity - 0.3) < 0.0001)
    }

    @Test func keepsFiveItemsOfEach() throws {
        let many = JSONValue.strings((1...9).map { "issue \($0)" }).text
        let critique = try parser.critique("{\"issues\": \(many), \"suggestions\": \"one\\ntwo\"}", target: "x")
        #expect(critique.issues.count == 5)
        #expect(critique.suggestions == ["one", "two"])
    }

    @Test(arguments: [
        "The proposal is fine, I think. It could be better. Nothing to add.",
        #"{"verdict": "good"}"#,
        "{\"issues\": [\"cut off here",
        "[1, 2, 3]",
    ])
    func inventsNoCritique(answer: String) {
        #expect(code { try parser.critique(answer, target: "openai") } == .invalidAnswer)
    }

    @Test(arguments: [
        (#"{"choice":"openai","confidence":0.8,"continue_debate":true,"reasoning":"r"}"#, "openai", 0.8),
        (#"{"choice":"OpenAI.","confidence":85}"#, "openai", 0.85),
        (#"{"choice":"Proposal 3","confidence":"8/10"}"#, "openai-skeptic", 0.8),
        (#"{"choice":2,"confidence":8}"#, "openai", 0.8),
        (
            "{\"choice\": \"openai\", \"confidence\": 0.8, \"continue_debate\": True, \"reasoning\": \"a\nb\"}",
            "openai", 0.8
        ),
        (##"{"vote":"#1"}"##, "anthropic", 0.5),
        (#"{"choice":"Proposal 2, by openai","confidence":1}"#, "openai", 1),
        (#"{"choice":"the one by openai-skeptic","confidence":"90%"}"#, "openai-skeptic", 0.9),
        ("CHOICE: openai\nCONFIDENCE: 0.6\nCONTINUE: yes\nREASONING: because", "openai", 0.6),
        ("**Vote:** `anthropic`\n**Confidence:** 70%\n**Continue:** no", "anthropic", 0.7),
        (#"{"choice":"neither, wait a year","confidence":0.4}"#, "neither, wait a year", 0.4),
        (#"{"choice":"Proposal 9"}"#, "Proposal 9", 0.5),
        (#"{"choice":"3 reasons speak against it"}"#, "3 reasons speak against it", 0.5),
    ])
    func readsVotes(answer: String, choice: String, confidence: Double) throws {
        let vote = try parser.vote(answer, among: proposals)
        #expect(vote.agent == "anthropic")
        #expect(vote.choice == choice)
        #expect(abs(vote.confidence - confidence) < 0.0001)
    }

    @Test(arguments: [
        ("I vote for Proposal 2.", "openai"), ("2.", "openai"), ("2. openai", "openai"), ("2 (openai)", "openai"),
        ("Option 2", "openai"), ("**openai**", "openai"),
        ("Proposal 2 (openai)", "openai"), ("Proposal #2", "openai"), ("“OpenAI”", "openai"),
        ("Proposal 2: Migrate step by step", "openai"), ("openai - it is complete", "openai"),
        ("I’d choose openai’s proposal because it is complete", "openai"), ("proposal-3", "openai-skeptic"),
        ("My vote goes to openai-skeptic.", "openai-skeptic"), ("Proposal 1, by anthropic", "anthropic"),
    ])
    func findsTheChoiceInTheWordsAroundIt(choice: String, author: String) throws {
        let answer = JSONValue.object(["choice": .string(choice)]).text
        #expect(try parser.vote(answer, among: proposals).choice == author)
    }

    @Test(arguments: [
        "not openai", "Proposal 2 is wrong", "anything but Proposal 2", "openai, not anthropic", "nicht openai",
        "anthropic or openai", "1, 2", "Proposal 2, by anthropic", "I would not vote for openai",
        "openai isn’t the best", "openai: no", "Proposals 1 and #2", "against openai", "wait, as openai says",
    ])
    func takesNoPartOfAnAnswerForAChoice(choice: String) {
        let answer = JSONValue.object(["choice": .string(choice)]).text
        #expect(code { try parser.vote(answer, among: proposals) } == .invalidAnswer)
        #expect(code { try parser.vote("CHOICE: \(choice)\nCONFIDENCE: 1", among: proposals) } == .invalidAnswer)
    }

    @Test(arguments: ["I vote.", #"{"choice":""}"#, #"{"choice":null}"#, "CHOICE:\n", #"{"confidence":1}"#])
    func inventsNoVote(answer: String) {
        #expect(code { try parser.vote(answer, among: proposals) } == .invalidAnswer)
    }

    @Test func cleansTexts() throws {
        #expect(try parser.text("  a\u{0}b\r\nc\u{1B}[2J\td\u{85}  ") == "ab\nc[2J\td")
        #expect(try parser.text("<think>\nlong <b> thoughts\n</think>\n\nThe answer.") == "The answer.")
        #expect(try parser.text("long thoughts\n\n</think>\n\nThe answer.") == "The answer.")
        #expect(try parser.text("A line </think> in between.") == "A line </think> in between.")
        #expect(try parser.text("One writes\n<think>\nand\n</think>\nso.") == "One writes\n<think>\nand\n</think>\nso.")
        #expect(try parser.text("See <think> tags.") == "See <think> tags.")
        // A mark beside a tag makes another character of its bracket, and no other tag.
        #expect(try parser.text("<think>a\u{600}</think>\nThe answer.") == "The answer.")
        #expect(try parser.text("<think>\u{301}a</think>\u{FE0F}The answer.") == "\u{FE0F}The answer.")
        #expect(code { try parser.text("<think>\u{301}only this") } == .emptyAnswer)
        #expect(code { try parser.text(" \n\u{0} ") } == .emptyAnswer)
        #expect(code { try parser.text("<think>only this") } == .emptyAnswer)
        #expect(try parser.text(String(repeating: "x", count: 200_000)).count == 200_000)
        #expect(code { try parser.text(String(repeating: "x", count: 200_001)) } == .tooLong)
    }

    @Test func mendsNothingInsideStrings() throws {
        let answer = #"{"issues": ["say \"True, ]\" or None,}"], "suggestions": ["b"], "severity": 1,}"#
        #expect(try parser.critique(answer, target: "x").issues == [#"say "True, ]" or None,}"#])
    }

    private func code<Value>(_ call: () throws -> Value) -> AgentError.Code? {
        do {
            _ = try call()
            return nil
        } catch {
            return (error as? AgentError)?.reason
        }
    }
}
