import Conversations
import Foundation
import TestSupport
import Testing

@Suite struct CommandParserTests {
    private let parser = CommandParser(agents: ["anthropic", "openai", "gemini"])

    private func mistake(_ text: String, _ style: CommandParser.Style = .slash) throws -> CommandMistake {
        try #require(throws: CommandMistake.self) { try parser.parse(text, style: style) }
    }

    @Test(arguments: [
        ("help", Command.help), ("recent", .recent), ("agents", .agents), ("leaderboard", .leaderboard),
        ("status", .status(id: nil)), ("status 7", .status(id: "7")), ("status #7", .status(id: "7")),
        ("stop", .stop(id: nil)), ("stop 01abc", .stop(id: "01abc")),
        ("verdict", .verdict(id: nil)), ("verdict 12", .verdict(id: "12")),
        ("  HELP  ", .help), ("", .help), (" \n\t", .help), ("help me", .help),
        ("debate Should we?", .debate(question: "Should we?", options: DebateOptions())),
        ("Debate   Should\nwe? ", .debate(question: "Should\nwe?", options: DebateOptions())),
        ("approvals", .decision(.list)), ("approve #12", .decision(.approve(id: "12", comment: ""))),
        ("reject 12 too dear", .decision(.reject(id: "12", comment: "too dear"))),
        ("revise #12 shorter, please", .decision(.revise(id: "12", comment: "shorter, please"))),
        ("answer 12 later", .decision(.answer(id: "12", option: "later", comment: ""))),
        ("answer 12 later  after May", .decision(.answer(id: "12", option: "later", comment: "after May"))),
        (
            "delegate <@U3> until 2026-12-31 09:00",
            .decision(.delegate(person: "<@U3>", until: "2026-12-31 09:00"))
        ),
        ("ask Why?", .ask(question: "Why?", options: DebateOptions())),
        ("stop!", .stop(id: nil)), ("Stop.", .stop(id: nil)), ("stop 3.", .stop(id: "3")), ("help!!", .help),
    ])
    func everyCommandIsRead(text: String, command: Command) throws {
        #expect(try parser.parse(text, style: .slash) == command)
    }

    @Test(arguments: [
        "--rounds 3 --agents openai,gemini --consensus unanimous Tabs or spaces?",
        "--rounds=3 --agents=openai,gemini --consensus=unanimous Tabs or spaces?",
        "—rounds 3 –agents openai,gemini —consensus unanimous Tabs or spaces?",
        "Tabs or spaces? --rounds 3 --agents openai,gemini --consensus unanimous",
        "Tabs or spaces? —rounds=3 —agents=openai,gemini —consensus=unanimous",
        "--rounds 3 Tabs or spaces? --agents OpenAI,Gemini --CONSENSUS Unanimous",
        "--agents “openai,gemini” --rounds “3” --consensus ‘unanimous’ Tabs or spaces?",
        "--agents openai, gemini --rounds 3 --consensus unanimous Tabs or spaces?",
        "--agents \"openai, gemini\" --rounds 3 --consensus unanimous Tabs or spaces?",
        "Tabs or spaces? --agents=“openai,gemini” --rounds 3 --consensus unanimous",
        "Tabs or spaces? --rounds 3 --consensus unanimous --agents openai, gemini",
        "Tabs or spaces? --rounds 3 --agents=openai, gemini --consensus unanimous",
        "Tabs or spaces? --agents “openai, gemini” --rounds 3 --consensus unanimous",
    ])
    func optionsAreReadAsPhonesTypeThem(text: String) throws {
        let options = DebateOptions(rounds: 3, agents: ["openai", "gemini"], consensus: "unanimous")
        let command = try parser.parse("debate \(text)", style: .slash)
        #expect(command == .debate(question: "Tabs or spaces?", options: options))
    }

    @Test(arguments: [
        "Should we move — or stay?", "Is it worth it -- or not", "Do we need --verbose in the tool?",
        "Which of a, b, c?", "Is it red, green, blue -- or not, or none",
        "What about “curly” quotes and ‘these’?", "Is 3--4 a range", "-1 or 1?", "Which is it, tabs --",
    ])
    func dashesAndQuotesOfTheQuestionStay(question: String) throws {
        let command = try parser.parse("debate \(question)", style: .slash)
        #expect(command == .debate(question: question, options: DebateOptions()))
    }

