/// A parsed Markdown text: CommonMark with the GitHub extensions, as a tree of values.
///
/// Raw HTML is no markup here: it stands in the tree as the text that was written. The tree is at most
/// `maximumDepth` deep, so that it can be walked by recursion; what was nested deeper is in it as plain text.
package struct MarkdownDocument: Hashable, Sendable {
    package var blocks: [MarkdownBlock]

    /// How deep blocks, and inlines within a block, nest.
    package static let maximumDepth = 24

    /// Wraps blocks.
    package init(blocks: [MarkdownBlock]) {
        self.blocks = blocks
    }
}

/// A block of a text.
package indirect enum MarkdownBlock: Hashable, Sendable {
    case paragraph([MarkdownInline])
    /// A heading of level 1 to 6.
    case heading(level: Int, [MarkdownInline])
    case list(MarkdownList)
    case quote([MarkdownBlock])
    /// Preformatted text without its last newline; `info` is what stands behind the fence, such as `swift`, or empty.
    case code(info: String, text: String)
    case table(MarkdownTable)
    case thematicBreak
}

/// A list.
package struct MarkdownList: Hashable, Sendable {
    /// The number of the first item; nil for a list with bullets.
    package var start: Int?
    package var items: [Item]

    /// Describes a list.
    package init(start: Int? = nil, items: [Item]) {
        self.start = start
        self.items = items
    }

    /// One item of a list.
    package struct Item: Hashable, Sendable {
        /// Whether a task is done; nil where the item is no task.
        package var isChecked: Bool?
        package var blocks: [MarkdownBlock]

        /// Describes an item.
        package init(isChecked: Bool? = nil, blocks: [MarkdownBlock]) {
            self.isChecked = isChecked
            self.blocks = blocks
        }
    }
}

/// A table.
///
/// Every row has as many cells as the header.
package struct MarkdownTable: Hashable, Sendable {
    /// Where the text of a column stands.
    package enum Alignment: Hashable, Sendable { case none, left, center, right }

    /// One for each column.
    package var alignments: [Alignment]
    package var header: [[MarkdownInline]]
    package var rows: [[[MarkdownInline]]]

    /// Describes a table.
    package init(alignments: [Alignment], header: [[MarkdownInline]], rows: [[[MarkdownInline]]]) {
        self.alignments = alignments
        self.header = header
        self.rows = rows
    }
}

/// A piece of running text.
package indirect enum MarkdownInline: Hashable, Sendable {
    case text(String)
    case emphasis([MarkdownInline])
    case strong([MarkdownInline])
    case strikethrough([MarkdownInline])
    case code(String)
    case link(url: String, [MarkdownInline])
    case image(url: String, alternative: String)
    /// A newline in the source that means no more than a space.
    case softBreak
    case lineBreak
}

extension [MarkdownInline] {
    /// The text without any markup; an image is its alternative text.
    package var plainText: String {
        var output = ""
        for inline in self { inline.appendPlainText(to: &output) }
        return output
    }
}

extension MarkdownInline {
    fileprivate func appendPlainText(to output: inout String) {
        switch self {
        case .text(let text), .code(let text), .image(_, let text): output += text
        case .emphasis(let children), .strong(let children), .strikethrough(let children), .link(_, let children):
            for child in children { child.appendPlainText(to: &output) }
        case .softBreak: output += " "
        case .lineBreak: output += "\n"
        }
    }
}
