import CoreTypes

/// What a message says, with what it passes on, and whether it brings files.
///
/// A forwarded message, and what another app writes below its words, are attachments
/// (https://docs.slack.dev/messaging/formatting-message-text#attachments).
struct SlackMessageContent {
    /// The message's own words as Markdown.
    let words: String
    /// What it passes on, as quotations: a command is what somebody says, never this.
    let quotation: String
    /// Whom its own words mention, as `SlackText.people`.
    let people: [String: String]
    /// Whether files came with it, or with a message that it passes on.
    let hasFiles: Bool

    /// Slack's own word for an attachment that has none.
    private static let noWords = "[no preview available]"

    /// Reads a message.
    /// - Parameter user: whoever's mentions are left out: our own bot user.
    init(_ message: JSONValue, without user: String? = nil) {
        let own = SlackText(message["text"]?.string ?? "", without: user)
        let passedOn = (message["attachments"]?.array ?? []).filter(Self.isPassedOn)
        let quotations = passedOn.compactMap { Self.quotation(of: $0, without: user) }
        people = own.people
        words = own.markdown
        quotation = quotations.joined(separator: "\n\n")
        hasFiles = ([message] + passedOn).contains { $0["files"]?.array?.isEmpty == false }
    }

    /// The words and behind them what is passed on.
    var markdown: String { [words, quotation].filter { !$0.isEmpty }.joined(separator: "\n\n") }

    /// Whether somebody meant an attachment to be read; Slack adds others by itself, as previews of links.
    private static func isPassedOn(_ attachment: JSONValue) -> Bool {
        if attachment["is_app_unfurl"]?.bool == true || attachment["app_unfurl_url"] != nil { return false }
        if attachment["is_share"]?.bool == true || attachment["is_msg_unfurl"]?.bool == true { return true }
        return attachment["from_url"] == nil && attachment["service_name"] == nil
    }

    private static func quotation(of attachment: JSONValue, without user: String?) -> String? {
        let texts = [attachment["text"], attachment["fallback"]].compactMap { $0?.string }
        guard let text = texts.first(where: { !trimmed($0).isEmpty }), text != noWords else { return nil }
        let words = SlackText(text, without: user).markdown
        guard !words.isEmpty else { return nil }
        return words.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
            .map { $0.isEmpty ? ">" : "> \($0)" }
            .joined(separator: "\n")
    }
}
