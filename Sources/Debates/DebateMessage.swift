package import CoreTypes

/// One thing that was said in a debate, as the list of messages shows it (engine inventory 12.2, row 9).
package struct DebateMessage: Sendable, Hashable {
    /// What the speaker was doing.
    package enum Role: String, Sendable {
        case proposer, critic, voter, synthesizer, user
    }

    /// The place among the debate's messages, from 0.
    package let index: Int
    package let role: Role
    /// The agent or person that spoke.
    package let agent: String
    package let round: Int
    package let content: String
    package let at: Timestamp
}

extension Critique {
    /// The criticism as one text.
    package var text: String {
        var parts: [String] = []
        if !reasoning.isEmpty { parts.append(reasoning) }
        if !issues.isEmpty { parts.append("Issues:\n" + issues.map { "- \($0)" }.joined(separator: "\n")) }
        if !suggestions.isEmpty {
            parts.append("Suggestions:\n" + suggestions.map { "- \($0)" }.joined(separator: "\n"))
        }
        return parts.joined(separator: "\n\n")
    }
}
