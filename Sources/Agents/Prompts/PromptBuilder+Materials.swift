import CoreTypes

/// What a prompt quotes of the panel.
extension PromptBuilder {
    /// How much is quoted of a choice that is no agent's name.
    private static let maximumChoice = 120

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
    ///
    /// One line for each voter comes first, and then the reasons as they fit.
    /// - Parameter room: the most characters of all reasons together.
    func material(of votes: PanelVotes, reasons room: Int) -> Material {
        var lines: [String] = []
        if !votes.shares.isEmpty {
            let shares = votes.shares.map { "\(choice($0.choice)) \(percent($0.share))" }
            lines.append("Of the votes' weight: \(shares.joined(separator: ", "))")
        }
        if let note = votes.note { lines.append("No decision: \(note)") }
        lines += votes.votes.map { vote in
            let end = vote.reasoning.isEmpty ? ", no reason given" : ""
            return "- \(vote.agent) chose \(choice(vote.choice)), \(percent(vote.confidence)) sure\(end)"
        }
        if !votes.abstained.isEmpty { lines.append("No vote came from: \(votes.abstained.joined(separator: ", "))") }
        let reasoned = votes.votes.filter { !$0.reasoning.isEmpty }
        let limit = Material.fairShare(of: room, sizes: reasoned.map(\.reasoning.unicodeScalars.count))
        lines += reasoned.map { "Why \($0.agent) chose so: \(Material.shortened($0.reasoning, to: limit))" }
        return Material(heading: "The votes", text: lines.joined(separator: "\n"))
    }

    private func choice(_ text: String) -> String { text.shortened(to: Self.maximumChoice) }

    private func percent(_ share: Double) -> String { "\(Int((min(1, max(0, share)) * 100).rounded()))%" }
}
