/// Splits a text into posts that X takes, each with its number where there are several.
///
/// Nothing is left out: put together, the posts hold every word. It is cut between paragraphs where the posts do not get
/// much shorter by that, else between sentences, else between words, and inside a word only where one alone is too long.
package struct ThreadSplitter: Sendable {
    /// The weighted length of a post.
    private let limit: Int

    /// Makes a splitter.
    package init(limit: Int = XLimits.postLength) {
        self.limit = limit
    }

    /// The posts of a text; none for a text of blanks.
    package func split(_ text: String) -> [String] {
        let whole = WeightedText(Self.trimmed(text))
        guard !whole.scalars.isEmpty else { return [] }
        if whole.length <= limit { return [whole.text] }
        // The numbers take room, and how much depends on how many posts there are.
        for digits in 1...4 {
            let parts = pieces(of: whole, room: limit - 2 - 2 * digits)
            guard String(parts.count).count <= digits else { continue }
            return parts.enumerated().map { "\($1) \($0 + 1)/\(parts.count)" }
        }
        return pieces(of: whole, room: limit)
    }

    private func pieces(of text: WeightedText, room: Int) -> [String] {
        let room = room * XLimits.weightScale
        var pieces: [String] = []
        var start = 0
        while start < text.atoms.count {
            while start < text.atoms.count, isBlank(text, start) { start += 1 }
            guard start < text.atoms.count else { break }
            var end = start
            var weight = 0
            while end < text.atoms.count, weight + text.atoms[end].weight <= room {
                weight += text.atoms[end].weight
                end += 1
            }
            if end < text.atoms.count { end = cut(text, start, end) }
            // One atom is never wider than a post; this keeps the loop moving whatever the limit.
            end = max(end, start + 1)
            var piece = Self.piece(text, start, end)
            // What a cut tears apart may become an address, which is longer than its letters.
            while end > start + 1, WeightedText(piece).length * XLimits.weightScale > room {
                end -= 1
                piece = Self.piece(text, start, end)
            }
            if !piece.isEmpty { pieces.append(piece) }
            start = end
        }
        return pieces
    }

    private static func piece(_ text: WeightedText, _ start: Int, _ end: Int) -> String {
        let scalars = text.scalars[text.atoms[start].range.lowerBound..<text.atoms[end - 1].range.upperBound]
        return trimmed(String(String.UnicodeScalarView(scalars)))
    }

    /// The best place to cut before `end`, which is the furthest that there is room for.
    private func cut(_ text: WeightedText, _ start: Int, _ end: Int) -> Int {
        let length = end - start
        let places: [(least: Int, isPlace: (Int) -> Bool)] = [
            (length / 2, { isBreak(text, $0, lines: 2) }),
            (length / 2, { isSentenceEnd(text, $0) }),
            (length * 2 / 3, { isBreak(text, $0, lines: 1) }),
            (1, { isBlank(text, $0) }),
            (1, { isGraphemeStart(text, $0) }),
        ]
        for (least, isPlace) in places {
            var place = end
            while place > start + least - 1, place > start {
                if isPlace(place) { return place }
                place -= 1
            }
        }
        return end
    }

    private func scalar(_ text: WeightedText, _ atom: Int) -> Unicode.Scalar? {
        guard text.atoms.indices.contains(atom), text.atoms[atom].range.count == 1 else { return nil }
        return text.scalars[text.atoms[atom].range.lowerBound]
    }

    private func isBlank(_ text: WeightedText, _ atom: Int) -> Bool {
        scalar(text, atom)?.properties.isWhitespace ?? false
    }

    /// Whether so many lines end at a place.
    private func isBreak(_ text: WeightedText, _ atom: Int, lines: Int) -> Bool {
        (0..<lines).allSatisfy { scalar(text, atom + $0) == "\n" }
    }

    private func isSentenceEnd(_ text: WeightedText, _ atom: Int) -> Bool {
        guard let last = scalar(text, atom - 1) else { return false }
        if "。！？".unicodeScalars.contains(last) { return true }
        return ".!?…".unicodeScalars.contains(last) && isBlank(text, atom)
    }

    /// Whether a reader sees a new character begin here: marks stay with their letters.
    private func isGraphemeStart(_ text: WeightedText, _ atom: Int) -> Bool {
        guard text.atoms.indices.contains(atom), atom > 0 else { return false }
        let from = text.atoms[atom - 1].range.lowerBound
        let joined = String(String.UnicodeScalarView(text.scalars[from..<text.atoms[atom].range.upperBound]))
        let first = String(String.UnicodeScalarView(text.scalars[text.atoms[atom - 1].range]))
        return joined.count > first.count
    }

    private static func trimmed(_ text: String) -> String {
        var rest = text[...]
        while let first = rest.first, first.isWhitespace { rest.removeFirst() }
        while let last = rest.last, last.isWhitespace { rest.removeLast() }
        return String(rest)
    }
}
