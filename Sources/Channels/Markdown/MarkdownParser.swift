import CMarkdown
import Synchronization

extension MarkdownDocument {
    /// Parses a text; every text is valid Markdown, so there is nothing to fail.
    ///
    /// Text whose only purpose can be to make the parser slow is not parsed, or with the extension in question switched
    /// off (see `MarkdownCost`), and is then seen as it was written.
    package init(parsing text: String) {
        let cost = MarkdownCost(of: text)
        guard cost.allowsParsing else {
            self.init(blocks: [.paragraph([.text(text)])])
            return
        }
        var extensions = ["strikethrough", "tasklist"]
        if cost.allowsTables { extensions.append("table") }
        if cost.allowsAutolinks { extensions.append("autolink") }
        self.init(blocks: SyntaxTree(parsing: text, extensions: extensions)?.blocks() ?? [.paragraph([.text(text)])])
    }
}

/// The parser keeps the special characters of the extensions in use in one global table
/// (`cmark_manage_extensions_special_characters`), so only one text is parsed at a time.
private let parserLock = Mutex(())

/// Owns the tree that cmark-gfm made of a text.
private struct SyntaxTree: ~Copyable {
    private let root: OpaquePointer

    init?(parsing text: String, extensions: [String]) {
        // One tilde is left alone: models write "~5 minutes, ~10 people".
        let options = CMARK_OPT_VALIDATE_UTF8 | CMARK_OPT_STRIKETHROUGH_DOUBLE_TILDE | CMARK_OPT_FULL_INFO_STRING
        let parsed: TreePointer? = parserLock.withLock { _ in
            cmark_gfm_core_extensions_ensure_registered()
            guard let parser = cmark_parser_new(options) else { return nil }
            defer { cmark_parser_free(parser) }
            for name in extensions {
                guard let found = cmark_find_syntax_extension(name) else { continue }
                cmark_parser_attach_syntax_extension(parser, found)
            }
            var text = text
            text.withUTF8 { bytes in
                bytes.withMemoryRebound(to: CChar.self) { cmark_parser_feed(parser, $0.baseAddress, $0.count) }
            }
            return cmark_parser_finish(parser).map { TreePointer(value: UInt(bitPattern: $0)) }
        }
        guard let parsed, let root = OpaquePointer(bitPattern: parsed.value) else { return nil }
        self.root = root
    }

    deinit { cmark_node_free(root) }

    /// The tree's address on its way out of the lock; pointers are not `Sendable`.
    private struct TreePointer: Sendable {
        let value: UInt
    }

    borrowing func blocks() -> [MarkdownBlock] {
        NodeReader.blocks(in: root, depth: 1)
    }
}

/// Copies cmark-gfm's nodes into values.
///
/// Never called after the tree was freed: only `SyntaxTree` calls it.
private enum NodeReader {
    static func blocks(in parent: OpaquePointer, depth: Int) -> [MarkdownBlock] {
        children(of: parent).compactMap { block($0, depth: depth) }
    }

    private static func block(_ node: OpaquePointer, depth: Int) -> MarkdownBlock? {
        guard depth <= MarkdownDocument.maximumDepth else { return .paragraph([.text(plainText(of: node))]) }
        switch kind(of: node) {
        case "paragraph": return .paragraph(inlines(in: node, depth: 1))
        case "heading": return .heading(level: Int(cmark_node_get_heading_level(node)), inlines(in: node, depth: 1))
        case "block_quote": return .quote(blocks(in: node, depth: depth + 1))
        case "code_block":
            return .code(
                info: string(cmark_node_get_fence_info(node)),
                text: withoutLastNewline(string(cmark_node_get_literal(node)))
            )
        case "html_block": return .paragraph([.text(withoutLastNewline(string(cmark_node_get_literal(node))))])
        case "thematic_break": return .thematicBreak
        case "list": return .list(list(node, depth: depth))
        case "table": return table(node).map { .table($0) }
        default:
            let text = plainText(of: node)
            return text.isEmpty ? nil : .paragraph([.text(text)])
        }
    }

