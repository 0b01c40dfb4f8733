/// JSON text (RFC 8259) that was checked once and is read in place.
///
/// The whole text is validated when the document is made: structure, numbers, escapes and UTF-8. Reading a field then
/// walks a tape of tokens and copies only what is asked for, which is what the inbound path needs: a few keys out of
/// each event. Where an object repeats a key, the first one counts.
package struct JSONDocument: Sendable {
    struct Token: Sendable {
        var kind: Kind
        /// Where the value starts in the text; for strings, behind the quote.
        var start: UInt32
        /// Where the value ends in the text; for strings, at the closing quote.
        var end: UInt32
        /// The tape index behind this value and all that it holds.
        var next: UInt32
    }

    enum Kind: UInt8, Sendable {
        case null, bool, number, string, escapedString, array, object
    }

    /// The text and the tape, in one object: a node is copied for each step into a document.
    final class Storage: Sendable {
        let bytes: [UInt8]
        let tape: [Token]

        init(bytes: [UInt8], tape: [Token]) {
            self.bytes = bytes
            self.tape = tape
        }
    }

    private let storage: Storage

    /// How deep arrays and objects may nest.
    package static let maximumDepth = 128

    /// Checks a text.
    /// - Parameter bytes: JSON text in UTF-8, at most 64 MiB.
    /// - Throws: `JSONError` with the offset of the first byte that is wrong.
    package init(_ bytes: [UInt8]) throws(JSONError) {
        guard bytes.count <= 64 << 20 else { throw JSONError(offset: 64 << 20, reason: "the text is over 64 MiB") }
        let result: Result<[Token], JSONError> = bytes.withUnsafeBufferPointer { buffer in
            var scanner = JSONScanner(text: buffer)
            do throws(JSONError) {
                return .success(try scanner.scanDocument())
            } catch {
                return .failure(error)
            }
        }
        storage = Storage(bytes: bytes, tape: try result.get())
    }

    /// The outermost value.
    package var root: JSONNode { JSONNode(document: storage, index: 0) }

    /// A member of the outermost object, or nil.
    package subscript(key: String) -> JSONNode? { root[key] }

    /// The text of the first number of which a `JSONValue` would lose digits; nil where there is none.
    ///
    /// Two such numbers may become the same, and with them what is hashed and decided.
    package var firstInexactNumber: String? {
        for (index, token) in storage.tape.enumerated() where token.kind == .number {
            let text = JSONNode(document: storage, index: index).text
            if !isExactNumber(text) { return text }
        }
        return nil
    }
}

/// Whether a number keeps its digits: fractions may be as near as a double is, whole numbers have to be the same.
private func isExactNumber(_ text: String) -> Bool {
    if Int64(text) != nil { return true }
    guard let value = Double(text), value.isFinite else { return false }
    // From here on a double holds whole numbers alone, and not all of them.
    return abs(value) < 9_007_199_254_740_992 || significantDigits(text) == significantDigits("\(value)")
}

private func significantDigits(_ number: String) -> [UInt8] {
    let mantissa = number.utf8.prefix { $0 != UInt8(ascii: "e") && $0 != UInt8(ascii: "E") }
    let digits = mantissa.filter { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    let end = digits.lastIndex { $0 != UInt8(ascii: "0") }.map { $0 + 1 } ?? digits.startIndex
    return Array(digits[..<end].drop { $0 == UInt8(ascii: "0") })
}

/// A text that is not JSON.
package struct JSONError: CodedError {
    /// The number of bytes before the first wrong one.
    package let offset: Int
    let reason: String

    package var code: String { "invalid_json" }
    package var description: String { "Not valid JSON: \(reason) at byte \(offset)." }
    package var isRetryable: Bool { false }
}

/// One value inside a `JSONDocument`.
package struct JSONNode: Sendable {
    let document: JSONDocument.Storage
    let index: Int

    private var token: JSONDocument.Token { document.tape[index] }

    /// The member with this key, or nil where this is no object or has none.
    package subscript(key: String) -> JSONNode? {
        document.member(key, of: index).map { JSONNode(document: document, index: $0) }
    }

    /// The string, unescaped, or nil where this is none.
    package var string: String? {
        switch token.kind {
        case .string:
            String(decoding: document.bytes[Int(token.start)..<Int(token.end)], as: UTF8.self)
        case .escapedString:
            unescapeJSON(document.bytes[Int(token.start)..<Int(token.end)])
        default: nil
        }
    }

    /// The number as an integer, or nil where this is none or has a fraction.
    package var integer: Int64? {
        token.kind == .number ? Int64(text) : nil
    }

    /// The number, or nil where this is none.
    package var double: Double? {
        token.kind == .number ? Double(text) : nil
    }

    /// The truth value, or nil where this is none.
    package var bool: Bool? {
        token.kind == .bool ? document.bytes[Int(token.start)] == UInt8(ascii: "t") : nil
    }

    /// Whether this is `null`.
    package var isNull: Bool { token.kind == .null }

    /// The elements, or nil where this is no array.
    package var array: [JSONNode]? {
        guard token.kind == .array else { return nil }
        var elements: [JSONNode] = []
        var position = index + 1
        while position < Int(token.next) {
            elements.append(JSONNode(document: document, index: position))
            position = Int(document.tape[position].next)
        }
        return elements
    }

    /// The members in their order, or nil where this is no object.
    package var members: [(key: String, value: JSONNode)]? {
        guard token.kind == .object else { return nil }
        var members: [(key: String, value: JSONNode)] = []
        var position = index + 1
        while position < Int(token.next) {
            let key = JSONNode(document: document, index: position).string ?? ""
            members.append((key, JSONNode(document: document, index: position + 1)))
            position = Int(document.tape[position + 1].next)
        }
        return members
    }

    /// The text of the value as it stands in the document.
    package var text: String {
        String(decoding: document.bytes[Int(token.start)..<Int(token.end)], as: UTF8.self)
    }
}

extension JSONDocument.Storage {
    /// Where on the tape the value of an object's member is.
    fileprivate func member(_ key: String, of object: Int) -> Int? {
        guard tape[object].kind == .object else { return nil }
        var key = key
        let place = key.withUTF8 { wanted in
            bytes.withUnsafeBufferPointer { bytes in
                tape.withUnsafeBufferPointer { tape in
                    var position = object + 1
                    let end = Int(tape[object].next)
                    while position < end {
                        if isKey(tape[position], wanted, bytes) { return position + 1 }
                        position = Int(tape[position + 1].next)
                    }
                    return -1
                }
            }
        }
        return place < 0 ? nil : place
    }

    private func isKey(
        _ token: JSONDocument.Token,
        _ wanted: UnsafeBufferPointer<UInt8>,
        _ bytes: UnsafeBufferPointer<UInt8>
    ) -> Bool {
        let (start, count) = (Int(token.start), Int(token.end - token.start))
        if token.kind == .escapedString {
            return unescapeJSON(self.bytes[start..<start + count]).utf8.elementsEqual(wanted)
        }
        guard count == wanted.count else { return false }
        for offset in 0..<count where bytes[start + offset] != wanted[offset] { return false }
        return true
    }
}
