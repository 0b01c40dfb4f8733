import Channels
import CoreTypes

/// Slack's `mrkdwn`, where rich text is not taken: in the facts and the small print of a message.
enum SlackMarkup {
    /// Escapes what has a meaning, so that a text can neither mention nor notify anybody
    /// (https://docs.slack.dev/messaging/formatting-message-text/#escaping).
    static func escaped(_ text: String) -> String {
        text.escapedForMarkup(andQuotes: false)
    }

    /// Whether a text holds marks that Slack would take for a style; nothing escapes them.
    static func hasMarks(_ text: String) -> Bool {
        text.utf8.contains { "*_~`".utf8.contains($0) }
            || text.split(whereSeparator: \.isNewline).contains { $0.hasPrefix(">") }
    }

    /// Writes runs.
    static func text(_ runs: [InlineRun]) -> String {
        runs.reduce(into: "") { $0 += text($1) }
    }

    /// Writes a run; its marks stand inside its white space, where Slack understands them.
    static func text(_ run: InlineRun) -> String {
        let content = trimmed(run.text)
        guard !content.isEmpty else { return escaped(run.text) }
        let leading = run.text.prefix { $0.isWhitespace }
        let trailing = run.text.reversed().prefix { $0.isWhitespace }.reversed()
        var marked = escaped(content)
        if let link = run.link, SlackRichText.isLink(link), !link.contains("|"), !link.contains(">") {
            marked = "<\(escaped(link))|\(marked.replacing("|", with: "¦"))>"
        }
        if run.style.contains(.code) { marked = "`\(marked)`" }
        if run.style.contains(.strong) { marked = "*\(marked)*" }
        if run.style.contains(.emphasis) { marked = "_\(marked)_" }
        if run.style.contains(.strikethrough) { marked = "~\(marked)~" }
        return leading + marked + String(trailing)
    }
}
