/// Cuts plain text into pieces that fit, at the best place that there is.
///
/// The pieces joined are the text again: nothing is lost and nothing is added. Callers that do not want white space at
/// an edge trim it themselves.
package enum TextSplitter {
    /// Cuts a text into pieces within a limit.
    ///
    /// The cut is behind a paragraph, else a line, else a sentence, if one of these ends in the second half of what
    /// fits; else behind a space; else between two characters as a reader sees them. Only a single character that is
    /// over the limit by itself is cut, between its Unicode scalars.
    /// - Parameters:
    ///   - limit: the most that a piece may measure; at least what any one scalar measures.
    ///   - measure: what a text costs once it is rendered, such as its escaped length. It must add up: the costs of two
    ///     halves are the cost of the whole.
    package static func split(
        _ text: String,
        limit: Int,
        measure: (Substring) -> Int = { $0.utf16.count }
    ) -> [Substring] {
        var pieces: [Substring] = []
        var rest = text[...]
        while !rest.isEmpty {
            let piece = firstPiece(of: rest, limit: limit, measure: measure)
            pieces.append(piece)
            rest = rest[piece.endIndex...]
        }
        return pieces
    }

    /// The longest beginning of a text that fits and ends well; never empty unless the text is.
    package static func firstPiece(of text: Substring, limit: Int, measure: (Substring) -> Int) -> Substring {
        let reach = Reach(of: text, limit: limit, measure: measure)
        if reach.end == text.endIndex { return text }
        if let boundary = reach.boundary { return text[..<boundary] }
        if reach.end > text.startIndex { return text[..<reach.end] }
        return firstScalars(of: text, limit: limit, measure: measure)
    }

    /// The longest beginning that fits and ends at a space or better; nil where there is none.
    package static func firstWords(of text: Substring, limit: Int, measure: (Substring) -> Int) -> Substring? {
        let reach = Reach(of: text, limit: limit, measure: measure)
        if reach.end == text.endIndex { return text }
        return reach.boundary.map { text[..<$0] }
    }

    /// How far a limit goes, and the places on the way where a cut is good.
    private struct Reach {
        private(set) var end: Substring.Index
        private var paragraph: (index: Substring.Index, cost: Int)?
        private var line: (index: Substring.Index, cost: Int)?
        private var sentence: (index: Substring.Index, cost: Int)?
        private var space: (index: Substring.Index, cost: Int)?
        private let half: Int

        var boundary: Substring.Index? {
            for found in [paragraph, line, sentence] {
                if let found, found.cost >= half { return found.index }
            }
            return (space ?? sentence ?? line ?? paragraph)?.index
        }

        init(of text: Substring, limit: Int, measure: (Substring) -> Int) {
            half = limit / 2
            end = text.startIndex
            var cost = 0
            var previous: Character = " "
            while end < text.endIndex {
                let next = text.index(after: end)
                let character = text[end]
                cost += measure(text[end..<next])
                guard cost <= limit else { return }
                end = next
                if character.isNewline {
                    if previous.isNewline { paragraph = (next, cost) }
                    line = (next, cost)
                    space = (next, cost)
                } else if character.isWhitespace, character != "\u{00A0}", character != "\u{202F}" {
                    if Self.endsSentence(previous) { sentence = (next, cost) }
                    space = (next, cost)
                } else if "。！？".contains(character) {
                    sentence = (next, cost)
                }
                previous = character
            }
        }

        private static func endsSentence(_ character: Character) -> Bool {
            switch character {
            case ".", "!", "?", "…", ":", ";": true
            default: false
            }
        }
    }

    private static func firstScalars(of text: Substring, limit: Int, measure: (Substring) -> Int) -> Substring {
        let scalars = text.unicodeScalars
        var end = scalars.index(after: scalars.startIndex)
        var cost = measure(Substring(scalars[..<end]))
        while end < scalars.endIndex {
            let next = scalars.index(after: end)
            cost += measure(Substring(scalars[end..<next]))
            guard cost <= limit else { break }
            end = next
        }
        return Substring(scalars[..<end])
    }
}
