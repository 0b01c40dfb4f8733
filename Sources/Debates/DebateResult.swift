package import CoreTypes

/// How a debate stands.
package enum DebateStatus: String, Sendable, CaseIterable {
    case created, running, completed, failed, cancelled
}

/// How a debate ended.
package struct DebateResult: Sendable, Hashable {
    /// `completed`, `failed` or `cancelled`.
    package var status: DebateStatus
    /// What a reader may make of it; nil where the debate did not complete.
    package var verdict: Verdict?
    /// The text that answers the question; empty where the debate did not complete.
    package var finalAnswer: String
    /// How sure the panel is, from 0 to 1.
    package var confidence: Double
    package var consensusReached: Bool
    /// The author of the proposal that won; nil without consensus.
    package var winner: String?
    /// Who wrote the final answer where it is a judge's synthesis.
    package var synthesizedBy: String?
    package var roundsUsed: Int
    package var totalRounds: Int
    package var usage: Usage
    /// What a reader should know of the outcome, such as why there is no consensus.
    package var reason: String?
}
