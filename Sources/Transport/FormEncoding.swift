import CoreTypes

/// What is wrong with a form; it never holds the form's content.
package struct FormEncodingError: CodedError, Hashable {
    package let description: String
    package var code: String { "form_invalid" }
    package var isRetryable: Bool { false }
}

/// Writes fields as `application/x-www-form-urlencoded` (the URL standard, 5.2).
package func formURLEncoded(_ fields: [(String, String)]) -> [UInt8] {
    var bytes: [UInt8] = []
    for (position, (name, value)) in fields.enumerated() {
        if position > 0 { bytes.append(UInt8(ascii: "&")) }
        bytes += encode(name)
        bytes.append(UInt8(ascii: "="))
        bytes += encode(value)
    }
    return bytes
}

private func encode(_ text: String) -> [UInt8] {
    percentEncoded(text, unreserved: "*-._ ").utf8.map { $0 == UInt8(ascii: " ") ? UInt8(ascii: "+") : $0 }
}

/// Reads `application/x-www-form-urlencoded` strictly: what a browser would repair is an error here.
/// - Parameters:
///   - bytes: the body, or a query without its question mark.
///   - maximumBytes: the longest body; 1 MiB unless told.
///   - maximumFields: the most fields; 1,000 unless told.
/// - Returns: the fields in their order, names repeated as they came.
/// - Throws: `FormEncodingError` for a broken escape, a byte that must be escaped, invalid UTF-8 or a limit.
package func parseFormURLEncoded(
    _ bytes: [UInt8],
    maximumBytes: Int = 1 << 20,
    maximumFields: Int = 1000
) throws(FormEncodingError) -> [(String, String)] {
    guard bytes.count <= maximumBytes else { throw FormEncodingError(description: "The form is too long") }
    var fields: [(String, String)] = []
    for field in bytes.split(separator: UInt8(ascii: "&")) {
        guard fields.count < maximumFields else { throw FormEncodingError(description: "The form has too many fields") }
        let equals = field.firstIndex(of: UInt8(ascii: "=")) ?? field.endIndex
        fields.append((try decode(field[..<equals]), try decode(field[equals...].dropFirst())))
    }
    return fields
}

private func decode(_ encoded: ArraySlice<UInt8>) throws(FormEncodingError) -> String {
    var decoded: [UInt8] = []
    decoded.reserveCapacity(encoded.count)
    var position = encoded.startIndex
    while position < encoded.endIndex {
        let byte = encoded[position]
        position += 1
        switch byte {
        case UInt8(ascii: "+"):
            decoded.append(UInt8(ascii: " "))
        case UInt8(ascii: "%"):
            guard position + 1 < encoded.endIndex, let high = hexadecimalDigit(encoded[position]),
                let low = hexadecimalDigit(encoded[position + 1])
            else { throw FormEncodingError(description: "The form holds a broken escape") }
            decoded.append(high << 4 | low)
            position += 2
        case 33...126:
            decoded.append(byte)
        default:
            throw FormEncodingError(description: "The form holds a byte that must be escaped")
        }
    }
    guard let text = String(validating: decoded, as: UTF8.self) else {
        throw FormEncodingError(description: "The form holds text that is not UTF-8")
    }
    return text
}
