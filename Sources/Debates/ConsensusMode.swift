/// How the votes decide (engine inventory 3.3).
package enum ConsensusMode: String, Sendable, CaseIterable {
    /// The threshold, and strictly more than the runner-up.
    case majority
    /// As `majority`, of votes that also weigh how sure their voters are.
    case weighted
    /// Two thirds, or the threshold where it is higher.
    case supermajority
    /// All votes that were cast are for one proposal.
    case unanimous
    /// The votes decide as in `majority`; a panel member that did not win writes the final text.
    case judge
    /// Whoever is ahead.
    case any
    /// No vote is held and nothing is decided.
    case none
}

/// What a reader may make of the outcome (engine inventory 11.8).
package enum Verdict: String, Sendable, CaseIterable {
    case approved
    case approvedWithConditions = "approved_with_conditions"
    case needsReview = "needs_review"
    case rejected
}

/// How far the panel stands behind the leading proposal, by its share of the votes' weight.
package enum ConsensusStrength: String, Sendable, CaseIterable {
    /// All of it, and nobody abstained.
    case unanimous
    /// From 0.8.
    case strong
    /// From 0.6.
    case medium
    /// Below, or where too few voted to decide anything.
    case weak
}
