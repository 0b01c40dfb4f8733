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
    private let critiques: [Critique?]
    private let winner: String?

    init(_ kind: AgentCallID.Kind, of debate: DebateMachine) {
        var prefix = debate.description.id.rawValue
        prefix += "/"
        prefix += kind.rawValue
        prefix += "/"
        prefix += String(kind == .proposal ? 0 : debate.round)
        prefix += "/"
        self.prefix = prefix
        panel = debate.panel
        briefing = Briefing(
            task: debate.description.task,
            background: debate.description.background,
            evidence: debate.evidence,
            round: debate.round,
            totalRounds: debate.description.settings.rounds
        )
        rotatesRoles = debate.description.settings.roleRotation && kind != .vote && kind != .synthesis
        proposals = kind == .proposal || kind == .critique ? [] : debate.livingProposals
        contents = debate.proposals
        critiques = debate.critiques
        winner = debate.consensus?.winner
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
            briefing.role = RoleRotation.role(seat: id.seat, round: briefing.round, of: briefing.totalRounds)
        }
        switch id.kind {
        case .proposal: return .generate(GenerateRequest(purpose: .proposal, briefing: briefing))
        case .critique:
            let target = id.target ?? id.seat
            let proposal = Proposal(agent: panel[target].name, content: contents[target] ?? "")
            return .critique(CritiqueRequest(briefing: briefing, target: proposal))
        case .revision:
            return .generate(
                GenerateRequest(
                    purpose: .revision,
                    briefing: briefing,
                    proposals: proposals,
                    critiques: critiques(of: id.seat)
                )
            )
        case .vote: return .vote(VoteRequest(briefing: briefing, proposals: proposals))
        case .synthesis:
            return .generate(
                GenerateRequest(
                    purpose: .synthesis,
                    briefing: briefing,
                    proposals: proposals,
                    critiques: panel.indices.flatMap { critiques(of: $0) },
                    winner: winner
                )
            )
        }
    }

    /// The criticisms of a seat's proposal, in the order of the panel.
    private func critiques(of target: Int) -> [Critique] {
        var found: [Critique] = []
        found.reserveCapacity(panel.count)
        for critic in panel.indices {
            if let critique = critiques[critic * panel.count + target] { found.append(critique) }
        }
        return found
    }
}
