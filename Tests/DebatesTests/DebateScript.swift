import CoreTypes
import Debates
import Synchronization
import Testing

/// What the agents of a test answer, by the kind of the call and the seat; the same call always gets the same answer.
struct DebateScript: Sendable {
    /// An answer, by what was asked.
    enum Answer {
        case text(Reply<String>)
        case critique(Reply<Critique>)
        case vote(Reply<Vote>)
        case failure(AgentCallFailure)
    }

    /// What a failing call costs.
    var failureUsage = Usage()
    static let names = [
        "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa",
    ]

    var settings = DebateProtocol()
    var size = 3
    /// The calls that fail, by their key without the debate: `revision/1/beta`.
    var failing: Set<String> = []
    /// What a seat votes for; its own first neighbour where nothing is said.
    var choices: [String] = ["alpha", "alpha", "alpha"]
    var confidences: [Double] = [0.9, 0.9, 0.9]
    var inputs: [DebateInput] = []
    var usage = Usage(inputTokens: 10, outputTokens: 5, costMicrodollars: 3)
    /// What stands in a text; all proposals are alike where it does not depend on the agent.
    var text: @Sendable (_ kind: String, _ agent: String, _ round: Int) -> String = { kind, agent, round in
        "\(agent) \(kind) number \(round) speaks of \(agent)s own matters"
    }

    var failure: AgentCallFailure {
        AgentCallFailure(code: "overloaded", message: "The model is overloaded.", usage: failureUsage)
    }

    var profiles: [AgentProfile] {
        Self.names.prefix(size).map { AgentProfile(name: $0, provider: "Test", model: "\($0)-1", isDemo: true) }
    }

    var description: DebateDescription {
        DebateDescription(
            id: DebateID("d1"),
            workspace: .local,
            task: "Which way?",
            background: "We spoke of it before.",
            requestedBy: "slack:U1",
            settings: settings
        )
    }

    func machine() throws -> DebateMachine { try DebateMachine(description: description, panel: profiles) }

    /// A debate with settings changed.
    static func with(_ change: (inout DebateScript) -> Void) -> DebateScript {
        var script = DebateScript()
        script.settings.rounds = 2
        change(&script)
        return script
    }

    func answer(_ call: AgentCallDescription) -> AgentCallCompletion {
        switch answer(call.request, key: call.key, seat: call.id.seat) {
        case .text(let reply): call.answered(reply)
        case .critique(let reply): call.answered(reply)
        case .vote(let reply): call.answered(reply)
        case .failure(let failure): call.failed(failure)
        }
    }

    func answer(_ request: AgentCallDescription.Request, key: String, seat: Int) -> Answer {
        let name = String(key.dropFirst(description.id.rawValue.count + 1))
        guard !failing.contains(name) else { return .failure(failure) }
        let agent = Self.names[seat]
        switch request {
        case .generate(let request):
            return .text(Reply(text(request.purpose.rawValue, agent, request.briefing.round), usage: usage))
        case .critique(let request):
            let critique = Critique(
                agent: "somebody else",
                target: "another",
                issues: ["\(request.target.agent) is vague in \(request.briefing.round)"],
                suggestions: ["Be \"clear\"\n"],
                severity: 0.33333,
                reasoning: request.target.content
            )
            return .critique(Reply(critique, usage: usage))
        case .vote:
            let vote = Vote(
                agent: "somebody else",
                choice: choices[seat],
                confidence: confidences[seat],
                reasoning: "\(agent) says so"
            )
            return .vote(Reply(vote, usage: usage))
        }
    }

    /// Plays a debate to its end, answering at once.
    func play() throws -> Play {
        var machine = try machine()
        return try play(&machine, from: machine.start())
    }

    /// Plays on from a step.
    func play(_ machine: inout DebateMachine, from first: DebateStep) throws -> Play {
        var play = Play()
        var step = first
        for _ in 0..<1000 {
            play.events += step.events
            switch step.next {
            case .finish(let result):
                play.result = result
                return play
            case .pause(let breakpoint):
                play.waiting = breakpoint
                return play
            case .loadInputs(let cursor): step = machine.handle(inputs: inputs.filter { $0.cursor > cursor })
            case .calls(let calls):
                play.keys += calls.map { String($0.key.dropFirst(3)) }
                play.calls += calls
                step = machine.handle(calls.map { answer($0) })
            case .wait:
                Issue.record("The debate waits for nothing.")
                return play
            }
        }
        Issue.record("The debate does not end.")
        return play
    }
}

/// What came of playing a debate.
struct Play {
    var events: [DebateEvent] = []
    /// The keys of the calls, without the debate.
    var keys: [String] = []
    var calls: [AgentCallDescription] = []
    var result: DebateResult?
    /// Where it waits for people.
    var waiting: DebateBreakpoint?

    var consensus: Consensus? {
        for case .consensus(let consensus) in events { return consensus }
        return nil
    }

    var synthesis: DebateEvent.Synthesis? {
        for case .synthesis(let synthesis) in events { return synthesis }
        return nil
    }

    var failures: [DebateEvent.Failure] {
        events.compactMap { if case .agentFailed(let failure) = $0 { failure } else { nil } }
    }

    var types: [String] { events.map { "\($0.type)" } }

    /// The journal of the events, a second apart.
    var journal: (entries: [JournalEntry], bytes: [[UInt8]]) {
        var writer = JournalWriter()
        var entries: [JournalEntry] = []
        var lines = JournalLines()
        for event in events {
            let at = Timestamp(milliseconds: 1_750_000_000_000 + Int64(entries.count) * 1000)
            entries.append(writer.append(event, at: at, to: &lines))
        }
        return (entries, lines.split)
    }
}
