/// A text as Slack's messages carry it, and the Markdown that it stands for.
///
/// Slack writes references in angle brackets and escapes `&`, `<` and `>`, and nothing else
/// (https://docs.slack.dev/messaging/formatting-message-text/).
struct SlackText {
    /// How far the partner of a mark may be away, in bytes: longer styled text is left as it is.
    private static let longestStyledText = 2000

    private let text: [UInt8]
    private let omitted: String?

    /// Wraps a text.
    /// - Parameter user: whoever's mentions are left out: our own bot user.
    init(_ text: String, without user: String? = nil) {
        self.text = Array(text.utf8)
        omitted = user
    }

    /// Whether a text mentions a user: `<@U123>` or `<@U123|name>`.
    static func mentions(_ user: String, in text: String) -> Bool {
        let wanted = Array("<@\(user)".utf8)
        let bytes = Array(text.utf8)
        var start = 0
        while let bracket = bytes[start...].firstIndex(of: UInt8(ascii: "<")) {
            let end = bracket + wanted.count
            guard end < bytes.count else { return false }
            let closes = bytes[end] == UInt8(ascii: ">") || bytes[end] == UInt8(ascii: "|")
            if closes, bytes[bracket..<end].elementsEqual(wanted) { return true }
            start = bracket + 1
        }
        return false
    }

    /// The ids of the people whom a Markdown text of ours mentions without a name: `@U0123ABCD`.
    static func unnamedPeople(in markdown: String) -> Set<String> {
        let words = markdown.split { !$0.isASCII || !($0.isLetter || $0.isNumber || $0 == "@") }
        return Set(
            words.compactMap { word in
                guard word.first == "@", word.count > minimumID, let kind = word.dropFirst().first else { return nil }
                let id = word.dropFirst()
                let isID = (kind == "U" || kind == "W") && id.allSatisfy { $0.isNumber || $0.isUppercase }
                return isID ? String(id) : nil
            }
        )
    }

    /// Shorter words in capitals are words.
    private static let minimumID = 8

    /// The user whom a text mentions before it says anything else: `<@U123> why?`.
    static func leadingMention(in text: String) -> String? {
        let start = text.drop(while: \.isWhitespace)
        guard start.hasPrefix("<@"), let end = start.firstIndex(of: ">") else { return nil }
        let user = start[..<end].dropFirst(2).prefix { $0 != "|" }
        return user.isEmpty ? nil : String(user)
    }

    /// The text as Markdown, with names in place of references where Slack gives them.
    var markdown: String {
        var output: [UInt8] = []
        output.reserveCapacity(text.count)
        var position = 0
        var fence = 0
        while position < text.count {
            let byte = text[position]
            switch byte {
            case UInt8(ascii: "<"):
                guard let end = referenceEnd(from: position) else {
                    output.append(byte)
                    position += 1
                    continue
                }
                let reference = String(decoding: text[(position + 1)..<end], as: UTF8.self)
                output.append(contentsOf: readable(reference).utf8)
                position = end + 1
            case UInt8(ascii: "`"):
                let run = text[position...].prefix { $0 == byte }.count
                if fence == 0 { fence = run } else if fence == run { fence = 0 }
                output.append(contentsOf: repeatElement(byte, count: run))
                position += run
            case UInt8(ascii: "&"):
                let (plain, length) = entity(startOf: text[position...])
                output.append(plain)
                position += length
            case UInt8(ascii: "*"), UInt8(ascii: "~"):
                output.append(byte)
                // Slack marks bold and struck text with one character, Markdown with two.
                if fence == 0, isMark(at: position) { output.append(byte) }
                position += 1
            default:
                output.append(byte)
                position += 1
            }
        }
        var result = trimmed(String(decoding: output, as: UTF8.self))
        if omitted != nil, let first = result.first, first == ":" || first == "," {
            result = trimmed(String(result.dropFirst()))
        }
        return result
    }

