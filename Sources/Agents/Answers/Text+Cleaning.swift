extension StringProtocol {
    /// The text without white space at either end.
    var trimmed: String {
        guard let start = firstIndex(where: { !$0.isWhitespace }), let end = lastIndex(where: { !$0.isWhitespace })
        else { return "" }
        return String(self[start...end])
    }
}

extension String {
    /// The text without control characters: NUL and its like break databases and terminals, and no answer needs them.
    ///
    /// Line breaks become `\n`; tabs stay.
    var withoutControlCharacters: String {
        guard unicodeScalars.contains(where: { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) }) else {
            return self
        }
        var result = String.UnicodeScalarView()
        var previous: Unicode.Scalar?
        for scalar in unicodeScalars {
            switch scalar.value {
            case 0x0A where previous == "\r": break
            case 0x0A, 0x0D: result.append("\n")
            case 0x09: result.append(scalar)
            case 0..<0x20, 0x7F...0x9F: break
            default: result.append(scalar)
            }
            previous = scalar
        }
        return String(result)
    }

    /// The text without the thinking that some open models write in front of their answer (`<think>…</think>`).
    var withoutThinking: String {
        // Scalars: a tag stays a tag where a mark beside it makes another character of its bracket.
        let start = trimmed.unicodeScalars
        for tag in ["think", "thinking"] {
            guard start.starts(with: "<\(tag)>".unicodeScalars) else { continue }
            let close = "</\(tag)>".unicodeScalars
            var rest = start[...]
            while let bracket = rest.firstIndex(of: "<") {
                rest = rest[bracket...]
                if rest.starts(with: close) { return String(rest.dropFirst(close.count)).trimmed }
                rest = rest.dropFirst()
            }
            // Thinking without an end is no answer.
            return ""
        }
        return withoutUnopenedThinking
    }

    /// What may be shown of an answer that is still being written: nothing while it may be thinking.
    var shownBeforeItsEnd: String {
        var text = withoutControlCharacters.trimmed
        while !text.isEmpty {
            guard !["<think>", "<thinking>"].contains(where: { $0.hasPrefix(text) }) else { return "" }
            let rest = text.withoutThinking
            // Each round leaves out one stretch of thinking.
            guard rest.utf8.count < text.utf8.count else { return text }
            text = rest
        }
        return text
    }

    /// The text behind a line that ends thinking which was never opened: some servers put the opening tag into the
    /// prompt, so that only `</think>` is left in the answer.
    private var withoutUnopenedThinking: String {
        guard contains("</think") else { return self }
        let lines = split(separator: "\n", omittingEmptySubsequences: false)
        guard let end = lines.firstIndex(where: { ["</think>", "</thinking>"].contains($0.trimmed) }),
            !lines[..<end].contains(where: { $0.contains("<think") })
        else { return self }
        return lines[(end + 1)...].joined(separator: "\n").trimmed
    }
}
