package import CoreTypes

/// A value that is bound to a statement or read from a row.
package enum SQLValue: Sendable, Hashable {
    case null
    case integer(Int64)
    case real(Double)
    case bool(Bool)
    case text(String)
    case blob([UInt8])
    /// Many values as one: Postgres alone has them; `Dialect.table` hides that.
    case array(SQLArray)
}

/// A type that can be bound to a statement.
package protocol SQLBindable {
    /// The value as the database stores it.
    var sqlValue: SQLValue { get }
}

extension Int: SQLBindable { package var sqlValue: SQLValue { .integer(Int64(self)) } }
extension Int64: SQLBindable { package var sqlValue: SQLValue { .integer(self) } }
extension Double: SQLBindable { package var sqlValue: SQLValue { .real(self) } }
extension Bool: SQLBindable { package var sqlValue: SQLValue { .bool(self) } }
extension String: SQLBindable { package var sqlValue: SQLValue { .text(self) } }
extension [UInt8]: SQLBindable { package var sqlValue: SQLValue { .blob(self) } }
extension Identifier: SQLBindable { package var sqlValue: SQLValue { .text(rawValue) } }
extension Timestamp: SQLBindable { package var sqlValue: SQLValue { .integer(rawValue) } }
extension JSONValue: SQLBindable { package var sqlValue: SQLValue { .text(text) } }
extension SQLValue: SQLBindable { package var sqlValue: SQLValue { self } }
extension Optional: SQLBindable where Wrapped: SQLBindable {
    package var sqlValue: SQLValue { self?.sqlValue ?? .null }
}

/// A statement whose values are bound, never spliced: `"select name from users where id = \(id)"` has one parameter.
///
/// Text that is no value has to say so: `\(raw: "name")` for what the program itself wrote, `\(fragment)` for another
/// `SQL` with its own values. Placeholders are `$1`, `$2` … in both engines.
package struct SQL: Sendable, ExpressibleByStringInterpolation {
    /// The statement with `$n` in place of its values.
    package private(set) var text: String
    /// The values, the first for `$1`.
    package private(set) var values: [SQLValue]

    /// A statement without values.
    package init(stringLiteral value: String) {
        text = value
        values = []
    }

    /// A statement from an interpolated string.
    package init(stringInterpolation: StringInterpolation) {
        text = stringInterpolation.text
        values = stringInterpolation.values
    }

    /// Collects the text and the values of an interpolated statement.
    package struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var text = ""
        fileprivate var values: [SQLValue] = []

        package init(literalCapacity: Int, interpolationCount: Int) {
            text.reserveCapacity(literalCapacity + interpolationCount * 4)
            values.reserveCapacity(interpolationCount)
        }

        package mutating func appendLiteral(_ literal: String) {
            text += literal
        }

        /// Binds a value.
        package mutating func appendInterpolation(_ value: some SQLBindable) {
            values.append(value.sqlValue)
            text += "$\(values.count)"
        }

        /// Binds a value, or `null` for nil.
        package mutating func appendInterpolation(_ value: (some SQLBindable)?) {
            values.append(value?.sqlValue ?? .null)
            text += "$\(values.count)"
        }

        /// Splices text that the program itself wrote: a column list, a dialect's fragment.
        ///
        /// Never anything from outside.
        package mutating func appendInterpolation(raw: String) {
            text += raw
        }

        /// Splices another statement with its values.
        package mutating func appendInterpolation(_ fragment: SQL) {
            appendFragment(fragment)
        }

        /// Binds each value of a list, separated by commas; an empty list becomes `null`.
        package mutating func appendInterpolation(list: some Sequence<some SQLBindable>) {
            var isEmpty = true
            for value in list {
                if !isEmpty { text += ", " }
                appendInterpolation(value)
                isEmpty = false
            }
            if isEmpty { text += "null" }
        }

        /// Binds the values of several rows, as `values` wants them: `($1, $2), ($3, $4)`.
        package mutating func appendInterpolation(rows: some Sequence<[SQLValue]>) {
            var isFirst = true
            for row in rows {
                text += isFirst ? "(" : ", ("
                isFirst = false
                for (position, value) in row.enumerated() {
                    if position > 0 { text += ", " }
                    values.append(value)
                    text += "$"
                    text += String(values.count)
                }
                text += ")"
            }
        }

        private mutating func appendFragment(_ fragment: SQL) {
            let offset = values.count
            guard offset > 0, !fragment.values.isEmpty else {
                text += fragment.text
                values += fragment.values
                return
            }
            var rest = fragment.text[...]
            while let dollar = rest.firstIndex(of: "$") {
                text += rest[...dollar]
                rest = rest[rest.index(after: dollar)...]
                let digits = rest.prefix { $0.isASCII && $0.isNumber }
                if let number = Int(digits) { text += String(number + offset) }
                rest = rest[digits.endIndex...]
            }
            text += rest
            values += fragment.values
        }
    }
}

extension SQL {
    /// Puts a comma between statements, as a list of rows behind `values` wants it.
    package static func joined(_ parts: some Sequence<SQL>, by separator: String = ", ") -> SQL {
        var interpolation = StringInterpolation(literalCapacity: 256, interpolationCount: 16)
        for (position, part) in parts.enumerated() {
            if position > 0 { interpolation.appendLiteral(separator) }
            interpolation.appendInterpolation(part)
        }
        return SQL(stringInterpolation: interpolation)
    }
}
