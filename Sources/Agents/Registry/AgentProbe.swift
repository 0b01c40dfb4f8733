package import CoreTypes

/// What is known about an agent without asking its model anything.
package struct ProbeResult: Sendable, Hashable {
    /// How it went.
    package enum Outcome: String, Sendable {
        case ready, demo, keyRefused = "key_refused", unreachable, modelUnknown = "model_unknown", failed
    }

    package let agent: String
    package let outcome: Outcome
    /// What was found and what can be done, for people.
    package let description: String
    /// Whether the agent can be expected to answer.
    package var isUsable: Bool { outcome == .ready || outcome == .demo }
}

/// Asks a provider for its models, which proves address, key and model at no cost.
struct AgentProbe: Sendable {
    let agent: String
    let provider: String
    let model: String
    let catalog: any ModelCatalog
    /// Proves the key where the list of models is open to everybody.
    let verifyKey: (@Sendable () async throws -> Void)?

    /// How many models an answer names.
    private static let namedModels = 8

    func run() async -> ProbeResult {
        do {
            try await verifyKey?()
            let models = try await catalog.models()
            guard model == ModelProvider.unnamedModel || model.hasPrefix("openrouter/") || isKnown(among: models) else {
                let some = models.prefix(Self.namedModels).joined(separator: ", ")
                let more = models.count > Self.namedModels ? " and \(models.count - Self.namedModels) more" : ""
                return result(.modelUnknown, "\(provider) does not know the model \(model). It serves: \(some)\(more).")
            }
            return result(.ready, "\(provider) answers and knows \(model).")
        } catch let error as AgentError {
            switch error.reason {
            case .authentication: return result(.keyRefused, error.description)
            case .network, .timeout, .overloaded: return result(.unreachable, error.description)
            default: return result(.failed, error.description)
            }
        } catch {
            return result(.failed, "The probe was stopped.")
        }
    }

    /// Whether the model is listed, by its name or as an alias of a dated or tagged one.
    private func isKnown(among models: [String]) -> Bool {
        // Who lists nothing may still serve it.
        if models.isEmpty { return true }
        let alias = model.hasSuffix("-latest") ? String(model.dropLast("latest".count)) : model + "-"
        return models.contains { $0 == model || $0.hasPrefix(alias) || $0.hasPrefix(model + ":") }
    }

    private func result(_ outcome: ProbeResult.Outcome, _ description: String) -> ProbeResult {
        ProbeResult(agent: agent, outcome: outcome, description: description)
    }
}

extension AgentRegistry {
    /// Finds out whether an agent can be expected to answer, without generating any text.
    package func probe(_ agent: any Agent) async -> ProbeResult {
        let profile = agent.profile
        if profile.isDemo {
            return ProbeResult(
                agent: profile.name,
                outcome: .demo,
                description: "An offline demo agent, not a model. Set an API key to debate with models."
            )
        }
        guard let probe = probes[profile.name] else {
            return ProbeResult(agent: profile.name, outcome: .failed, description: "No such agent is configured.")
        }
        return await probe.run()
    }
}
