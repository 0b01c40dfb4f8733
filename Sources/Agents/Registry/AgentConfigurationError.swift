import CoreTypes

/// Why the agents cannot be built, or a panel cannot be put together.
package struct AgentConfigurationError: CodedError, Hashable {
    /// The closed list of reasons.
    package enum Code: String, Sendable {
        case invalidValue = "invalid_value", unknownAgent = "unknown_agent", notConfigured = "agent_not_configured"
        case tooFewAgents = "too_few_agents"
    }

    package let reason: Code
    package let description: String

    package var code: String { reason.rawValue }
    package var isRetryable: Bool { false }

    init(_ reason: Code, _ description: String) {
        self.reason = reason
        self.description = description
    }
}
