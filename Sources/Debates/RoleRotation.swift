package import CoreTypes

/// Which way of thinking an agent takes in which round (`role_rotation`).
package enum RoleRotation {
    private static let order: [CognitiveRole] = [.analyst, .skeptic, .lateralThinker, .devilsAdvocate]

    /// The role of a seat: each round moves everybody one role on; in the last round all bring things together.
    /// - Parameters:
    ///   - seat: the place on the panel, from 0.
    ///   - round: the round, from 1; 0 for the first proposals.
    ///   - total: how many rounds there are at most.
    package static func role(seat: Int, round: Int, of total: Int) -> CognitiveRole {
        round > 0 && round >= total ? .synthesizer : order[(seat + round) % order.count]
    }
}
