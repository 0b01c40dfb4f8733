import Channels
import CoreTypes
import Debates
import Persistence

/// How the facts of debates are worded in what people read in a chat.
enum DebateWords {
    /// Said wherever demo agents speak: they must never be taken for models.
    static let demoNotice =
        "Offline demo agents – no AI model took part. Set a model key to put real models on the panel."

    static func progressLine(_ projection: DebateProjection) -> String {
        if let breakpoint = projection.waiting { return "Waiting for people: \(breakpoint.reason)" }
        let waiting = projection.awaited
        let tail = waiting.isEmpty ? "" : " – waiting for \(waiting.joined(separator: ", "))"
        switch projection.phase {
        case .context: return "Reading the context"
        case .proposals: return "Proposals\(tail)"
        case .rounds: return "Round \(projection.round) of \(projection.totalRounds)\(tail)"
        case .consensus: return projection.votes.isEmpty ? "Voting\(tail)" : "Deciding\(tail)"
        }
    }

    static func outcomeLine(_ result: DebateResult) -> String {
        switch result.status {
        case .completed: "Finished – \(verdict(result.verdict)), \(percent(result.confidence)) sure."
        case .cancelled: result.reason ?? "Stopped"
        default: "Failed"
        }
    }

    static func footer(of debate: DebateRecord, _ text: String) -> String {
        var parts = ["Debate `\(debate.id)`."]
        if !text.isEmpty { parts.append(text) }
        if debate.isDemo { parts.append("**\(demoNotice)**") }
        return parts.joined(separator: " ")
    }

    static func verdict(_ verdict: Verdict?) -> String {
        switch verdict {
        case .approved: "approved"
        case .approvedWithConditions: "approved with conditions"
        case .needsReview: "needs review"
        case .rejected: "rejected"
        case nil: "none"
        }
    }

    static func percent(_ fraction: Double) -> String { "\(Int((fraction * 100).rounded()))%" }

    static func rounds(_ count: Int) -> String { count == 1 ? "1 round" : "\(count) rounds" }

    static func dollars(_ microdollars: Int64) -> String {
        let cents = (microdollars + 5_000) / 10_000
        return cents == 0 ? "under $0.01" : "$\(cents / 100).\(cents % 100 < 10 ? "0" : "")\(cents % 100)"
    }

    /// Markdown of a quotation that keeps every line of a text inside it.
    static func quoted(_ text: String) -> String {
        text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map { "> \($0)" }
            .joined(separator: "\n")
    }

    /// The beginning of a Markdown text on one line, without its markup.
    static func plainLine(_ markdown: String) -> String {
        oneLine(MarkdownDocument(parsing: markdown.shortened(to: 2000)).plainText)
    }

    /// The beginning of a text on one line, for notifications.
    static func oneLine(_ text: String) -> String {
        text.split(whereSeparator: \.isNewline).joined(separator: " ").shortened(to: 150)
    }

    /// A name as somebody typed it, of which Markdown makes neither markup nor a link.
    static func name(_ typed: String) -> String { MarkdownDocument.escaped(oneLine(typed), also: "&:.") }
}
