package import CoreTypes

/// Which way of thinking an agent takes in which call (`role_rotation`).
package enum RoleRotation {
    private static let order: [CognitiveRole] = [.analyst, .skeptic, .lateralThinker, .devilsAdvocate]

    /// The role for a call: each round moves everybody one role on, and in the last one all revisions bring things
    /// together.
    ///
    /// Whoever criticises never does that, and the first proposals have no position yet to speak against. Votes and the
    /// synthesis are the whole panel's, in no role.
    /// - Parameter total: how many rounds there are at most.
    package static func role(for call: AgentCallID, of total: Int) -> CognitiveRole? {
        let usual = order[(call.seat + call.round) % order.count]
        switch call.kind {
        case .proposal: return usual == .devilsAdvocate ? nil : usual
        case .critique: return usual
        case .revision: return call.round >= total ? .synthesizer : usual
        case .vote, .synthesis: return nil
        }
    }
}
