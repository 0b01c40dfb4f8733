import CoreTypes

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// A file of `NAME=value` lines, as shells and container tools read them.
///
/// Lines end with LF or CRLF; empty ones and those that begin with `#` say nothing; `export` may stand in front. One
/// pair of quotes around a value is not part of it, nor is what stands behind a `#` with a space in front of it,
/// unless within the quotes. The last line of a name holds.
struct EnvironmentFile {
    /// The values by their names.
    let values: [String: String]

    /// Reads a file; one that is missing sets nothing.
    /// - Throws: `SettingsError` for a file that cannot be read or is over 1 MiB, and for a line that sets nothing.
    init(path: String) throws {
        var text = ""
        if FileManager.default.fileExists(atPath: path) {
            guard let bytes = FileManager.default.contents(atPath: path), bytes.count <= 1 << 20 else {
                throw SettingsError("\(path) cannot be read; it is a text file of `NAME=value` lines.")
            }
            text = String(decoding: bytes, as: UTF8.self)
        }
        try self.init(text: text, name: path)
    }

    /// Reads the text of a file.
    /// - Parameter name: what the file is called in errors.
    /// - Throws: `SettingsError` for a line that sets nothing; its text is not repeated.
    init(text: String, name: String) throws {
        var values: [String: String] = [:]
        let lines = text.drop { $0 == "\u{FEFF}" }.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        for (number, line) in lines.enumerated() {
            var line = Self.trimmed(line)
            if line.isEmpty || line.hasPrefix("#") { continue }
            if line.hasPrefix("export "), let word = line.firstIndex(of: " ") { line = Self.trimmed(line[word...]) }
            guard let sign = line.firstIndex(of: "="), Self.isName(Self.trimmed(line[..<sign])) else {
                throw SettingsError("Line \(number + 1) of \(name) is no `NAME=value`.")
            }
            guard let value = Self.value(line[line.index(after: sign)...]) else {
                throw SettingsError("Line \(number + 1) of \(name) has a quote that is not closed.")
            }
            values[String(Self.trimmed(line[..<sign]))] = value
        }
        self.values = values
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text.drop(while: \.isWhitespace)
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }

    private static func isName(_ text: Substring) -> Bool {
        !text.isEmpty && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
    }

    /// What stands behind the sign, without quotes and comment; nil where a quote is not closed.
    private static func value(_ text: Substring) -> String? {
        let value = trimmed(text)
        guard let quote = value.first, quote == "\"" || quote == "'" else { return String(withoutComment(text)) }
        let inside = value.dropFirst()
        // The first that ends the value; others within are part of it.
        let end = inside.indices.first { position in
            guard inside[position] == quote else { return false }
            let rest = inside[inside.index(after: position)...]
            return withoutComment(rest).isEmpty
        }
        if let end { return String(inside[..<end]) }
        // Such as "Aragora" <aragora@example.org>, which is quoted in part.
        return inside.contains(quote) ? String(withoutComment(text)) : nil
    }

    /// A text up to a `#` that has a space in front of it.
    private static func withoutComment(_ text: Substring) -> Substring {
        var isBehindSpace = false
        for position in text.indices {
            if isBehindSpace, text[position] == "#" { return trimmed(text[..<position]) }
            isBehindSpace = text[position].isWhitespace
        }
        return trimmed(text)
    }
}
