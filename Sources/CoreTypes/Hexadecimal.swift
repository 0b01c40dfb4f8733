private let digits: StaticString = "0123456789abcdef"

/// Appends two lower-case digits for each byte.
package func appendHexadecimal(_ bytes: UnsafeRawBufferPointer, to output: inout [UInt8]) {
    let table = digits.utf8Start
    for byte in bytes {
        output.append(table[Int(byte >> 4)])
        output.append(table[Int(byte & 15)])
    }
}

/// The bytes as lower-case digits.
package func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    var output: [UInt8] = []
    Array(bytes).withUnsafeBytes { appendHexadecimal($0, to: &output) }
    return String(decoding: output, as: UTF8.self)
}

/// The bytes that lower-case digits stand for; nil where the text has an odd length or any other character.
package func hexadecimalBytes(_ text: String) -> [UInt8]? {
    var text = text
    return text.withUTF8 { characters in
        guard characters.count.isMultiple(of: 2) else { return nil }
        var output: [UInt8] = []
        output.reserveCapacity(characters.count / 2)
        for position in stride(from: 0, to: characters.count, by: 2) {
            let (first, second) = (characters[position], characters[position + 1])
            // Strict, so that no two texts stand for the same bytes.
            guard let high = hexadecimalDigit(first), let low = hexadecimalDigit(second),
                !(65...70).contains(first), !(65...70).contains(second)
            else { return nil }
            output.append(high << 4 | low)
        }
        return output
    }
}

/// The value of a hexadecimal digit of either case, or nil.
@inlinable
package func hexadecimalDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
}
