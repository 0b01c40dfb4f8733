/// Validates JSON text (RFC 8259) in one pass and writes down where its values are.
struct JSONScanner {
    private let text: UnsafeBufferPointer<UInt8>
    private var position = 0
    private var tape: [JSONDocument.Token] = []

    init(text: UnsafeBufferPointer<UInt8>) {
        self.text = text
        tape.reserveCapacity(text.count / 12 + 8)
    }

    mutating func scanDocument() throws(JSONError) -> [JSONDocument.Token] {
        try scanValue(depth: 0)
        skipWhitespace()
        guard position == text.count else { throw failure("text behind the value") }
        return tape
    }

    private mutating func scanValue(depth: Int) throws(JSONError) {
        guard depth <= JSONDocument.maximumDepth else { throw failure("nested too deep") }
        skipWhitespace()
        guard position < text.count else { throw failure("the text ends too early") }
        switch text[position] {
        case UInt8(ascii: "{"): try scanObject(depth: depth)
        case UInt8(ascii: "["): try scanArray(depth: depth)
        case UInt8(ascii: "\""): try scanString()
        case UInt8(ascii: "t"): try scanWord("true", .bool)
        case UInt8(ascii: "f"): try scanWord("false", .bool)
        case UInt8(ascii: "n"): try scanWord("null", .null)
        default: try scanNumber()
        }
    }

    private mutating func scanObject(depth: Int) throws(JSONError) {
        let index = open(.object)
        skipWhitespace()
        if peek() != UInt8(ascii: "}") {
            while true {
                skipWhitespace()
                guard peek() == UInt8(ascii: "\"") else { throw failure("a key was expected") }
                try scanString()
                skipWhitespace()
                guard peek() == UInt8(ascii: ":") else { throw failure("a colon was expected") }
                position += 1
                try scanValue(depth: depth + 1)
                skipWhitespace()
                guard peek() == UInt8(ascii: ",") else { break }
                position += 1
            }
        }
        guard peek() == UInt8(ascii: "}") else { throw failure("a comma or a brace was expected") }
        close(index)
    }

    private mutating func scanArray(depth: Int) throws(JSONError) {
        let index = open(.array)
        skipWhitespace()
        if peek() != UInt8(ascii: "]") {
            while true {
                try scanValue(depth: depth + 1)
                skipWhitespace()
                guard peek() == UInt8(ascii: ",") else { break }
                position += 1
            }
        }
        guard peek() == UInt8(ascii: "]") else { throw failure("a comma or a bracket was expected") }
        close(index)
    }

    private mutating func open(_ kind: JSONDocument.Kind) -> Int {
        tape.append(.init(kind: kind, start: UInt32(position), end: 0, next: 0))
        position += 1
        return tape.count - 1
    }

    private mutating func close(_ index: Int) {
        position += 1
        tape[index].end = UInt32(position)
        tape[index].next = UInt32(tape.count)
    }

    private mutating func append(_ kind: JSONDocument.Kind, from start: Int, to end: Int) {
        tape.append(.init(kind: kind, start: UInt32(start), end: UInt32(end), next: UInt32(tape.count + 1)))
    }

    private mutating func scanString() throws(JSONError) {
        position += 1
        let start = position
        var escaped = false
        var ascii: UInt8 = 0
        while true {
            ascii |= skipPlainBytes()
            guard position < text.count else { break }
            let byte = text[position]
            if byte == UInt8(ascii: "\"") {
                if ascii & 0x80 != 0 { try checkUTF8(from: start) }
                append(escaped ? .escapedString : .string, from: start, to: position)
                position += 1
                return
            }
            if byte == UInt8(ascii: "\\") {
                escaped = true
                try scanEscape()
                continue
            }
            guard byte >= 0x20 else { throw failure("a control character in a string") }
            ascii |= byte
            position += 1
        }
        throw failure("a string does not end")
    }

    /// Passes over bytes that mean nothing but themselves, eight at a time.
    /// - Returns: a byte whose highest bit is set where one of theirs is.
    private mutating func skipPlainBytes() -> UInt8 {
        var all: UInt64 = 0
        while position + 8 <= text.count {
            let loaded = UnsafeRawBufferPointer(text).loadUnaligned(fromByteOffset: position, as: UInt64.self)
            let word = UInt64(littleEndian: loaded)
            let plainBytes = Self.plainBytes(at: word)
            all |= plainBytes == 8 ? word : word & ((1 << (plainBytes * 8)) - 1)
            position += plainBytes
            if plainBytes < 8 { break }
        }
        return all & Self.highBits == 0 ? 0 : 0x80
    }

    private static let highBits: UInt64 = 0x8080_8080_8080_8080

    /// How many of eight bytes, the lowest first, come before a quote, a backslash or a control character.
    ///
    /// Source: "Determine if a word has a byte less than n", Bit Twiddling Hacks, S. E. Anderson; the lowest byte that
    /// it finds always is one.
    private static func plainBytes(at word: UInt64) -> Int {
        func bytes(below limit: UInt64, in word: UInt64) -> UInt64 {
            (word &- 0x0101_0101_0101_0101 &* limit) & ~word & highBits
        }
        let quotes = bytes(below: 1, in: word ^ 0x2222_2222_2222_2222)
        let backslashes = bytes(below: 1, in: word ^ 0x5C5C_5C5C_5C5C_5C5C)
        return (quotes | backslashes | bytes(below: 0x20, in: word)).trailingZeroBitCount / 8
    }

