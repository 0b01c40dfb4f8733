import CoreTypes
import Debates
import Testing

/// The rules of a debate and how they are read.
@Suite struct DebateProtocolTests {
    @Test func theDefaultsAreThoseOfTheEngine() {
        let settings = DebateProtocol()
        #expect(settings.rounds == 9)
        #expect(settings.consensus == .judge)
        #expect(settings.consensusThreshold == 0.6)
        #expect(settings.convergenceThreshold == 0.85)
        #expect(settings.divergenceThreshold == 0.4)
        #expect(settings.voteGroupingThreshold == 0.85)
        #expect(settings.roleRotation && settings.convergenceDetection && settings.voteGrouping)
        #expect(settings.debateTimeout == .seconds(1200))
        #expect(DebateProtocol.light.rounds == 4)
        #expect([1, 2, 3, 5, 10].map(DebateProtocol.quorum(ofPanel:)) == [2, 2, 2, 3, 5])
    }

    @Test func rulesReadBackAsTheyWereWritten() throws {
        var settings = DebateProtocol()
        settings.rounds = 3
        settings.consensus = .unanimous
        settings.consensusThreshold = 0.75
        settings.roleRotation = false
        settings.phaseTimeout = .seconds(60)
        settings.budgetTokens = 1000
        settings.budgetMicrodollars = 5
        #expect(try DebateProtocol(json: settings.json) == settings)
        #expect(try DebateProtocol(json: [:]) == DebateProtocol())
        #expect(settings.json["budget_tokens"]?.integer == 1000)
    }

    @Test func flagsThatAreNotBuiltYetAreAcceptedWithTheirDefaultAlone() throws {
        let defaults: JSONValue = [
            "enable_calibration": false, "enable_rhetorical_observer": false, "enable_trickster": false,
            "trickster_sensitivity": 0.7, "enable_breakpoints": false,
        ]
        #expect(try DebateProtocol(json: defaults) == DebateProtocol())
        let error = #expect(throws: DebateError.self) { try DebateProtocol(json: ["enable_trickster": true]) }
        #expect(error?.description.contains("enable_trickster is not available yet") == true)
    }

    @Test(
        arguments: [
            ["speed": 1], ["rounds": 0], ["rounds": 13], ["rounds": "3"], ["rounds": 2.5], ["consensus": "hybrid"],
            ["consensus_threshold": 1.5], ["role_rotation": 1], ["budget_tokens": 0], ["budget_microdollars": -1],
            ["phase_timeout_seconds": 0], ["debate_timeout_seconds": 1_000_000], [1], "light",
        ] as [JSONValue]
    )
    func whatIsWrongIsRefused(json: JSONValue) {
        let error = #expect(throws: DebateError.self) { try DebateProtocol(json: json) }
        #expect(error?.code == "invalid_settings")
    }

    @Test func panelsAndQuestionsAreChecked() throws {
        let script = DebateScript()
        func description(_ task: String) -> DebateDescription {
            DebateDescription(id: DebateID("d"), workspace: .local, task: task, requestedBy: "U1")
        }
        #expect(throws: DebateError.self) { try DebateMachine(description: description("q"), panel: []) }
        #expect(throws: DebateError.self) {
            try DebateMachine(description: description("q"), panel: [script.profiles[0], script.profiles[0]])
        }
        #expect(throws: DebateError.self) { try DebateMachine(description: description(" \n"), panel: script.profiles) }
        #expect(throws: DebateError.self) {
            try DebateMachine(
                description: description(String(repeating: "問", count: 100_001)),
                panel: script.profiles
            )
        }
        let longest = description(String(repeating: "問", count: 100_000))
        #expect(throws: Never.self) { try DebateMachine(description: longest, panel: script.profiles) }
    }

    @Test func rolesMoveOnEachRoundAndEndInASynthesis() {
        func roles(_ kind: AgentCallID.Kind, _ round: Int) -> [CognitiveRole?] {
            (0..<4).map { RoleRotation.role(for: AgentCallID(kind, round: round, seat: $0), of: 3) }
        }
        #expect(roles(.revision, 1) == [.skeptic, .lateralThinker, .devilsAdvocate, .analyst])
        #expect(roles(.revision, 2) == [.lateralThinker, .devilsAdvocate, .analyst, .skeptic])
        #expect(roles(.revision, 3) == [.synthesizer, .synthesizer, .synthesizer, .synthesizer])
        // Nobody leads before there is a proposal, and whoever criticises joins nothing together.
        #expect(roles(.proposal, 0) == [.analyst, .skeptic, .lateralThinker, nil])
        #expect(roles(.critique, 3) == [.devilsAdvocate, .analyst, .skeptic, .lateralThinker])
        #expect(roles(.vote, 3) == [nil, nil, nil, nil] && roles(.synthesis, 3) == [nil, nil, nil, nil])
    }

    @Test func switchingBreakpointsOnKeepsTheTriggersThatWereChosen() throws {
        let chosen: JSONValue = ["breakpoints": ["triggers": ["deadlock"]], "enable_breakpoints": true]
        #expect(try DebateProtocol(json: chosen).breakpoints.triggers == [.deadlock])
        let limits: JSONValue = ["breakpoints": ["severity": 0.5], "enable_breakpoints": true]
        let usual = try DebateProtocol(json: limits).breakpoints
        #expect(usual.triggers == BreakpointPolicy.usual.triggers)
        #expect(usual.severity == 0.5)
    }
}
