import Channels
import CoreTypes

/// A table as Slack's table block, as an aligned block of code, or as a list of records: whichever Slack takes.
///
/// A message takes one table block, and not a large one. So where a text has several tables, or one that would need
/// several messages, the narrow ones are code. Source: https://docs.slack.dev/reference/block-kit/blocks/table-block
struct SlackTable {
    /// The widest table that reads well as code, in characters.
    private static let codeWidth = 72
    /// What a table costs beside its rows, as JSON.
    private static let tableOverhead = 60
    private static let columnOverhead = 45
    /// What a row and each of its cells cost beside the cells' runs, as JSON.
    private static let rowOverhead = 3
    private static let cellOverhead = 100

    private let table: MarkdownTable
    private let prefersNative: Bool

    /// Wraps a table.
    /// - Parameter prefersNative: whether there is no other table in the text.
    init(_ table: MarkdownTable, prefersNative: Bool) {
        self.table = table
        self.prefersNative = prefersNative
    }

    /// The table in as many blocks as it needs; each piece repeats the header.
    var blocks: [SlackBody.Block] {
        let room = SlackBody.messageLimits[1] - Self.tableOverhead - Self.columnOverhead * table.header.count
        let limit = min(room, SlackLimits.tableText)
        let pieces = TableSplitter.split(
            table,
            maximumRows: SlackLimits.tableRows,
            limit: limit,
            measure: Self.cost
        )
        if !prefersNative || pieces.count > 1, width <= Self.codeWidth { return codeBlocks(table) }
        guard table.header.count <= SlackLimits.tableColumns else { return records(table) }
        return pieces.flatMap { piece in
            let cost = ([piece.header] + piece.rows).reduce(0) { $0 + Self.cost($1) }
            return cost <= limit ? [native(piece)] : records(piece)
        }
    }

    // MARK: The table block

    private func native(_ table: MarkdownTable) -> SlackBody.Block {
        let settings = table.alignments.map { alignment -> JSONValue in
            let name =
                switch alignment {
                case .none, .left: "left"
                case .center: "center"
                case .right: "right"
                }
            return ["align": .string(name), "is_wrapped": true]
        }
        let header = table.header.map { Self.cell($0, isHeader: true) }
        let rows = table.rows.map { JSONValue.array($0.map { Self.cell($0, isHeader: false) }) }
        return SlackBody.Block(
            json: ["type": "table", "column_settings": .array(settings), "rows": .array([.array(header)] + rows)],
            isTable: true
        )
    }

    private static func cell(_ inlines: [MarkdownInline], isHeader: Bool) -> JSONValue {
        let runs = inlines.runs().map { run in
            isHeader ? InlineRun(run.text, style: run.style.union(.strong), link: run.link) : run
        }
        return SlackRichText.block([SlackRichText.section(runs)])
    }

    private static func cost(_ row: [[MarkdownInline]]) -> Int {
        row.reduce(rowOverhead) { $0 + cellOverhead + SlackRichText.cost($1.runs()) }
    }

    // MARK: Code

    private var width: Int { Self.widths(of: table).reduce(0) { $0 + $1 + 3 } }

    private func codeBlocks(_ table: MarkdownTable) -> [SlackBody.Block] {
        let widths = Self.widths(of: table)
        let room = SlackLimits.richText - SlackRichText.blockOverhead - SlackRichText.cost(InlineRun("")) - 200
        let pieces = TableSplitter.split(table, maximumRows: .max, limit: room) { row in
            jsonLength(Self.line(row, widths, alignments: table.alignments)) + 2
        }
        return pieces.map { piece in
            let rule = widths.map { String(repeating: "─", count: $0) }.joined(separator: "─┼─")
            let rows = piece.rows.map { Self.line($0, widths, alignments: table.alignments) }
            let text = ([Self.line(piece.header, widths, alignments: table.alignments), rule] + rows)
                .joined(separator: "\n")
            return SlackBody.Block(json: SlackRichText.block([SlackRichText.preformatted(text, isQuoted: false)]))
        }
    }

    private static func widths(of table: MarkdownTable) -> [Int] {
        table.header.indices.map { column in
            ([table.header] + table.rows).reduce(1) { max($0, text($1[column]).count) }
        }
    }

    private static func line(
        _ row: [[MarkdownInline]],
        _ widths: [Int],
        alignments: [MarkdownTable.Alignment]
    ) -> String {
        let cells = row.indices.map { column in
            let text = text(row[column])
            let space = max(0, widths[column] - text.count)
            let before =
                switch alignments[column] {
                case .right: space
                case .center: space / 2
                case .none, .left: 0
                }
            return String(repeating: " ", count: before) + text + String(repeating: " ", count: space - before)
        }
        return cells.joined(separator: " │ ")
    }

    private static func text(_ cell: [MarkdownInline]) -> String {
        cell.plainText.replacing("\n", with: " ")
    }

    // MARK: Records

    /// Every row as lines of `name: value`: for tables with cells or columns beyond all limits.
    private func records(_ table: MarkdownTable) -> [SlackBody.Block] {
        table.rows.flatMap { row in
            var runs: [InlineRun] = []
            for (name, value) in zip(table.header, row) where !value.plainText.isEmpty {
                if !runs.isEmpty { runs.append(InlineRun("\n")) }
                runs.append(InlineRun("\(Self.text(name)): ", style: .strong))
                runs += value.runs()
            }
            return SlackBody.sections(runs)
        }
    }
}
