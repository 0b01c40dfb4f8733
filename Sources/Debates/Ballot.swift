import CoreTypes

/// The count of the votes (engine inventory 3.3, 3.6 and 3.9; what 13.1 to 13.5 list is avoided).
///
/// A vote weighs what its voter weighs times how sure it is, and half of that where it is for the voter's own
/// proposal. Only the author of a standing proposal can win, and never by a tie.
struct Ballot {
    private struct Cast {
        let seat: Int
        let vote: Vote
        let weight: Double
        let choice: VoteGrouping.Choice
    }

    private struct Tally {
        let choice: VoteGrouping.Choice
        var weight = 0.0
        var casts: [Int] = []
    }

    /// How much a vote for the voter's own proposal counts (engine inventory 3.1).
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
        for (seat, vote, weight) in votes {
            let choice = grouping.resolve(vote.choice)
            var weight = weight * vote.confidence
            if case .candidate(let candidate) = choice, candidateSeats[candidate] == seat {
                weight *= Self.selfVoteFactor
            }
            casts.append(Cast(seat: seat, vote: vote, weight: weight, choice: choice))
        }
        let tallies = tally(casts)
        let total = tallies.reduce(0) { $0 + $1.weight }
        func share(_ tally: Tally) -> Double { total > 0 ? tally.weight / total : 0 }
        func name(_ choice: VoteGrouping.Choice) -> String {
            switch choice {
            case .candidate(let candidate): candidates[candidate].name
            case .other(let position): grouping.others[position]
            }
        }

        var leading: Tally?
        if let first = tallies.first, total > 0,
            tallies.count == 1 || share(first) > share(tallies[1]) + Self.tolerance,
            case .candidate = first.choice
        {
            leading = first
        }
        let leadingShare = leading.map(share) ?? 0
        let quorum = DebateProtocol.quorum(ofPanel: panel.count)
        // A vote without any confidence weighs nothing, and is a vote against it all the same.
        let isUncontested = casts.allSatisfy { $0.choice == leading?.choice }
        let isReached =
            leading != nil && casts.count >= quorum && isEnough(leadingShare)
            && (settings.consensus != .unanimous || isUncontested)
        let abstained = panel.indices.filter { seat in !casts.contains { $0.seat == seat } }
        let supporters = leading?.casts ?? []
        let sureness = supporters.reduce(0) { $0 + casts[$1].vote.confidence } / Double(max(1, supporters.count))
        let leader = leading.map { name($0.choice) }

        var consensus = Consensus(
            mode: settings.consensus,
            reached: isReached,
            winner: isReached ? leader : nil,
            leader: leader,
            confidence: fourDecimals(leadingShare * sureness),
            strength: strength(leadingShare, isComplete: abstained.isEmpty && isUncontested),
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
                isDeadlineExceeded: isDeadlineExceeded
            )
        }
        return consensus
    }

    /// The choices with their votes, the heaviest first, equal ones in the order of the panel.
    private func tally(_ casts: [Cast]) -> [Tally] {
        var tallies: [Tally] = []
        for (position, cast) in casts.enumerated() {
            var place = tallies.firstIndex { $0.choice == cast.choice }
            if place == nil {
                place = tallies.count
                tallies.append(Tally(choice: cast.choice))
            }
            guard let place else { continue }
            tallies[place].weight += cast.weight
            tallies[place].casts.append(position)
        }
        func rank(_ choice: VoteGrouping.Choice) -> Int {
            switch choice {
            case .candidate(let candidate): candidate
            case .other(let position): candidates.count + position
            }
        }
        return tallies.sorted { left, right in
            abs(left.weight - right.weight) > Self.tolerance
                ? left.weight > right.weight : rank(left.choice) < rank(right.choice)
        }
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

    private func note(_ consensus: Consensus, cast: Int, share: Double, isDeadlineExceeded: Bool) -> String {
        if candidates.count == 1 {
            return "Only \(candidates[0].name) gave a proposal; there was nothing to debate it with."
        }
        if settings.consensus == .none { return "No vote was held." }
        if cast == 0, isDeadlineExceeded { return "The time of the debate was over before the vote." }
        if cast < consensus.quorum {
            return "Only \(cast) of \(panel.count) agents voted; \(consensus.quorum) are needed."
        }
        guard let leader = consensus.leader else {
            return consensus.shares.count > 1 && consensus.shares[0].share == consensus.shares[1].share
                ? "The votes are tied." : "The votes are for no proposal."
        }
        if isEnough(share) { return "\(leader) leads, but not with every vote." }
        return "\(leader) leads with \(percent(share)); \(percent(neededShare)) is needed."
    }

    private func percent(_ share: Double) -> String { "\(Int((share * 100).rounded()))%" }
}
