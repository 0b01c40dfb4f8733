import Channels
import CoreTypes

/// A Markdown text as Slack's blocks, each within its limits and none of it cut off.
struct SlackBody {
    /// A block, with what it costs.
    struct Block {
        let json: JSONValue
        var isTable = false
        /// Whether it must not be the last one of a message, as a heading must not.
        var keepsWithNext = false

        /// What it takes of a message: blocks, JSON, tables.
        var costs: [Int] { [1, slackLength(json.text) + 1, isTable ? 1 : 0] }
    }

    /// The room of a message: blocks, JSON, tables.
    ///
    /// A few characters stay free for the list around the blocks.
    static let messageLimits = [
        SlackLimits.blocksPerMessage, SlackLimits.blocksAsJSON - 16, SlackLimits.tablesPerMessage,
    ]

    private(set) var blocks: [Block] = []
    /// Paragraphs that are in no block yet: those that follow each other share blocks.
    private var paragraphs: [[InlineRun]] = []
    /// A list that is not a block yet.
    private var list = SlackList()
    private let prefersNativeTables: Bool

    /// Lays out a text.
    init(_ document: MarkdownDocument) {
        prefersNativeTables = Self.tables(in: document.blocks) <= SlackLimits.tablesPerMessage
        append(document.blocks, isQuoted: false, indent: 0)
        finishParagraphs(isQuoted: false)
        finishList()
    }

    /// Running text in as many blocks as it needs.
    static func sections(_ runs: [InlineRun], isQuoted: Bool = false, keepsWithNext: Bool = false) -> [Block] {
        sections(paragraphs: [runs], isQuoted: isQuoted, keepsWithNext: keepsWithNext)
    }

    private static func sections(paragraphs: [[InlineRun]], isQuoted: Bool, keepsWithNext: Bool) -> [Block] {
        SlackParagraphs.pieces(paragraphs).map { piece in
            let element = isQuoted ? SlackRichText.quote(piece) : SlackRichText.section(piece)
            return Block(json: SlackRichText.block([element]), keepsWithNext: keepsWithNext)
        }
    }

    /// A heading: large where Slack has room for it, bold else.
    static func heading(_ runs: [InlineRun]) -> [Block] {
        let text = trimmed(runs.map(\.text).joined().replacing("\n", with: " "))
        guard !text.isEmpty else { return [] }
        guard slackLength(text) <= SlackLimits.headerText else {
            return sections(runs.map(bold), keepsWithNext: true)
        }
        let json: JSONValue = [
            "type": "header", "text": ["type": "plain_text", "text": .string(text), "emoji": false],
        ]
        return [Block(json: json, keepsWithNext: true)]
    }

    // MARK: The walk

    private mutating func append(_ markdown: [MarkdownBlock], isQuoted: Bool, indent: Int) {
        for block in markdown {
            switch block {
            case .paragraph(let inlines):
                finishList()
                paragraphs.append(inlines.runs(softBreak: "\n"))
            case .heading(let level, let inlines):
                finishAll(isQuoted: isQuoted)
                let runs = inlines.runs()
                if level <= 2, !isQuoted, runs.allSatisfy({ $0.link == nil }) {
                    blocks += Self.heading(runs)
                } else {
                    blocks += Self.sections(runs.map(Self.bold), isQuoted: isQuoted, keepsWithNext: true)
                }
            case .list(let items):
                finishParagraphs(isQuoted: isQuoted)
                append(items, isQuoted: isQuoted, indent: indent)
            case .quote(let children):
                finishAll(isQuoted: isQuoted)
                append(children, isQuoted: true, indent: indent)
                finishAll(isQuoted: true)
            case .code(_, let text):
                finishAll(isQuoted: isQuoted)
                appendCode(text, isQuoted: isQuoted)
            case .table(let table):
                finishAll(isQuoted: isQuoted)
                blocks += SlackTable(table, prefersNative: prefersNativeTables).blocks
            case .thematicBreak:
                finishAll(isQuoted: isQuoted)
                blocks.append(Block(json: ["type": "divider"]))
            }
        }
        finishParagraphs(isQuoted: isQuoted)
    }

    private mutating func append(_ items: MarkdownList, isQuoted: Bool, indent: Int) {
        for (position, item) in items.items.enumerated() {
            var line: [InlineRun] = []
            var rest: [MarkdownBlock] = []
            for block in item.blocks {
                if rest.isEmpty, case .paragraph(let inlines) = block {
                    if !line.isEmpty { line.append(InlineRun("\n")) }
                    line += inlines.runs(softBreak: " ")
                } else {
                    rest.append(block)
                }
            }
            if let isChecked = item.isChecked { line.insert(InlineRun(isChecked ? "☑ " : "☐ "), at: 0) }
            let place = SlackList.Place(number: items.start.map { $0 + position }, indent: indent, isQuoted: isQuoted)
            blocks += list.add(line, at: place)
            for block in rest {
                if case .list(let inner) = block {
                    append(inner, isQuoted: isQuoted, indent: indent + 1)
                } else {
                    finishList()
                    append([block], isQuoted: isQuoted, indent: indent + 1)
                }
            }
        }
        if indent == 0 { finishList() }
    }

    private mutating func appendCode(_ text: String, isQuoted: Bool) {
        let room = SlackLimits.richText - SlackRichText.blockOverhead - SlackRichText.cost(InlineRun(""))
        for piece in CodeSplitter.split(text, limit: room, measure: { jsonLength($0) }) {
            // A block brings its own line break; one of blank lines alone says nothing.
            let content = piece.last?.isNewline == true ? piece.dropLast() : piece
            guard !content.isEmpty else { continue }
            let element = SlackRichText.preformatted(String(content), isQuoted: isQuoted)
            blocks.append(Block(json: SlackRichText.block([element])))
        }
    }

    private mutating func finishAll(isQuoted: Bool) {
        finishParagraphs(isQuoted: isQuoted)
        finishList()
    }

    private mutating func finishParagraphs(isQuoted: Bool) {
        blocks += Self.sections(paragraphs: paragraphs, isQuoted: isQuoted, keepsWithNext: false)
        paragraphs = []
    }

    private mutating func finishList() {
        blocks += list.finish()
    }

    private static func bold(_ run: InlineRun) -> InlineRun {
        InlineRun(run.text, style: run.style.union(.strong), link: run.link)
    }

    private static func tables(in blocks: [MarkdownBlock]) -> Int {
        blocks.reduce(0) { count, block in
            switch block {
            case .table: count + 1
            case .quote(let children): count + tables(in: children)
            case .list(let list): count + list.items.reduce(0) { $0 + tables(in: $1.blocks) }
            default: count
            }
        }
    }
}
