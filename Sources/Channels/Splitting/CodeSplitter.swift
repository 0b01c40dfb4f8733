/// Cuts preformatted text into pieces that fit, between lines wherever that is possible.
package enum CodeSplitter {
    /// Cuts a text into pieces within a limit; the pieces joined are the text again.
    ///
    /// The cut is behind a blank line in the second half of what fits, else behind the last line that fits whole, else,
    /// for a single line that is too long, between two characters.
    /// - Parameters:
    ///   - limit: the most that a piece may measure, without its fences; at least what any one scalar measures.
    ///   - measure: what a text costs once it is rendered; it must add up (see `TextSplitter.split`).
    package static func split(
        _ code: String,
        limit: Int,
        measure: (Substring) -> Int = { $0.utf16.count }
    ) -> [Substring] {
        var pieces: [Substring] = []
        var rest = code[...]
        while !rest.isEmpty {
            let end = firstEnd(in: rest, limit: limit, measure: measure)
            pieces.append(rest[..<end])
            rest = rest[end...]
        }
        return pieces
    }

    /// A text exactly as it is, in one block.
    package static func fenced(_ text: String) -> String {
        let fence = fence(for: text)
        return "\(fence)\n\(text)\n\(fence)"
    }

    /// The shortest fence of backticks that no line of the code can close.
    private static func fence(for code: String) -> String {
        var longest = 2
        var run = 0
        for byte in code.utf8 {
            run = byte == UInt8(ascii: "`") ? run + 1 : 0
            longest = max(longest, run)
        }
        return String(repeating: "`", count: longest + 1)
    }

    private static func firstEnd(
        in code: Substring,
        limit: Int,
        measure: (Substring) -> Int
    ) -> Substring.Index {
        var end = code.startIndex
        var blank: Substring.Index?
        var cost = 0
        while end < code.endIndex {
            let lineEnd = code[end...].firstIndex(where: \.isNewline).map { code.index(after: $0) } ?? code.endIndex
            let line = code[end..<lineEnd]
            cost += measure(line)
            guard cost <= limit else {
                if let blank { return blank }
                if end > code.startIndex { return end }
                return TextSplitter.firstPiece(of: line, limit: limit, measure: measure).endIndex
            }
            end = lineEnd
            if cost >= limit / 2, line.allSatisfy(\.isWhitespace) { blank = end }
        }
        return code.endIndex
    }
}
