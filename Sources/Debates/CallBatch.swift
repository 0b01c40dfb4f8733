import CoreTypes

/// What the calls of one phase have in common.
///
/// A call is its name and a reference to this; its question is put together only when it is asked.
final class CallBatch: Sendable {
    private let prefix: String
    let panel: [AgentProfile]
    private let briefing: Briefing
    private let rotatesRoles: Bool
    let proposals: [Proposal]
    private let contents: [String?]
    /// This round's criticisms, by critic and target.
    private let critiques: [DebateEvent.CritiqueGiven?]
    private let winner: String?
    private let votes: PanelVotes?

    init(
        _ kind: AgentCallID.Kind,
        of description: DebateDescription,
        panel: [AgentProfile],
        round: Int,
        evidence: [Evidence],
        guidance: [Evidence],
        proposals: [Proposal],
        contents: [String?],
        critiques: [DebateEvent.CritiqueGiven?],
        winner: String?,
        votes: PanelVotes?
    ) {
        var prefix = description.id.rawValue
        prefix += "/"
        prefix += kind.rawValue
        prefix += "/"
        prefix += String(kind == .proposal ? 0 : round)
        prefix += "/"
        self.prefix = prefix
        self.panel = panel
        briefing = Briefing(
            task: description.task,
            background: description.background,
            evidence: evidence,
            guidance: guidance,
            round: round,
            totalRounds: description.settings.rounds
        )
        rotatesRoles = description.settings.roleRotation
        self.proposals = proposals
        self.contents = contents
        self.critiques = critiques
        self.winner = winner
        self.votes = votes
    }

    func key(of id: AgentCallID) -> String {
        var key = ""
        key.reserveCapacity(prefix.utf8.count + 48)
        key += prefix
        key += panel[id.seat].name
        if let target = id.target {
            key += "/"
            key += panel[target].name
        }
        return key
    }

    func request(for id: AgentCallID) -> AgentCallDescription.Request {
        var briefing = briefing
        if rotatesRoles {
            briefing.role = RoleRotation.role(for: id, of: briefing.totalRounds)
        }
        switch id.kind {
        case .proposal: return .generate(GenerateRequest(purpose: .proposal, briefing: consume briefing))
        case .critique:
            let target = id.target ?? id.seat
            let proposal = Proposal(agent: panel[target].name, content: contents[target] ?? "")
            return .critique(CritiqueRequest(briefing: consume briefing, target: proposal))
        case .revision:
            return .generate(
                GenerateRequest(
                    purpose: .revision,
                    briefing: consume briefing,
                    proposals: proposals,
                    critiques: critiques(of: id.seat)
                )
            )
        case .vote: return .vote(VoteRequest(briefing: consume briefing, proposals: proposals))
        case .synthesis:
            return .generate(
                GenerateRequest(
                    purpose: .synthesis,
                    briefing: consume briefing,
                    proposals: proposals,
                    critiques: panel.indices.flatMap { critiques(of: $0) },
                    winner: winner,
                    votes: votes
                )
            )
        }
    }

    /// The criticisms of a seat's proposal, in the order of the panel.
    private func critiques(of target: Int) -> [Critique] {
        var found: [Critique] = []
        found.reserveCapacity(panel.count)
        for critic in panel.indices {
            if let given = critiques[critic * panel.count + target] { found.append(given.critique) }
        }
        return found
    }
}
