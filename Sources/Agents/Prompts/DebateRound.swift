import CoreTypes

/// How a round is called and what its texts are for: the structured phases of Aragora's debate protocol.
struct DebateRound: Hashable {
    let title: String
    let focus: String

    private static let phases = [
        DebateRound(title: "Context Gathering", focus: "Establish what is asked and known, and take a first position."),
        DebateRound(title: "Initial Analysis", focus: "Analyse the positions and the evidence for each."),
        DebateRound(title: "Skeptical Review", focus: "Question claims, assumptions and missing evidence."),
        DebateRound(title: "Lateral Exploration", focus: "Look for options that nobody has named yet."),
        DebateRound(
            title: "Devil's Advocacy",
            focus: "Hold your position up to the strongest case that can be made against it."
        ),
        DebateRound(
            title: "Integration",
            focus: "Bring together what survived, and name what still divides the panel."
        ),
        DebateRound(title: "Cross-Examination", focus: "Press the open points until they are settled or clearly open."),
        DebateRound(title: "Final Synthesis", focus: "Write the best final form of your position."),
        DebateRound(title: "Final Adjudication", focus: "Weigh the final positions against each other."),
    ]

    /// The phase that a round stands for; short debates pass through the same arc with fewer stops.
    init(of briefing: Briefing) {
        let last = Self.phases.count - 1
        let round = max(0, briefing.round)
        let total = max(1, briefing.totalRounds)
        self = Self.phases[total >= last ? min(round, last) : min(round * (last - 1) / total, last - 1)]
    }

    private init(title: String, focus: String) {
        self.title = title
        self.focus = focus
    }
}
