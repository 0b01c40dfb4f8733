import Channels
import CoreTypes
import Debates
import Persistence

/// What people see who are asked whether a debate goes on: the question, and where the panel stands.
///
/// A text is shown whole or not at all; where it is left out, it is said where it can be read.
struct BreakpointBriefing {
    private let record: DebateRecord
    private let projection: DebateProjection

    /// How many characters of what the panel said are shown: a few messages of a chat.
    private static let mostCharacters = 40_000

    init(_ record: DebateRecord, _ projection: DebateProjection) {
        self.record = record
        self.projection = projection
    }

    private struct Passage {
        let heading: String
        let text: String
    }

    /// Markdown for a prompt.
    var text: String {
        var parts = ["The question: \(MarkdownDocument.closed(record.task))"]
        // They may be asked in the very channel from which it is kept.
        guard !projection.isHeldBack else {
            parts.append("What the panel says is shown once it is released; the operator can read it on \(page).")
            return parts.joined(separator: "\n\n")
        }
        var room = Self.mostCharacters
        for passage in votes + proposals + dissent {
            let length = passage.text.unicodeScalars.count
            if length <= room {
                room -= length
                parts.append("\(passage.heading):\n\n\(passage.text)")
            } else {
                parts.append(
                    "\(passage.heading): \(length) characters, too many for a prompt. The operator can read them on "
                        + "\(page)."
                )
            }
        }
        return parts.joined(separator: "\n\n")
    }

    private var page: String { "the page of the debate, `/debates/\(record.id)`" }

    private var votes: [Passage] {
        let lines = (projection.consensus?.shares ?? []).map { share in
            let choice = MarkdownDocument.escaped(
                share.choice.split(whereSeparator: \.isNewline).joined(separator: " ")
            )
            return "- \(choice): \(DebateWords.percent(share.share)) (\(share.voters.joined(separator: ", ")))"
        }
        return lines.isEmpty ? [] : [Passage(heading: "**Votes**", text: lines.joined(separator: "\n"))]
    }

    /// The leading proposal or, where none leads, all that stand.
    private var proposals: [Passage] {
        let standing = projection.proposals
        if let leading = standing.first(where: { $0.agent == projection.consensus?.leader }) {
            return [Passage(heading: "**\(leading.agent)** leads", text: MarkdownDocument.closed(leading.content))]
        }
        return standing.map {
            Passage(heading: "**\($0.agent)** proposes", text: MarkdownDocument.closed($0.content))
        }
    }

    private var dissent: [Passage] {
        (projection.consensus?.dissent ?? []).map { vote in
            Passage(
                heading: "**\(vote.agent)** disagrees (\(DebateWords.percent(vote.confidence)) sure)",
                text: DebateWords.quoted(vote.reasoning.isEmpty ? vote.proposal : vote.reasoning)
            )
        }
    }
}
