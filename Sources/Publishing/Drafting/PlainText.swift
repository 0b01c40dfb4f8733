import Channels

/// Markdown as text for places that show none.
package enum PlainText {
    /// The words of a Markdown text with its paragraphs, lists and links, and without its marks.
    package static func of(markdown: String) -> String {
        text(MarkdownDocument(parsing: markdown).blocks, separator: "\n\n")
    }

    private static func text(_ blocks: [MarkdownBlock], separator: String) -> String {
        blocks.map(text).filter { !$0.isEmpty }.joined(separator: separator)
    }

    private static func text(_ block: MarkdownBlock) -> String {
        switch block {
        case .paragraph(let inlines), .heading(_, let inlines): return text(inlines)
        case .list(let list):
            let items = list.items.enumerated().map { position, item in
                let mark = list.start.map { "\($0 + position)." } ?? "•"
                return "\(mark) \(text(item.blocks, separator: "\n"))"
            }
            return items.joined(separator: "\n")
        case .quote(let blocks): return "“\(text(blocks, separator: "\n"))”"
        case .code(_, let code): return code
        case .table(let table):
            return ([table.header] + table.rows)
                .map { row in row.map { text($0) }.joined(separator: " | ") }.joined(separator: "\n")
        case .thematicBreak: return ""
        }
    }

    /// A link is its words and its address, where the words are not the address already.
    private static func text(_ inlines: [MarkdownInline]) -> String {
        var output = ""
        var pending: (words: String, link: String)?
        func flush() {
            guard let link = pending else { return }
            output += link.words == link.link ? link.link : "\(link.words) (\(link.link))"
            pending = nil
        }
        for run in inlines.runs() {
            guard let link = run.link else {
                flush()
                output += run.text
                continue
            }
            if pending?.link != link { flush() }
            pending = ((pending?.words ?? "") + run.text, link)
        }
        flush()
        return output
    }
}
