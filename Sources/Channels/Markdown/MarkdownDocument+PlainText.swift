extension MarkdownDocument {
    /// The text without any markup, its blocks separated by spaces: for a line in a list or a notification.
    package var plainText: String { Self.plainText(of: blocks) }

    private static func plainText(of blocks: [MarkdownBlock]) -> String {
        blocks.map(plainText).filter { !$0.isEmpty }.joined(separator: " ")
    }

    private static func plainText(of block: MarkdownBlock) -> String {
        switch block {
        case .paragraph(let inlines), .heading(_, let inlines): inlines.plainText
        case .list(let list): list.items.map { plainText(of: $0.blocks) }.joined(separator: " ")
        case .quote(let blocks): plainText(of: blocks)
        case .code(_, let text): text
        case .table(let table):
            ([table.header] + table.rows).map { row in row.map(\.plainText).joined(separator: " ") }
                .joined(separator: " ")
        case .thematicBreak: ""
        }
    }
}