    @Test(arguments: [
        ("hlep", "help"), ("stauts", "status"), ("stats 3", "status 3"), ("debat Should we?", "debate Should we?"),
        ("leaderbord", "leaderboard"), ("verdikt 3", "verdict 3"), ("agent", "agents"), ("recnet", "recent"),
        ("Should we move?", "debate Should we move?"), ("qwertyuiop", "help"),
        ("--agents openai,gemini", "debate --agents openai,gemini"),
        ("--agents=openai,gemini Why?", "debate --agents=openai,gemini Why?"),
        ("—rounds 3 Why?", "debate —rounds 3 Why?"), ("--round 3 Why?", "debate --round 3 Why?"),
        ("--agents", "agents"), ("--help", "help"),
    ])
    func aWrongSlashCommandNamesTheNearestRightOne(text: String, suggestion: String) throws {
        let mistake = try mistake(text)
        #expect(mistake.suggestion == suggestion)
        #expect(mistake.message.contains("no command"))
    }

    @Test(arguments: [
        ("debate --rounds 0 Q", "from 1 to 12"), ("debate --rounds 13 Q", "from 1 to 12"),
        ("debate --rounds many Q", "from 1 to 12"), ("debate --rounds", "from 1 to 12"),
        ("debate Q --rounds -1", "from 1 to 12"), ("debate --rounds 99999999999999999999 Q", "from 1 to 12"),
        ("debate --agents opnai Q", "Did you mean “openai”?"),
        ("debate --agents openai,nobody Q", "There are: anthropic, openai, gemini"),
        ("debate --agents , Q", "There is no agent “q”"), ("debate --agents ,", "commas between"),
        ("debate --consensus most Q", "one of majority, supermajority, unanimous, judge"),
        ("debate --round 3 Q", "no option --round"), ("debate Q --agent openai", "no option --agent"),
        ("debate --colour red Q", "--rounds, --agents and --consensus"),
        ("debate", "needs a question"), ("debate --rounds 3", "needs a question"), ("ask  ", "needs a question"),
        ("status 1 2", "one debate number"),
    ])
    func aMistakeSaysWhatIsWrong(text: String, message: String) throws {
        let found = try mistake(text).message
        #expect(found.contains(message), "\(found)")
    }

    @Test func aMisspeltOptionSuggestsTheRightOne() throws {
        #expect(try mistake("debate").suggestion?.hasPrefix("debate ") == true)
        #expect(try mistake("debate --rounds").suggestion == "debate --rounds 3 …")
        #expect(try mistake("debate --colour red Q").suggestion == nil)
    }

    @Test(arguments: [
        ("debate --round 3 Tabs or spaces?", "debate --rounds 3 Tabs or spaces?"),
        ("debate --consensus majorty Tabs or spaces?", "debate --consensus majority Tabs or spaces?"),
        ("debate --rounds 40 Tabs or spaces?", "debate --rounds 12 Tabs or spaces?"),
        (
            "debate --rounds 2 --agents opnai,gemini Tabs or spaces? --consensus judge",
            "debate --rounds 2 --agents openai,gemini Tabs or spaces? --consensus judge"
        ),
        ("debate Tabs or spaces? --rounds 0 --consensus judge", "debate Tabs or spaces? --rounds 1 --consensus judge"),
        ("debate --agents openai,nobody Tabs or spaces?", "debate Tabs or spaces?"),
        ("ask --agents opnai Tabs or spaces?", "ask --agents openai Tabs or spaces?"),
    ])
    func aSuggestionCanBeSentAsItIs(text: String, suggestion: String) throws {
        #expect(try mistake(text).suggestion == suggestion)
        _ = try parser.parse(suggestion, style: .slash)
    }

    @Test func aLongQuestionIsTakenAndATooLongOneRefused() throws {
        let long = String(repeating: "why ", count: 24_000) + "?"
        #expect(try parser.parse("debate \(long)", style: .slash) == .debate(question: long, options: DebateOptions()))
        let tooLong = String(repeating: "x", count: DebateOptions.longestQuestion + 1)
        #expect(try mistake("debate \(tooLong)").message.contains("longer than 100000"))
        let marked = "debate a" + String(repeating: "\u{301}", count: DebateOptions.longestQuestion)
        #expect(try mistake(marked).message.contains("longer than 100000"))
    }

