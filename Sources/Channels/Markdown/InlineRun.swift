/// A stretch of text in one style: what is left of nested inlines once they are laid out flat.
///
/// Platforms that mark text by ranges take runs as they are (Slack's rich text, Telegram's entities); those with markup
/// of their own open and close it around each run. A run can be cut anywhere and each half is still whole markup.
package struct InlineRun: Hashable, Sendable {
    /// How a run's text looks.
    package struct Style: OptionSet, Hashable, Sendable {
        package let rawValue: UInt8
        package static let strong = Style(rawValue: 1)
        package static let emphasis = Style(rawValue: 2)
        package static let strikethrough = Style(rawValue: 4)
        package static let code = Style(rawValue: 8)

        package init(rawValue: UInt8) {
            self.rawValue = rawValue
        }
    }

    /// Plain text; a line break is a newline, a soft break a space.
    package var text: String
    package var style: Style
    /// Where the text leads; an image becomes a link to itself.
    package var link: String?

    /// Describes a run.
    package init(_ text: String, style: Style = [], link: String? = nil) {
        self.text = text
        self.style = style
        self.link = link
    }
}

extension [MarkdownInline] {
    /// The same text as flat runs; neighbours of the same look are one run.
    /// - Parameter softBreak: what a newline of the source becomes; chats that keep line breaks want `"\n"`.
    package func runs(softBreak: String = " ") -> [InlineRun] {
        var output: [InlineRun] = []
        for inline in self { inline.appendRuns(style: [], link: nil, softBreak: softBreak, to: &output) }
        return output
    }
}

extension MarkdownInline {
    fileprivate func appendRuns(style: InlineRun.Style, link: String?, softBreak: String, to output: inout [InlineRun])
    {
        func append(_ text: String, _ style: InlineRun.Style, _ link: String?) {
            guard !text.isEmpty else { return }
            if let last = output.last, last.style == style, last.link == link {
                output[output.count - 1].text += text
            } else {
                output.append(InlineRun(text, style: style, link: link))
            }
        }
        func appendAll(_ children: [MarkdownInline], _ style: InlineRun.Style, _ link: String?) {
            for child in children { child.appendRuns(style: style, link: link, softBreak: softBreak, to: &output) }
        }
        switch self {
        case .text(let text): append(text, style, link)
        case .code(let text): append(text, style.union(.code), link)
        case .softBreak: append(softBreak, style, link)
        case .lineBreak: append("\n", style, link)
        case .emphasis(let children): appendAll(children, style.union(.emphasis), link)
        case .strong(let children): appendAll(children, style.union(.strong), link)
        case .strikethrough(let children): appendAll(children, style.union(.strikethrough), link)
        case .link(let url, let children):
            let hasText = !children.plainText.isEmpty
            appendAll(hasText ? children : [.text(url)], style, link ?? url)
        case .image(let url, let alternative):
            append(alternative.isEmpty ? url : alternative, style, link ?? url)
        }
    }
}