    private static func list(_ node: OpaquePointer, depth: Int) -> MarkdownList {
        let isOrdered = cmark_node_get_list_type(node) == CMARK_ORDERED_LIST
        let items = children(of: node).map { item in
            let isTask = kind(of: item) == "tasklist"
            return MarkdownList.Item(
                isChecked: isTask ? cmark_gfm_extensions_get_tasklist_item_checked(item) : nil,
                blocks: blocks(in: item, depth: depth + 1)
            )
        }
        return MarkdownList(start: isOrdered ? Int(cmark_node_get_list_start(node)) : nil, items: items)
    }

    private static func table(_ node: OpaquePointer) -> MarkdownTable? {
        var rows = children(of: node).map { row in children(of: row).map { inlines(in: $0, depth: 1) } }
        guard !rows.isEmpty else { return nil }
        let header = rows.removeFirst()
        let columns = header.count
        var alignments = [MarkdownTable.Alignment](repeating: .none, count: columns)
        if let letters = cmark_gfm_extensions_get_table_alignments(node) {
            let known = min(columns, Int(cmark_gfm_extensions_get_table_columns(node)))
            for column in 0..<known {
                switch letters[column] {
                case UInt8(ascii: "l"): alignments[column] = .left
                case UInt8(ascii: "c"): alignments[column] = .center
                case UInt8(ascii: "r"): alignments[column] = .right
                default: break
                }
            }
        }
        return MarkdownTable(alignments: alignments, header: header, rows: rows)
    }

    private static func inlines(in parent: OpaquePointer, depth: Int) -> [MarkdownInline] {
        var output: [MarkdownInline] = []
        for node in children(of: parent) {
            let next = inline(node, depth: depth)
            // The parser cuts text at every character that might have been markup.
            if case .text(let more) = next, case .text(let text)? = output.last {
                output[output.count - 1] = .text(text + more)
            } else {
                output.append(next)
            }
        }
        return output
    }

    private static func inline(_ node: OpaquePointer, depth: Int) -> MarkdownInline {
        guard depth <= MarkdownDocument.maximumDepth else { return .text(plainText(of: node)) }
        switch kind(of: node) {
        case "text", "html_inline": return .text(string(cmark_node_get_literal(node)))
        case "code": return .code(string(cmark_node_get_literal(node)))
        case "softbreak": return .softBreak
        case "linebreak": return .lineBreak
        case "emph": return .emphasis(inlines(in: node, depth: depth + 1))
        case "strong": return .strong(inlines(in: node, depth: depth + 1))
        case "strikethrough": return .strikethrough(inlines(in: node, depth: depth + 1))
        case "link": return .link(url: string(cmark_node_get_url(node)), inlines(in: node, depth: depth + 1))
        case "image": return .image(url: string(cmark_node_get_url(node)), alternative: plainText(of: node))
        default: return .text(plainText(of: node))
        }
    }

    /// All text below a node, without recursion, for what is nested too deep.
    private static func plainText(of node: OpaquePointer) -> String {
        guard let iterator = cmark_iter_new(node) else { return "" }
        defer { cmark_iter_free(iterator) }
        var output = ""
        while true {
            let event = cmark_iter_next(iterator)
            guard event != CMARK_EVENT_DONE, let current = cmark_iter_get_node(iterator) else { return output }
            let name = kind(of: current)
            if event == CMARK_EVENT_ENTER {
                switch name {
                case "softbreak", "linebreak": output += "\n"
                default: output += string(cmark_node_get_literal(current))
                }
            } else if current != node {
                switch name {
                case "paragraph", "heading", "table_cell": output += "\n"
                case "link": output += " (\(string(cmark_node_get_url(current))))"
                default: break
                }
            }
        }
    }

    private static func children(of node: OpaquePointer) -> [OpaquePointer] {
        var output: [OpaquePointer] = []
        var child = cmark_node_first_child(node)
        while let present = child {
            output.append(present)
            child = cmark_node_next(present)
        }
        return output
    }

    private static func kind(of node: OpaquePointer) -> String { string(cmark_node_get_type_string(node)) }

    private static func string(_ pointer: UnsafePointer<CChar>?) -> String {
        pointer.map { String(cString: $0) } ?? ""
    }

    private static func withoutLastNewline(_ text: String) -> String {
        text.hasSuffix("\n") ? String(text.dropLast()) : text
    }
}
