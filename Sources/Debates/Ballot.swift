import CoreTypes

/// The count of the votes (engine inventory 3.3, 3.6 and 3.9; what 13.1 to 13.5 list is avoided).
///
/// A vote weighs what its voter weighs. Which choice leads is told by ranks, in which a vote for the voter's own
/// proposal counts half, and by how sure voters are where ranks are the same. The threshold knows nothing of ranks: the
/// same share decides, whoever the losers chose. Where votes are weighted by how sure they are
/// (`ConsensusMode.weighted`), an unsure vote weighs down to half, and a choice needs its share both of the votes'
/// weight and of the voters themselves, so that no minority carries the panel. Only the author of a standing proposal
/// can win, and by a tie only where whoever leads wins.
struct Ballot {
    private struct Cast {
        let seat: Int
        let vote: Vote
        /// What the voter weighs.
        let voter: Double
        /// What the vote weighs.
        let weight: Double
        /// What it counts where choices are ranked.
        let rank: Double
        let choice: VoteGrouping.Choice
    }

    private struct Tally {
        let choice: VoteGrouping.Choice
        var voters = 0.0
        var weight = 0.0
        var rank = 0.0
        /// The rank times how sure the voters are.
        var sureness = 0.0
        var casts: [Int] = []
    }

    /// How much a vote for the voter's own proposal counts where choices are ranked (engine inventory 3.1).
    static let selfVoteFactor = 0.5
    /// Shares that differ by less are the same: what is left of dividing binary fractions.
    private static let tolerance = 1e-9

    private let settings: DebateProtocol
    private let panel: [String]
    private var candidateSeats: [Int] = []
    private var candidates: [VoteGrouping.Candidate] = []
    private var votes: [(seat: Int, vote: Vote, weight: Double)] = []

    init(settings: DebateProtocol, panel: [String]) {
        self.settings = settings
        self.panel = panel
    }

    mutating func addCandidate(seat: Int, content: String) {
        candidateSeats.append(seat)
        candidates.append(.init(name: panel[seat], content: content))
    }

    mutating func add(_ vote: Vote, seat: Int, weight: Double) {
        votes.append((seat, vote, weight))
    }

    func count(isDeadlineExceeded: Bool) -> Consensus {
        var grouping = VoteGrouping(
            candidates: candidates,
            threshold: settings.voteGrouping ? settings.voteGroupingThreshold : nil
        )
        var casts: [Cast] = []
        casts.reserveCapacity(votes.count)
        for (seat, vote, voter) in votes {
            let choice = grouping.resolve(vote.choice)
            var weight = voter
            if settings.consensus == .weighted { weight *= 0.5 + 0.5 * vote.confidence }
            var rank = weight
            if case .candidate(let candidate) = choice, candidateSeats[candidate] == seat {
                rank *= Self.selfVoteFactor
            }
            casts.append(Cast(seat: seat, vote: vote, voter: voter, weight: weight, rank: rank, choice: choice))
        }
        let tallies = tally(casts)
        let total = tallies.reduce(0) { $0 + $1.weight }
        let voters = tallies.reduce(0) { $0 + $1.voters }
        func share(_ tally: Tally) -> Double { total > 0 ? tally.weight / total : 0 }
        func name(_ choice: VoteGrouping.Choice) -> String {
            switch choice {
            case .candidate(let candidate): candidates[candidate].name
            case .other(let position): grouping.others[position]
            }
        }

        var leading: Tally?
        if let first = tallies.first, total > 0, tallies.count == 1 || Self.compare(first, tallies[1]) > 0,
            case .candidate = first.choice
        {
            leading = first
        }
        let leadingShare = leading.map(share) ?? 0
        let votersShare = leading.map { $0.voters / voters } ?? 0
        let isTied = tallies.count > 1 && tallies[0].rank - tallies[1].rank <= Self.tolerance
        let quorum = DebateProtocol.quorum(ofPanel: panel.count)
        let isUncontested = casts.allSatisfy { $0.choice == leading?.choice }
        let isQuorate = casts.count >= quorum
        let isReached =
            leading != nil && isQuorate && isEnough(min(leadingShare, votersShare))
            && (!isTied || settings.consensus == .any) && (settings.consensus != .unanimous || isUncontested)
        let abstained = panel.indices.filter { seat in !casts.contains { $0.seat == seat } }
        let supporters = leading?.casts ?? []
        let sureness = supporters.reduce(0) { $0 + casts[$1].vote.confidence } / Double(max(1, supporters.count))
        let leader = leading.map { name($0.choice) }
        // Who did not vote is as unsure as can be where too few did.
        let turnout = isQuorate ? 1 : Double(casts.count) / Double(panel.count)

        var consensus = Consensus(
            mode: settings.consensus,
            reached: isReached,
            winner: isReached ? leader : nil,
            leader: leader,
            confidence: fourDecimals(leadingShare * sureness * turnout),
            strength: isQuorate ? strength(leadingShare, isComplete: abstained.isEmpty && isUncontested) : .weak,
            shares: tallies.map { tally in
                .init(
                    choice: name(tally.choice),
                    share: fourDecimals(share(tally)),
                    voters: tally.casts.map { panel[casts[$0].seat] }
                )
            },
            groups: groups(tallies, casts, name),
            dissent: casts.filter { $0.choice != leading?.choice }.map(dissent),
            abstained: abstained.map { panel[$0] },
            quorum: quorum,
            note: nil
        )
        if !isReached {
            consensus.note = note(
                consensus,
                cast: casts.count,
                share: leadingShare,
                voters: votersShare,
                isTied: isTied,
                isDeadlineExceeded: isDeadlineExceeded
            )
        }
        return consensus
    }

