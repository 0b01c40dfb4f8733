import TestSupport

extension SeededGenerator {
    /// Markdown of about so many characters whose words are `w0`, `w1` … in this order.
    mutating func markdown(length: Int) -> String {
        var output = ""
        var word = 0
        func words(_ count: Int, _ separator: String = " ") -> String {
            let range = word..<(word + count)
            word += count
            return range.map { "w\($0)" }.joined(separator: separator)
        }
        while output.utf16.count < length {
            switch Int.random(in: 0..<12, using: &self) {
            case 0: output += "# \(words(4))\n\n"
            case 1: output += "**\(words(Int.random(in: 1...80, using: &self)))** and _\(words(3))_\n\n"
            case 2: output += "```swift\n\(words(Int.random(in: 1...200, using: &self), "\n"))\n```\n\n"
            case 3: output += (0..<Int.random(in: 1...20, using: &self)).map { _ in "- \(words(5))\n" }.joined() + "\n"
            case 4: output += "| \(words(1)) | \(words(1)) |\n|---|--:|\n| \(words(2)) | \(words(3)) |\n\n"
            case 5: output += "> \(words(Int.random(in: 1...60, using: &self)))\n\n"
            case 6: output += "1. \(words(3))\n   - \(words(3))\n\n"
            case 7: output += "[\(words(2))](https://example.com/?a=1&b=2) `\(words(2))` 👩‍👩‍👧‍👦\n\n"
            case 8: output += "\(words(2)) <b>\(words(1))</b> & ~~\(words(2))~~\n\n"
            case 9: output += "---\n\n"
            default: output += words(Int.random(in: 1...400, using: &self)) + ".\n\n"
            }
        }
        return output
    }
}

/// The words `w0`, `w1` … of a text in their order.
func words(in text: String) -> [String] {
    text.split(whereSeparator: { !$0.isLetter && !$0.isNumber }).map(String.init)
        .filter { $0.hasPrefix("w") && $0.dropFirst().allSatisfy(\.isNumber) && $0.count > 1 }
}
