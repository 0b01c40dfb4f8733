package import CoreTypes

/// One row of an answer.
///
/// Columns are read by name; a missing column or a value of another type is an error, not a nil.
package struct Row: Sendable {
    /// The names of the columns, shared by all rows of an answer.
    package let columns: [String]
    package let values: [SQLValue]

    /// Pairs values with their columns' names.
    package init(columns: [String], values: [SQLValue]) {
        self.columns = columns
        self.values = values
    }

    /// The value of a column.
    /// - Throws: `DatabaseError` where the answer has no such column.
    package func value(_ column: String) throws -> SQLValue {
        guard let position = columns.firstIndex(of: column) else {
            throw DatabaseError(.decoding, "The answer has no column \(column).")
        }
        return values[position]
    }

    /// A text, or nil for `null`.
    package func textOrNil(_ column: String) throws -> String? {
        switch try value(column) {
        case .null: nil
        case .text(let text): text
        default: throw mismatch(column, "a text")
        }
    }

    /// An integer, or nil for `null`.
    package func integerOrNil(_ column: String) throws -> Int64? {
        switch try value(column) {
        case .null: nil
        case .integer(let integer): integer
        case .bool(let bool): bool ? 1 : 0
        default: throw mismatch(column, "an integer")
        }
    }

    /// A number, or nil for `null`.
    package func realOrNil(_ column: String) throws -> Double? {
        switch try value(column) {
        case .null: nil
        case .real(let real): real
        case .integer(let integer): Double(integer)
        default: throw mismatch(column, "a number")
        }
    }

    /// A truth value, or nil for `null`.
    package func boolOrNil(_ column: String) throws -> Bool? {
        switch try value(column) {
        case .null: nil
        case .bool(let bool): bool
        case .integer(let integer): integer != 0
        default: throw mismatch(column, "a truth value")
        }
    }

    /// Bytes, or nil for `null`.
    package func blobOrNil(_ column: String) throws -> [UInt8]? {
        switch try value(column) {
        case .null: nil
        case .blob(let bytes): bytes
        case .text(let text): Array(text.utf8)
        default: throw mismatch(column, "bytes")
        }
    }

    /// A text.
    package func text(_ column: String) throws -> String { try required(column, textOrNil) }
    /// A word of a closed vocabulary.
    /// - Parameter subject: what the row describes, such as `a debate`, for the error.
    package func word<Word: RawRepresentable<String>>(_ column: String, of subject: String) throws -> Word {
        let text = try text(column)
        guard let word = Word(rawValue: text) else {
            throw DatabaseError(.decoding, "The \(column) \(text) of \(subject) is unknown.")
        }
        return word
    }
    /// An integer.
    package func integer(_ column: String) throws -> Int64 { try required(column, integerOrNil) }
    /// A truth value.
    package func bool(_ column: String) throws -> Bool { try required(column, boolOrNil) }
    /// Bytes.
    package func blob(_ column: String) throws -> [UInt8] { try required(column, blobOrNil) }
    /// A moment.
    package func timestamp(_ column: String) throws -> Timestamp { Timestamp(rawValue: try integer(column)) }
    /// A moment, or nil for `null`.
    package func timestampOrNil(_ column: String) throws -> Timestamp? {
        try integerOrNil(column).map { Timestamp(rawValue: $0) }
    }
    /// An id.
    package func id<Kind>(_ column: String, of kind: Identifier<Kind>.Type = Identifier<Kind>.self) throws
        -> Identifier<Kind>
    {
        Identifier(rawValue: try text(column))
    }
    /// A JSON value that is stored as text.
    package func json(_ column: String) throws -> JSONValue {
        do {
            return try JSONValue(parsing: try text(column))
        } catch let error as JSONError {
            throw DatabaseError(.decoding, "The column \(column) holds no JSON: \(error.description)")
        }
    }

    private func required<Value>(_ column: String, _ read: (String) throws -> Value?) throws -> Value {
        guard let value = try read(column) else { throw mismatch(column, "a value") }
        return value
    }

    private func mismatch(_ column: String, _ wanted: String) -> DatabaseError {
        DatabaseError(.decoding, "The column \(column) does not hold \(wanted).")
    }
}
