import CoreTypes
import Debates

/// An agent that answers at once, and says what the peer's agents say in `peer_engine.py`.
struct InstantAgent: Agent {
    let profile: AgentProfile
    private let proposal: String

    static let panel = [
        InstantAgent("alpha", "Look at the cost first, then move one service at a time and measure the latency."),
        InstantAgent("beta", "Stay with the monolith, but draw clear borders between its modules this year."),
        InstantAgent("gamma", "Split only the part that changes daily; everything else can wait for a reason."),
    ]

    private init(_ name: String, _ proposal: String) {
        profile = AgentProfile(name: name, provider: "Benchmark", model: "instant")
        self.proposal = proposal
    }

    func generate(_ request: GenerateRequest, call: AgentCall) async throws -> Reply<String> {
        Reply(proposal)
    }

    func critique(_ request: CritiqueRequest, call: AgentCall) async throws -> Reply<Critique> {
        Reply(
            Critique(
                agent: profile.name,
                target: request.target.agent,
                issues: ["Needs more supporting evidence"],
                suggestions: ["Consider adding data to support claims"],
                severity: 0.5
            )
        )
    }

    func vote(_ request: VoteRequest, call: AgentCall) async throws -> Reply<Vote> {
        Reply(Vote(agent: profile.name, choice: "alpha", confidence: 0.8, reasoning: "It is the best supported."))
    }
}

/// A debate in which nobody says anything more.
struct NoInputs: DebateInputs {
    func load(after cursor: Int64) async throws -> [DebateInput] { [] }
}
