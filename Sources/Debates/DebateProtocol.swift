/// The rules of one debate (architecture document, "Protocol Flags"; engine inventory 2.2).
package struct DebateProtocol: Sendable, Hashable {
    /// How many rounds of criticism and revision are held at most, from 1 to 12.
    package var rounds = 9
    package var consensus = ConsensusMode.judge
    /// The share of the votes that decides, from 0 to 1; votes for oneself count in full.
    package var consensusThreshold = 0.6
    /// Whether the rounds end early once the proposals say the same.
    package var convergenceDetection = true
    /// The average similarity between the proposals from which they count as the same.
    package var convergenceThreshold = 0.85
    /// The similarity under which the panel counts as drifting apart.
    package var divergenceThreshold = 0.4
    /// Whether choices that mean the same are counted together.
    package var voteGrouping = true
    /// The similarity from which two choices mean the same.
    package var voteGroupingThreshold = 0.85
    /// Whether agents are asked to take a way of thinking that changes from round to round.
    package var roleRotation = true
    /// How long a set of calls may take for each wave of those that run at the same time; what is missing then counts
    /// as failed.
    package var phaseTimeout = Duration.seconds(300)
    /// How long one run of the debate may take; it then ends with what it has.
    package var debateTimeout = Duration.seconds(1200)
    /// When the debate waits for people.
    package var breakpoints = BreakpointPolicy()
    /// How many tokens, read and written, the debate may use before it goes to the vote; nil for no limit.
    package var budgetTokens: Int64?
    /// How many millionths of a US dollar it may cost before it goes to the vote; nil for no limit.
    package var budgetMicrodollars: Int64?

    /// The rules that hold where nobody says otherwise.
    package init() {}

    /// The rules of a short debate: four rounds.
    package static let light: DebateProtocol = {
        var light = DebateProtocol()
        light.rounds = 4
        return light
    }()

    /// How many rounds a debate may have.
    package static let roundsRange = 1...12
    /// How many agents a panel may have (`ARAGORA_MAX_AGENTS_PER_DEBATE`).
    package static let maximumPanel = 10

    /// How many votes a panel of this size needs at least to decide anything.
    package static func quorum(ofPanel count: Int) -> Int { max(2, (count + 1) / 2) }

    /// How many calls of a kind run at the same time (engine inventory 11.9).
    static func concurrency(of kind: AgentCallID.Kind) -> Int {
        switch kind {
        case .proposal, .revision, .vote, .synthesis: 5
        case .critique: 15
        }
    }

    /// How long so many calls of a kind may take together.
    func time(for calls: Int, of kind: AgentCallID.Kind) -> Duration {
        let concurrency = Self.concurrency(of: kind)
        return phaseTimeout * ((calls + concurrency - 1) / concurrency)
    }

    /// Checks that every value is in its range.
    /// - Throws: `DebateError` with code `invalid_settings`, naming the first value that is not.
    package func validate() throws(DebateError) {
        func require(_ holds: Bool, _ message: @autoclosure () -> String) throws(DebateError) {
            guard holds else { throw DebateError(.invalidSettings, message()) }
        }
        try require(Self.roundsRange.contains(rounds), "rounds must be from 1 to 12.")
        func requireFraction(_ name: StaticString, _ value: Double) throws(DebateError) {
            try require((0...1).contains(value), "\(name) must be from 0 to 1.")
        }
        try requireFraction("consensus_threshold", consensusThreshold)
        try requireFraction("convergence_threshold", convergenceThreshold)
        try requireFraction("divergence_threshold", divergenceThreshold)
        try requireFraction("vote_grouping_threshold", voteGroupingThreshold)
        func requireTime(_ name: StaticString, _ value: Duration) throws(DebateError) {
            try require((1...86_400).contains(value.components.seconds), "\(name) must be from 1 to 86400.")
        }
        try requireTime("phase_timeout_seconds", phaseTimeout)
        try requireTime("debate_timeout_seconds", debateTimeout)
        try require(budgetTokens ?? 1 > 0, "budget_tokens must be above 0.")
        try require(budgetMicrodollars ?? 1 > 0, "budget_microdollars must be above 0.")
    }
}
