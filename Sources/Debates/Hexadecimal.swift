private let digits: StaticString = "0123456789abcdef"

/// Appends two lower-case digits for each byte.
func appendHexadecimal(_ bytes: some Sequence<UInt8>, to output: inout [UInt8]) {
    let table = digits.utf8Start
    for byte in bytes {
        output.append(table[Int(byte >> 4)])
        output.append(table[Int(byte & 15)])
    }
}

/// The bytes as lower-case digits.
func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    var output: [UInt8] = []
    appendHexadecimal(bytes, to: &output)
    return String(decoding: output, as: UTF8.self)
}

/// The bytes that lower-case digits stand for; nil where the text has an odd length or any other character.
func bytes(hexadecimal text: String) -> [UInt8]? {
    let characters = Array(text.utf8)
    guard characters.count.isMultiple(of: 2) else { return nil }
    func value(_ character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): character - UInt8(ascii: "a") + 10
        default: nil
        }
    }
    var output: [UInt8] = []
    output.reserveCapacity(characters.count / 2)
    for position in stride(from: 0, to: characters.count, by: 2) {
        guard let high = value(characters[position]), let low = value(characters[position + 1]) else { return nil }
        output.append(high << 4 | low)
    }
    return output
}