    /// The choices with their votes, by rank, equal ones in the order of the panel.
    private func tally(_ casts: [Cast]) -> [Tally] {
        var tallies: [Tally] = []
        for (position, cast) in casts.enumerated() {
            var place = tallies.firstIndex { $0.choice == cast.choice }
            if place == nil {
                place = tallies.count
                tallies.append(Tally(choice: cast.choice))
            }
            guard let place else { continue }
            tallies[place].voters += cast.voter
            tallies[place].weight += cast.weight
            tallies[place].rank += cast.rank
            tallies[place].sureness += cast.rank * cast.vote.confidence
            tallies[place].casts.append(position)
        }
        func number(_ choice: VoteGrouping.Choice) -> Int {
            switch choice {
            case .candidate(let candidate): candidate
            case .other(let position): candidates.count + position
            }
        }
        return tallies.sorted { left, right in
            let order = Self.compare(left, right)
            return order != 0 ? order > 0 : number(left.choice) < number(right.choice)
        }
    }

    /// Above 0 where the left choice is ahead: by rank, or by sureness where the ranks are the same.
    private static func compare(_ left: Tally, _ right: Tally) -> Double {
        [left.rank - right.rank, left.sureness - right.sureness].first { abs($0) > tolerance } ?? 0
    }

    private var neededShare: Double {
        switch settings.consensus {
        case .majority, .weighted, .judge: settings.consensusThreshold
        case .supermajority: max(settings.consensusThreshold, 2.0 / 3)
        case .unanimous: 1
        case .any: 0
        case .none: .infinity
        }
    }

    /// Whether a share decides; both numbers count with the decimals with which they are written down, so that two
    /// votes of three are two thirds however they were given.
    private func isEnough(_ share: Double) -> Bool {
        neededShare.isFinite && fourDecimals(share) + Self.tolerance >= fourDecimals(neededShare)
    }

    private func strength(_ share: Double, isComplete: Bool) -> ConsensusStrength {
        if share + Self.tolerance >= 1, isComplete { return .unanimous }
        if share + Self.tolerance >= 0.8 { return .strong }
        return share + Self.tolerance >= 0.6 ? .medium : .weak
    }

    private func groups(
        _ tallies: [Tally],
        _ casts: [Cast],
        _ name: (VoteGrouping.Choice) -> String
    ) -> [Consensus.Group] {
        tallies.compactMap { tally in
            let canonical = name(tally.choice)
            var spellings = [canonical]
            for cast in tally.casts where !spellings.contains(casts[cast].vote.choice) {
                spellings.append(casts[cast].vote.choice)
            }
            return spellings.count > 1 ? Consensus.Group(choice: canonical, spellings: spellings) : nil
        }
    }

    private func dissent(_ cast: Cast) -> Consensus.Dissent {
        let own = candidateSeats.firstIndex(of: cast.seat).map { candidates[$0].content }
        return .init(
            agent: panel[cast.seat],
            choice: cast.vote.choice,
            confidence: cast.vote.confidence,
            reasoning: cast.vote.reasoning,
            proposal: own ?? ""
        )
    }

    private func note(
        _ consensus: Consensus,
        cast: Int,
        share: Double,
        voters: Double,
        isTied: Bool,
        isDeadlineExceeded: Bool
    ) -> String {
        if candidates.count == 1 {
            return "Only \(candidates[0].name) gave a proposal; there was nothing to debate it with."
        }
        if settings.consensus == .none { return "No vote was held." }
        if cast == 0, isDeadlineExceeded { return "The time of the debate was over before the vote." }
        if cast < consensus.quorum {
            return "Only \(cast) of \(panel.count) agents voted; \(consensus.quorum) are needed."
        }
        guard let leader = consensus.leader else {
            return isTied ? "The votes are tied." : "The votes are for no proposal."
        }
        if isTied { return "The votes are tied; those for \(leader) are the surer ones." }
        if isEnough(min(share, voters)) { return "\(leader) leads, but not with every vote." }
        if isEnough(share) {
            return "\(leader) leads with \(percent(share)) of the votes' weight, but \(percent(voters)) of the voters; "
                + "\(percent(neededShare)) is needed."
        }
        let isRankedUp = consensus.shares.contains { $0.choice != leader && $0.share >= fourDecimals(share) }
        return "\(leader) leads with \(percent(share))\(isRankedUp ? ", as votes for oneself rank half" : ""); "
            + "\(percent(neededShare)) is needed."
    }

    private func percent(_ share: Double) -> String { "\(Int((share * 100).rounded()))%" }
}
