/// A JSON value that is built, changed and written, in canonical form: no white space, keys sorted by UTF-16 code units
/// as RFC 8785 sorts them.
///
/// The same value always gives the same bytes, so it can be hashed and signed.
package enum JSONValue: Hashable, Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    /// Reads a text.
    /// - Parameter bytes: JSON text in UTF-8.
    /// - Throws: `JSONError` where it is none.
    package init(parsing bytes: [UInt8]) throws(JSONError) {
        self.init(try JSONDocument(bytes).root)
    }

    /// Reads a text.
    /// - Parameter text: JSON text.
    /// - Throws: `JSONError` where it is none.
    package init(parsing text: String) throws(JSONError) {
        try self.init(parsing: Array(text.utf8))
    }

    /// Copies a value out of a document.
    package init(_ node: JSONNode) {
        if let string = node.string {
            self = .string(string)
        } else if let members = node.members {
            self = .object(
                Dictionary(members.map { ($0.key, JSONValue($0.value)) }, uniquingKeysWith: { first, _ in first })
            )
        } else if let elements = node.array {
            self = .array(elements.map { JSONValue($0) })
        } else if let bool = node.bool {
            self = .bool(bool)
        } else if let integer = node.integer {
            self = .integer(integer)
        } else if let double = node.double {
            self = .number(double)
        } else {
            self = .null
        }
    }

    /// The canonical text.
    package var bytes: [UInt8] {
        var output: [UInt8] = []
        write(to: &output)
        return output
    }

    /// The canonical text.
    package var text: String { String(decoding: bytes, as: UTF8.self) }

    /// Appends the canonical text.
    package func write(to output: inout [UInt8]) {
        switch self {
        case .null: output.append(contentsOf: "null".utf8)
        case .bool(let value): output.append(contentsOf: (value ? "true" : "false").utf8)
        case .integer(let value): output.append(contentsOf: String(value).utf8)
        case .number(let value): writeJSONNumber(value, to: &output)
        case .string(let value): writeJSONString(value, to: &output)
        case .array(let elements):
            output.append(UInt8(ascii: "["))
            for (position, element) in elements.enumerated() {
                if position > 0 { output.append(UInt8(ascii: ",")) }
                element.write(to: &output)
            }
            output.append(UInt8(ascii: "]"))
        case .object(let members):
            output.append(UInt8(ascii: "{"))
            let sorted = members.sorted { $0.key.utf16.lexicographicallyPrecedes($1.key.utf16) }
            for (position, member) in sorted.enumerated() {
                if position > 0 { output.append(UInt8(ascii: ",")) }
                writeJSONString(member.key, to: &output)
                output.append(UInt8(ascii: ":"))
                member.value.write(to: &output)
            }
            output.append(UInt8(ascii: "}"))
        }
    }
}

/// Appends a number: integers without a fraction, others in the shortest form that reads back the same.
package func writeJSONNumber(_ value: Double, to output: inout [UInt8]) {
    if !value.isFinite {
        output.append(contentsOf: "null".utf8)
    } else if value == value.rounded(), abs(value) < 9_007_199_254_740_992 {
        output.append(contentsOf: String(Int64(value)).utf8)
    } else {
        output.append(contentsOf: "\(value)".utf8)
    }
}

/// Appends a string with its quotes, escaping what RFC 8259 demands and nothing else.
package func writeJSONString(_ value: String, to output: inout [UInt8]) {
    var value = value
    output.append(UInt8(ascii: "\""))
    value.withUTF8 { bytes in
        var start = 0
        for (position, byte) in bytes.enumerated() where byte < 0x20 || byte == 0x22 || byte == 0x5C {
            output.append(contentsOf: bytes[start..<position])
            start = position + 1
            switch byte {
            case 0x22: output.append(contentsOf: #"\""#.utf8)
            case 0x5C: output.append(contentsOf: #"\\"#.utf8)
            case 0x08: output.append(contentsOf: #"\b"#.utf8)
            case 0x09: output.append(contentsOf: #"\t"#.utf8)
            case 0x0A: output.append(contentsOf: #"\n"#.utf8)
            case 0x0C: output.append(contentsOf: #"\f"#.utf8)
            case 0x0D: output.append(contentsOf: #"\r"#.utf8)
            default:
                let digits = Array("0123456789abcdef".utf8)
                output.append(contentsOf: #"\u00"#.utf8)
                output.append(digits[Int(byte >> 4)])
                output.append(digits[Int(byte & 15)])
            }
        }
        output.append(contentsOf: bytes[start...])
    }
    output.append(UInt8(ascii: "\""))
}

extension JSONValue {
    /// The member with this key; nil where this is no object, it has none, or it is null.
    package subscript(key: String) -> JSONValue? {
        get {
            guard case .object(let members) = self, let value = members[key], value != .null else { return nil }
            return value
        }
        set {
            guard case .object(var members) = self else { return }
            members[key] = newValue
            self = .object(members)
        }
    }

    /// The string, or nil.
    package var string: String? { if case .string(let value) = self { value } else { nil } }
    /// The truth value, or nil.
    package var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    /// The elements, or nil.
    package var array: [JSONValue]? { if case .array(let value) = self { value } else { nil } }
    /// The members, or nil.
    package var object: [String: JSONValue]? { if case .object(let value) = self { value } else { nil } }

    /// The whole number, or nil.
    package var integer: Int64? {
        switch self {
        case .integer(let value): value
        case .number(let value): Int64(exactly: value)
        default: nil
        }
    }

    /// The number, or nil.
    package var double: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
    package init(stringLiteral value: String) { self = .string(value) }
    package init(integerLiteral value: Int64) { self = .integer(value) }
    package init(floatLiteral value: Double) { self = .number(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    package init(nilLiteral: ()) { self = .null }
    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(Dictionary(elements, uniquingKeysWith: { _, last in last }))
    }
}

extension JSONValue {
    /// An object of the members that are there: those whose value is nil are left out.
    package static func record(_ members: KeyValuePairs<String, JSONValue?>) -> JSONValue {
        var present: [String: JSONValue] = [:]
        for (key, value) in members { present[key] = value }
        return .object(present)
    }

    /// An array of strings.
    package static func strings(_ values: some Sequence<String>) -> JSONValue {
        .array(values.map { .string($0) })
    }
}
