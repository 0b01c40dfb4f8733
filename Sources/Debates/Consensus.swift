/// What the votes decided, and everything that it was made of.
package struct Consensus: Sendable, Hashable {
    package var mode: ConsensusMode
    package var reached: Bool
    /// The author of the proposal that won; nil unless consensus was reached.
    package var winner: String?
    /// The author of the proposal that is ahead, by its votes, of which those for oneself rank half, or else by how
    /// sure its voters are, whether or not that is enough; nil for a tie in both.
    package var leader: String?
    /// The leading share times how sure its voters are, from 0 to 1; below the quorum, times the part of the panel that
    /// voted.
    package var confidence: Double
    package var strength: ConsensusStrength
    /// The choices, the leading one first.
    package var shares: [Share]
    /// Choices that were spelled differently and counted together.
    package var groups: [Group]
    /// The votes that were not for the leader, word for word.
    package var dissent: [Dissent]
    /// The agents that cast no vote.
    package var abstained: [String]
    /// How many votes were needed to decide anything.
    package var quorum: Int
    /// Why there is no consensus.
    package var note: String?

    /// One choice and the weight behind it.
    package struct Share: Sendable, Hashable {
        /// The author of the chosen proposal, or what was chosen instead.
        package let choice: String
        /// Its part of all votes' weight, from 0 to 1; votes for oneself count in full.
        package let share: Double
        package let voters: [String]
    }

    /// Spellings that were counted as one choice.
    package struct Group: Sendable, Hashable {
        package let choice: String
        package let spellings: [String]
    }

    /// A vote against the outcome, with what its voter stood for.
    package struct Dissent: Sendable, Hashable {
        package let agent: String
        package let choice: String
        package let confidence: Double
        package let reasoning: String
        /// The voter's own last proposal.
        package let proposal: String
    }

    /// What a reader may make of the outcome (engine inventory 11.8).
    package var verdict: Verdict {
        guard reached else {
            // Nobody voted, or it is not decided but not lost either: people have to look at it.
            guard let highest = shares.map(\.share).max() else { return .needsReview }
            return highest >= 0.4 ? .needsReview : .rejected
        }
        return dissent.isEmpty && confidence >= 0.8 ? .approved : .approvedWithConditions
    }
}
