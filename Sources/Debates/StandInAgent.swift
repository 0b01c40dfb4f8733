import CoreTypes

/// An agent whose seat the journal gave to another model, as where the configuration changed while the debate waited:
/// what it answers, and how it fails, names the model that really spoke.
struct StandInAgent: Agent {
    private let agent: any Agent

    init(_ agent: any Agent) {
        self.agent = agent
    }

    var profile: AgentProfile { agent.profile }

    func generate(_ request: GenerateRequest, call: AgentCall) async throws -> Reply<String> {
        try await named { try await agent.generate(request, call: call) }
    }

    func critique(_ request: CritiqueRequest, call: AgentCall) async throws -> Reply<Critique> {
        try await named { try await agent.critique(request, call: call) }
    }

    func vote(_ request: VoteRequest, call: AgentCall) async throws -> Reply<Vote> {
        try await named { try await agent.vote(request, call: call) }
    }

    private func named<Value: Sendable>(_ ask: () async throws -> Reply<Value>) async throws -> Reply<Value> {
        do {
            var reply = try await ask()
            reply.usage.fallbackModel = reply.usage.fallbackModel ?? profile.model
            return reply
        } catch var error as AgentError {
            error.usage.fallbackModel = error.usage.fallbackModel ?? profile.model
            throw error
        }
    }
}