    private func checkUTF8(from start: Int) throws(JSONError) {
        let slice = UnsafeBufferPointer(rebasing: text[start..<position])
        guard String(validating: slice, as: UTF8.self) != nil else {
            throw JSONError(offset: start, reason: "a string that is not UTF-8")
        }
    }

    private mutating func scanEscape() throws(JSONError) {
        position += 1
        guard let byte = peek() else { throw failure("a string does not end") }
        position += 1
        guard byte == UInt8(ascii: "u") else {
            guard #""\/bfnrt"#.utf8.contains(byte) else { throw failure("an unknown escape") }
            return
        }
        for _ in 0..<4 {
            guard let digit = peek(), hexadecimalDigit(digit) != nil else { throw failure("four hex digits expected") }
            position += 1
        }
    }

    private mutating func scanWord(_ word: StaticString, _ kind: JSONDocument.Kind) throws(JSONError) {
        let start = position
        for offset in 0..<word.utf8CodeUnitCount {
            guard peek() == word.utf8Start[offset] else { throw failure("an unknown word") }
            position += 1
        }
        append(kind, from: start, to: position)
    }

    private mutating func scanNumber() throws(JSONError) {
        let start = position
        if peek() == UInt8(ascii: "-") { position += 1 }
        if peek() == UInt8(ascii: "0") {
            position += 1
        } else {
            guard scanDigits() else { throw failure("a value was expected") }
        }
        if peek() == UInt8(ascii: ".") {
            position += 1
            guard scanDigits() else { throw failure("a digit was expected") }
        }
        if peek() == UInt8(ascii: "e") || peek() == UInt8(ascii: "E") {
            position += 1
            if peek() == UInt8(ascii: "+") || peek() == UInt8(ascii: "-") { position += 1 }
            guard scanDigits() else { throw failure("a digit was expected") }
        }
        append(.number, from: start, to: position)
    }

    private mutating func scanDigits() -> Bool {
        let start = position
        while let byte = peek(), byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") { position += 1 }
        return position > start
    }

    private func peek() -> UInt8? { position < text.count ? text[position] : nil }

    private mutating func skipWhitespace() {
        while position < text.count {
            switch text[position] {
            case 0x20, 0x0A, 0x0D, 0x09: position += 1
            default: return
            }
        }
    }

    private func failure(_ reason: String) -> JSONError { JSONError(offset: position, reason: reason) }
}

/// Resolves the escapes of a string that was validated before; a lone surrogate becomes U+FFFD.
func unescapeJSON(_ bytes: ArraySlice<UInt8>) -> String {
    var units: [UInt8] = []
    units.reserveCapacity(bytes.count)
    var index = bytes.startIndex
    while index < bytes.endIndex {
        guard bytes[index] == UInt8(ascii: "\\") else {
            units.append(bytes[index])
            index += 1
            continue
        }
        let escape = bytes[index + 1]
        index += 2
        switch escape {
        case UInt8(ascii: "b"): units.append(0x08)
        case UInt8(ascii: "f"): units.append(0x0C)
        case UInt8(ascii: "n"): units.append(0x0A)
        case UInt8(ascii: "r"): units.append(0x0D)
        case UInt8(ascii: "t"): units.append(0x09)
        case UInt8(ascii: "u"):
            var scalar = UInt32(escapedUnit(bytes, at: index))
            index += 4
            if (0xD800..<0xDC00).contains(scalar), index + 6 <= bytes.endIndex, bytes[index] == UInt8(ascii: "\\"),
                bytes[index + 1] == UInt8(ascii: "u")
            {
                let low = UInt32(escapedUnit(bytes, at: index + 2))
                if (0xDC00..<0xE000).contains(low) {
                    scalar = 0x10000 + (scalar - 0xD800) << 10 + (low - 0xDC00)
                    index += 6
                }
            }
            units.append(contentsOf: String(Character(Unicode.Scalar(scalar) ?? "\u{FFFD}")).utf8)
        default: units.append(escape)
        }
    }
    return String(decoding: units, as: UTF8.self)
}

/// Whether an escape of a string that was validated before is half of a character that takes two.
func holdsLoneSurrogate(_ bytes: ArraySlice<UInt8>) -> Bool {
    func isUnicodeEscape(at index: Int) -> Bool {
        index + 6 <= bytes.endIndex && bytes[index] == UInt8(ascii: "\\") && bytes[index + 1] == UInt8(ascii: "u")
    }
    var index = bytes.startIndex
    while index < bytes.endIndex {
        guard bytes[index] == UInt8(ascii: "\\") else {
            index += 1
            continue
        }
        guard isUnicodeEscape(at: index) else {
            index += 2
            continue
        }
        let unit = escapedUnit(bytes, at: index + 2)
        index += 6
        guard (0xD800..<0xE000).contains(unit) else { continue }
        guard unit < 0xDC00, isUnicodeEscape(at: index),
            (0xDC00..<0xE000).contains(escapedUnit(bytes, at: index + 2))
        else { return true }
        index += 6
    }
    return false
}

/// The number that the four digits of an escape make.
private func escapedUnit(_ bytes: ArraySlice<UInt8>, at index: Int) -> UInt16 {
    bytes[index..<index + 4].reduce(0) { $0 << 4 | UInt16(hexadecimalDigit($1) ?? 0) }
}
