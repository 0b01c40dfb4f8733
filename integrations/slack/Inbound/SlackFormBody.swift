import CoreTypes

/// A body of `application/x-www-form-urlencoded`, read in place: a field is decoded when it is asked for.
struct SlackFormBody {
    private let bytes: [UInt8]
    private let fields: [(name: Range<Int>, value: Range<Int>)]

    /// More fields than any request of Slack has; what follows them is not read.
    private static let maximumFields = 64

    init(_ bytes: [UInt8]) {
        var fields: [(name: Range<Int>, value: Range<Int>)] = []
        var start = 0
        while start < bytes.count, fields.count < Self.maximumFields {
            let end = bytes[start...].firstIndex(of: UInt8(ascii: "&")) ?? bytes.count
            let equals = bytes[start..<end].firstIndex(of: UInt8(ascii: "=")) ?? end
            fields.append((start..<equals, min(equals + 1, end)..<end))
            start = end + 1
        }
        self.bytes = bytes
        self.fields = fields
    }

    /// The decoded bytes of the first field with this name, which is plain ASCII and never encoded by Slack.
    func bytes(of name: String) -> [UInt8]? {
        for field in fields where bytes[field.name].elementsEqual(name.utf8) { return decoded(field.value) }
        return nil
    }

    /// The text of the first field with this name; nil where it is missing or empty.
    subscript(name: String) -> String? {
        guard let value = bytes(of: name), !value.isEmpty else { return nil }
        return String(decoding: value, as: UTF8.self)
    }

    private func decoded(_ range: Range<Int>) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(range.count)
        var position = range.lowerBound
        while position < range.upperBound {
            let byte = bytes[position]
            if byte == UInt8(ascii: "%"), position + 2 < range.upperBound,
                let high = hexadecimalDigit(bytes[position + 1]), let low = hexadecimalDigit(bytes[position + 2])
            {
                output.append(high << 4 | low)
                position += 3
            } else {
                output.append(byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
                position += 1
            }
        }
        return output
    }
}