    @Test func whatWasTypedIsSaidBackShort() throws {
        let long = String(repeating: "x", count: 90_000)
        let marked = "x" + String(repeating: "\u{301}", count: 1_000)
        for text in [
            long, "\(long) really", "debate --agents \(long) Q", "debate --\(long) 3 Q", "debate --\(marked) 3 Q",
        ] {
            #expect(try mistake(text).message.unicodeScalars.count < 200)
        }
    }

    @Test(arguments: [
        "Should we move?", "status of the migration is bad", "stop that nonsense now", "help us decide between them",
        "As we grow, should we hire?", "Debates are loud, are they not?", "Debate: should we move?",
        "States or cities?", "Donate or volunteer?", "Top 3 reasons to move?", "Agent 007 or 008?",
        "recent layoffs were wrong", "agents should have memory", "verdict on the new logo please", "why?",
    ])
    func inConversationASentenceIsAQuestion(text: String) throws {
        let command = try parser.parse(text, style: .conversation)
        #expect(command == .debate(question: text, options: DebateOptions()))
    }

    @Test(arguments: [
        ("status", Command.status(id: nil)), ("stop 3", .stop(id: "3")), ("help", .help), ("help please", .help),
        ("--rounds 2 Should we?", .debate(question: "Should we?", options: DebateOptions(rounds: 2))),
        ("ask why is that so?", .ask(question: "why is that so?", options: DebateOptions())),
    ])
    func inConversationCommandsStayCommands(text: String, command: Command) throws {
        #expect(try parser.parse(text, style: .conversation) == command)
    }

    @Test(arguments: [
        ("stauts", "status"), ("statsu 3", "status 3"), ("verdikt #3", "verdict #3"),
        ("debat --rounds 2 Should we?", "debate --rounds 2 Should we?"),
        ("aks --agents openai Why?", "ask --agents openai Why?"),
        ("debat Should we?", "debate Should we?"), ("Deabte should we?", "debate should we?"), ("aks why?", "ask why?"),
    ])
    func inConversationAMistypedCommandIsNoQuestion(text: String, suggestion: String) throws {
        #expect(try mistake(text, .conversation).suggestion == suggestion)
    }

    @Test(arguments: [
        "stop worrying about cost, look at risk", "stopp worrying about cost, look at risk", "why?",
        "https://example.com/report", "status of the linter is red", "Ack that is right", "4711", "タブを使うべきだ",
        "recent layoffs were wrong", "approve that nonsense",
    ])
    func inADebateWhatSaysSomethingIsEvidence(text: String) throws {
        #expect(try parser.parseInDebate(text) == nil)
    }

    @Test(arguments: [
        ("stop!", Command.stop(id: nil)), ("Stop.", .stop(id: nil)), ("status", .status(id: nil)), ("", .help),
        ("verdict 3", .verdict(id: "3")), ("ask Why?", .ask(question: "Why?", options: DebateOptions())),
        ("reject 12 too dear", .decision(.reject(id: "12", comment: "too dear"))),
    ])
    func inADebateCommandsStayCommands(text: String, command: Command) throws {
        #expect(try parser.parseInDebate(text) == command)
    }

    @Test(arguments: [
        ("stopp", "stop"), ("stauts!", "status"), ("statsu 3", "status 3"), ("status?", "status"), ("cancel", nil),
        ("debat Should we?", "debate Should we?"),
    ])
    func inADebateWhatWasMeantAsACommandIsNoEvidence(text: String, suggestion: String?) throws {
        let mistake = try #require(throws: CommandMistake.self) { try parser.parseInDebate(text) }
        #expect(mistake.suggestion == suggestion)
    }

    @Test func theSetupPageOfSlackNamesEveryCommandAndOption() throws {
        let page = try String(
            contentsOf: GatewayProcess.packageRoot.appending(path: "integrations/slack/README.md"),
            encoding: .utf8
        )
        for word in Command.words + ["--rounds", "--agents", "--consensus"] + DebateOptions.consensusRules {
            #expect(page.contains("`\(word)") || page.contains("|\(word)"), "\(word) is not explained")
        }
    }
}
