/// The values of one column, for several rows.
package enum SQLArray: Sendable, Hashable {
    case integers([Int64])
    case texts([String])
    case blobs([[UInt8]])

    /// How many there are.
    package var count: Int {
        switch self {
        case .integers(let values): values.count
        case .texts(let values): values.count
        case .blobs(let values): values.count
        }
    }

    fileprivate func value(at index: Int) -> SQLValue {
        switch self {
        case .integers(let values): .integer(values[index])
        case .texts(let values): .text(values[index])
        case .blobs(let values): .blob(values[index])
        }
    }
}

extension Dialect {
    /// A table of bound values named `line`, with the columns column1, column2 …, to stand behind `from`.
    ///
    /// Postgres gets one array for each column: it would spend more on parsing a value list of many rows than on
    /// inserting them. The columns have to be equally long.
    package func table(_ columns: [SQLArray]) -> SQL {
        let names = columns.indices.map { "column\($0 + 1)" }.joined(separator: ", ")
        switch self {
        case .postgres:
            let arrays = SQL.joined(columns.map { "\(SQLValue.array($0))" })
            return "unnest(\(arrays)) as line (\(raw: names))"
        case .sqlite:
            return "(values \(rows: Self.lines(of: columns))) as line"
        }
    }

    /// Bound values as rows to insert, to stand behind the names of their columns, which have to be equally long.
    ///
    /// Postgres takes its arrays apart in step: to read them as a table first would cost it a microsecond a row more.
    package func rows(_ columns: [SQLArray]) -> SQL {
        switch self {
        case .postgres: "select \(SQL.joined(columns.map { "unnest(\(SQLValue.array($0)))" }))"
        case .sqlite: "values \(rows: Self.lines(of: columns))"
        }
    }

    private static func lines(of columns: [SQLArray]) -> [[SQLValue]] {
        (0..<(columns.first?.count ?? 0)).map { row in columns.map { $0.value(at: row) } }
    }
}
