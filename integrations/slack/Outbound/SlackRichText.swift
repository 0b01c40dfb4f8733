import Channels
import CoreTypes

/// Styled text as Slack's rich text: structure instead of markup, so that nothing that a text holds can mean anything.
///
/// `<!channel>`, `<@U123>` or `*` in a model's answer are seen as they were written; a mention would have to be an
/// element of its own, and none is ever written here.
/// Source: https://docs.slack.dev/reference/block-kit/blocks/rich-text-block
enum SlackRichText {
    /// What a block of rich text costs beside its elements, as JSON.
    static let blockOverhead = 90
    /// What one run costs at most beside its text and its link, as JSON.
    private static let runOverhead = 110

    /// A block around elements.
    static func block(_ elements: [JSONValue]) -> JSONValue {
        ["type": "rich_text", "elements": .array(elements)]
    }

    /// Running text.
    static func section(_ runs: [InlineRun]) -> JSONValue {
        ["type": "rich_text_section", "elements": elements(runs)]
    }

    /// Quoted text.
    static func quote(_ runs: [InlineRun]) -> JSONValue {
        ["type": "rich_text_quote", "elements": elements(runs)]
    }

    /// Preformatted text.
    static func preformatted(_ text: String, isQuoted: Bool) -> JSONValue {
        [
            "type": "rich_text_preformatted",
            "border": .integer(isQuoted ? 1 : 0),
            "elements": elements([InlineRun(text)]),
        ]
    }

    /// What runs cost at most, as JSON; it adds up.
    static func cost(_ runs: [InlineRun]) -> Int { runs.reduce(0) { $0 + cost($1) } }

    /// What a run costs at most, as JSON.
    static func cost(_ run: InlineRun) -> Int {
        runOverhead + 2 * (run.link.map { jsonLength($0) } ?? 0) + jsonLength(run.text)
    }

    /// The elements of running text; there is always one, as Slack refuses empty text.
    static func elements(_ runs: [InlineRun]) -> JSONValue {
        let elements = runs.flatMap(element)
        return .array(elements.isEmpty ? [["type": "text", "text": " "]] : elements)
    }

    private static func element(_ run: InlineRun) -> [JSONValue] {
        guard !run.text.isEmpty else { return [] }
        guard let link = run.link else { return [text(run.text, run.style)] }
        if isLink(link) {
            return [
                .record([
                    "type": "link", "url": .string(link), "text": .string(run.text), "style": style(run.style),
                ])
            ]
        }
        // What Slack takes for no link is seen beside its text.
        return [text(run.text == link ? link : "\(run.text) (\(link))", run.style)]
    }

    private static func text(_ text: String, _ style: InlineRun.Style) -> JSONValue {
        .record(["type": "text", "text": .string(text), "style": Self.style(style)])
    }

    private static func style(_ style: InlineRun.Style) -> JSONValue? {
        guard !style.isEmpty else { return nil }
        return .record([
            "bold": style.contains(.strong) ? true : nil,
            "italic": style.contains(.emphasis) ? true : nil,
            "strike": style.contains(.strikethrough) ? true : nil,
            "code": style.contains(.code) ? true : nil,
        ])
    }

    /// Whether Slack takes a text for a link's target.
    static func isLink(_ url: String) -> Bool {
        guard slackLength(url) <= SlackLimits.linkURL, url.utf8.allSatisfy({ $0 > 32 && $0 != 127 }) else {
            return false
        }
        if url.hasPrefix("mailto:") { return url.utf8.count > 7 }
        return WebAddress(url) != nil
    }
}

/// The length of a text inside a JSON string, in UTF-16 units, without its quotes.
func jsonLength(_ text: some StringProtocol) -> Int {
    var length = 0
    for unit in text.utf16 {
        switch unit {
        case 0x22, 0x5C, 0x08, 0x09, 0x0A, 0x0C, 0x0D: length += 2
        case ..<0x20: length += 6
        default: length += 1
        }
    }
    return length
}
