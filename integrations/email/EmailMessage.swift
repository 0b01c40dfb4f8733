import Channels
import CoreTypes

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// A letter in the form that servers take (RFC 5322, RFC 2045, RFC 2047).
struct EmailMessage {
    let subject: String
    let text: String

    /// Writes a post as plain text: links under their labels, for nothing in a letter can be pressed.
    init(_ post: Post) {
        subject = post.title ?? post.fallbackText
        var paragraphs = [Self.plain(post.body)]
        if !post.fields.isEmpty {
            paragraphs.append(post.fields.map { "\($0.name): \($0.value)" }.joined(separator: "\n"))
        }
        for button in post.buttons {
            if let url = button.url { paragraphs.append("\(button.label):\n\(url)") }
        }
        if let footer = post.footer { paragraphs.append(Self.plain(footer)) }
        text = paragraphs.filter { !$0.isEmpty }.joined(separator: "\n\n")
    }

    /// Reads what `json` wrote.
    init?(json: JSONValue) {
        guard let subject = json["subject"]?.string, let text = json["text"]?.string else { return nil }
        self.subject = subject
        self.text = text
    }

    var json: JSONValue { ["subject": .string(subject), "text": .string(text)] }

    /// The whole letter.
    /// - Parameter id: the same for every try, so that a receiver recognises a repetition.
    func bytes(from sender: EmailAddress, to recipient: EmailAddress, id: String, at moment: Timestamp) -> [UInt8] {
        let headers = [
            "From: \(Self.mailbox(sender))",
            "To: \(Self.mailbox(recipient))",
            "Subject: \(Self.encodedWords(subject))",
            "Date: \(Self.date(moment))",
            "Message-ID: <\(id)@\(sender.domain)>",
            "Auto-Submitted: auto-generated",
            "MIME-Version: 1.0",
            "Content-Type: text/plain; charset=utf-8",
            "Content-Transfer-Encoding: base64",
        ]
        let encoded = Data(text.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\r\n").utf8)
            .base64EncodedString()
        var lines = headers + [""]
        var rest = encoded[...]
        while !rest.isEmpty {
            lines.append(String(rest.prefix(76)))
            rest = rest.dropFirst(76)
        }
        return Array((lines.joined(separator: "\r\n") + "\r\n").utf8)
    }

    /// Without the backslashes that keep Markdown from reading what somebody typed; between fences, where Markdown reads
    /// nothing, every one is the text's own.
    private static func plain(_ markdown: String) -> String {
        var blocks: [String] = []
        var lines: [Substring] = []
        var fence: Int?
        func end() {
            let block = lines.joined(separator: "\n")
            blocks.append(fence == nil ? unescaped(block) : block)
            lines = []
        }
        for line in markdown.split(separator: "\n", omittingEmptySubsequences: false) {
            let marks = line.prefix { $0 == "`" }.count
            if let open = fence {
                lines.append(line)
                guard marks >= open, marks == line.count else { continue }
                end()
                fence = nil
            } else if marks >= 3 {
                if !lines.isEmpty { end() }
                fence = marks
                lines.append(line)
            } else {
                lines.append(line)
            }
        }
        if !lines.isEmpty { end() }
        return blocks.joined(separator: "\n")
    }

    /// Scalar by scalar, as Markdown reads it: what stands before or behind a sign may make one character with it.
    private static func unescaped(_ markdown: String) -> String {
        let signs = "\\`*_[]<>|~#".unicodeScalars
        var output = String.UnicodeScalarView()
        var isEscaped = false
        for scalar in markdown.unicodeScalars {
            if scalar == "\\", !isEscaped {
                isEscaped = true
                continue
            }
            if isEscaped, !signs.contains(scalar) { output.append("\\") }
            output.append(scalar)
            isEscaped = false
        }
        if isEscaped { output.append("\\") }
        return String(output)
    }

    private static func mailbox(_ address: EmailAddress) -> String {
        address.name.isEmpty ? address.address : "\(encodedWords(address.name, quoted: true)) <\(address.address)>"
    }

    /// A text that a header can hold: as it is where it is plain, else in encoded words of at most 75 characters.
    private static func encodedWords(_ text: String, quoted: Bool = false) -> String {
        let line = text.split(whereSeparator: \.isNewline).joined(separator: " ")
            .filter { ($0.asciiValue ?? 32) >= 32 && $0.asciiValue != 127 }
        if line.utf8.count <= 200, line.utf8.allSatisfy({ $0 < 128 }), !line.contains("=?") {
            guard quoted else { return line }
            return "\"\(line.filter { $0 != "\"" && $0 != "\\" })\""
        }
        var words: [String] = []
        var word = ""
        for character in line {
            if word.utf8.count + String(character).utf8.count > 42, !word.isEmpty {
                words.append(word)
                word = ""
            }
            word.append(character)
        }
        if !word.isEmpty { words.append(word) }
        return words.map { "=?utf-8?B?\(Data($0.utf8).base64EncodedString())?=" }.joined(separator: "\r\n ")
    }

    /// A moment as mail writes it, such as `Sat, 31 Jan 2026 09:05:00 +0000`.
    private static func date(_ moment: Timestamp) -> String {
        let iso = moment.iso8601
        let parts = iso.prefix(10).split(separator: "-").compactMap { Int($0) }
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
        guard parts.count == 3, months.indices.contains(parts[1] - 1) else { return iso }
        let weekday = Int((moment.rawValue / 86_400_000) % 7 + 7) % 7
        return "\(days[weekday]), \(parts[2]) \(months[parts[1] - 1]) \(parts[0]) \(iso.dropFirst(11).prefix(8)) +0000"
    }
}
