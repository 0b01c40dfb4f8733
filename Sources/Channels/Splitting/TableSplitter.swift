/// Cuts a table between rows; each piece repeats the header.
package enum TableSplitter {
    /// Cuts a table into tables within a number of rows and a size.
    ///
    /// A row that is over the limit by itself gets a table of its own: a row is never cut, and whoever renders it
    /// decides what becomes of cells that are too large.
    /// - Parameters:
    ///   - maximumRows: the most rows that a table may have, with its header; at least 2.
    ///   - limit: the most that a table may measure, with its header.
    ///   - measure: what a row costs once it is rendered.
    package static func split(
        _ table: MarkdownTable,
        maximumRows: Int,
        limit: Int,
        measure: ([[MarkdownInline]]) -> Int
    ) -> [MarkdownTable] {
        let headerCost = measure(table.header)
        var packer = PartPacker<[[MarkdownInline]]>(limits: [max(1, maximumRows - 1), max(0, limit - headerCost)])
        for row in table.rows { packer.add(row, costs: [1, measure(row)]) }
        let parts = packer.finish()
        guard parts.count > 1 else { return [table] }
        return parts.map { MarkdownTable(alignments: table.alignments, header: table.header, rows: $0) }
    }
}
