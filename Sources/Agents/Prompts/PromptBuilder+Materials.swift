import CoreTypes

/// What a prompt quotes of the panel.
extension PromptBuilder {
    /// How much of all voters' reasons is quoted: with the shares, they fit into one material.
    private static let maximumReasons = 15_000

    /// Proposals under the numbers that they have on the panel.
    func proposals(_ proposals: [Proposal], winner: String?) -> [Material] {
        proposals.enumerated().map { position, proposal in
            let own = proposal.agent == name ? " (your own)" : ""
            let chosen = proposal.agent == winner ? ", chosen by the votes" : ""
            return Material(
                heading: "Proposal \(position + 1), by \(proposal.agent)\(own)\(chosen)",
                text: proposal.content
            )
        }
    }

    /// - Parameter areAnswered: whether the proposals could be revised since.
    func critiques(_ critiques: [Critique], areAnswered: Bool) -> [Material] {
        critiques.map { critique in
            var lines = ["Severity: \((critique.severity * 10).rounded() / 10) of 1"]
            lines += critique.issues.map { "- Problem: \($0)" }
            lines += critique.suggestions.map { "- Suggestion: \($0)" }
            if !critique.reasoning.isEmpty { lines.append(critique.reasoning) }
            let version = areAnswered ? " as it stood before the last revisions" : ""
            return Material(
                heading: "Criticism of \(critique.target)'s proposal\(version), by \(critique.agent)",
                text: lines.joined(separator: "\n")
            )
        }
    }

    /// How the panel voted: what the answer may call agreed, and who is against it for which reason.
    func material(of votes: PanelVotes) -> Material {
        var lines: [String] = []
        if !votes.shares.isEmpty {
            let shares = votes.shares.map { "\($0.choice) \(percent($0.share))" }
            lines.append("Of the votes' weight: \(shares.joined(separator: ", "))")
        }
        if let note = votes.note { lines.append("No decision: \(note)") }
        let limit = Material.fairShare(
            of: Self.maximumReasons,
            sizes: votes.votes.map(\.reasoning.unicodeScalars.count)
        )
        lines += votes.votes.map { vote in
            let reason = vote.reasoning.isEmpty ? "no reason given" : Material.shortened(vote.reasoning, to: limit)
            return "- \(vote.agent) chose \(vote.choice), \(percent(vote.confidence)) sure: \(reason)"
        }
        if !votes.abstained.isEmpty { lines.append("No vote came from: \(votes.abstained.joined(separator: ", "))") }
        return Material(heading: "The votes", text: lines.joined(separator: "\n"))
    }

    private func percent(_ share: Double) -> String { "\(Int((min(1, max(0, share)) * 100).rounded()))%" }
}
