/// The slips that models make in JSON where nothing holds them to it: line breaks inside strings, commas behind the last
/// member, and Python's words.
enum LooseJSON {
    private static let words: [(python: [UInt8], json: [UInt8])] = [
        ("True", "true"), ("False", "false"), ("None", "null"),
    ].map { (Array($0.0.utf8), Array($0.1.utf8)) }

    /// The text with those slips mended; nothing is added that was not said.
    static func mended(_ bytes: [UInt8]) -> [UInt8] {
        var mended: [UInt8] = []
        mended.reserveCapacity(bytes.count + 16)
        var position = 0
        var isString = false
        while position < bytes.count {
            let byte = bytes[position]
            if isString {
                switch byte {
                case UInt8(ascii: "\\") where position + 1 < bytes.count:
                    mended.append(byte)
                    position += 1
                    mended.append(bytes[position])
                case UInt8(ascii: "\n"): mended += Array(#"\n"#.utf8)
                case UInt8(ascii: "\t"): mended += Array(#"\t"#.utf8)
                default:
                    if byte == UInt8(ascii: "\"") { isString = false }
                    mended.append(byte)
                }
            } else if byte == UInt8(ascii: ","), isLast(bytes[(position + 1)...]) {
                // No member follows.
            } else if let word = words.first(where: { bytes[position...].starts(with: $0.python) }) {
                mended += word.json
                position += word.python.count - 1
            } else {
                if byte == UInt8(ascii: "\"") { isString = true }
                mended.append(byte)
            }
            position += 1
        }
        return mended
    }

    /// Whether the next thing is the end of the list or object.
    private static func isLast(_ rest: ArraySlice<UInt8>) -> Bool {
        let next = rest.first { !(0x09...0x0D).contains($0) && $0 != 0x20 }
        return next == UInt8(ascii: "}") || next == UInt8(ascii: "]")
    }
}