    /// The ids of the people whom the text mentions, by the names that `markdown` has for them; a name that two people
    /// have names nobody.
    var people: [String: String] {
        var found: [String: String] = [:]
        var shared: Set<String> = []
        var position = 0
        while let start = text[position...].firstIndex(of: UInt8(ascii: "<")) {
            guard let end = referenceEnd(from: start) else {
                position = start + 1
                continue
            }
            position = end + 1
            let (target, label) = parts(of: String(decoding: text[(start + 1)..<end], as: UTF8.self))
            guard target.first == "@" else { continue }
            let user = String(target.dropFirst())
            guard !user.isEmpty, user != omitted else { continue }
            let name = label ?? user
            if let other = found.updateValue(user, forKey: name), other != user { shared.insert(name) }
        }
        return found.filter { !shared.contains($0.key) }
    }

    /// The closing bracket of a reference, which holds no other bracket and no line break.
    private func referenceEnd(from start: Int) -> Int? {
        for position in (start + 1)..<max(text.count, start + 1) {
            switch text[position] {
            case UInt8(ascii: ">"): return position > start + 1 ? position : nil
            case UInt8(ascii: "<"), UInt8(ascii: "\n"): return nil
            default: continue
            }
        }
        return nil
    }

    /// What a reference leads to, and how Slack calls it.
    private func parts(of reference: String) -> (target: String, label: String?) {
        let parts = Array(reference.utf8)
            .split(separator: UInt8(ascii: "|"), maxSplits: 1, omittingEmptySubsequences: false)
            .map(unescaped)
        return (parts[0], parts.count == 2 && !parts[1].isEmpty ? parts[1] : nil)
    }

    private func readable(_ reference: String) -> String {
        let (target, label) = parts(of: reference)
        switch target.first {
        case "@":
            let user = String(target.dropFirst())
            if user == omitted { return "" }
            return "@\(label ?? user)"
        case "#": return "#\(label ?? String(target.dropFirst()))"
        case "!":
            // `<!here>`, `<!subteam^S1|@group>`, `<!date^…|yesterday>`
            if let label { return label }
            return "@\(target.dropFirst().prefix { $0 != "^" })"
        default:
            guard let label, label != target else { return target }
            // A link that Slack made of a bare address: `<http://a.example|a.example>`, `<mailto:a@b|a@b>`.
            if target.hasSuffix(label), target.hasPrefix("http") || target.hasPrefix("mailto:") {
                return target.hasPrefix("mailto:") ? label : target
            }
            return "[\(label)](\(target))"
        }
    }

    /// Byte by byte, as Slack escapes: to Swift, an entity with a mark behind it is another text.
    private func unescaped(_ bytes: ArraySlice<UInt8>) -> String {
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count)
        var rest = bytes
        while let byte = rest.first {
            let (plain, length) = byte == UInt8(ascii: "&") ? entity(startOf: rest) : (byte, 1)
            output.append(plain)
            rest = rest.dropFirst(length)
        }
        return String(decoding: output, as: UTF8.self)
    }

    private func entity(startOf rest: ArraySlice<UInt8>) -> (byte: UInt8, length: Int) {
        if rest.starts(with: "&amp;".utf8) { return (UInt8(ascii: "&"), 5) }
        if rest.starts(with: "&lt;".utf8) { return (UInt8(ascii: "<"), 4) }
        if rest.starts(with: "&gt;".utf8) { return (UInt8(ascii: ">"), 4) }
        return (UInt8(ascii: "&"), 1)
    }

    /// Whether the mark opens or closes styled text: between a word and what is no word, with a partner on its line.
    private func isMark(at position: Int) -> Bool {
        let mark = text[position]
        let before = position > 0 ? text[position - 1] : UInt8(ascii: " ")
        let after = position + 1 < text.count ? text[position + 1] : UInt8(ascii: " ")
        guard before != mark, after != mark else { return false }
        if !isWord(before), !isBlank(after) {
            let rest = text[(position + 1)...].prefix(Self.longestStyledText)
            return rest.prefix { $0 != UInt8(ascii: "\n") }.contains(mark)
        }
        if !isBlank(before), !isWord(after) {
            let start = text[..<position].suffix(Self.longestStyledText)
            return start.reversed().prefix { $0 != UInt8(ascii: "\n") }.contains(mark)
        }
        return false
    }

    private func isBlank(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 || byte == 10 }

    private func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), 0x80...:
            true
        default: false
        }
    }
}
