/// The sentences of a text as sets of words, to see whether texts that are worded alike say the opposite.
struct Sentences {
    /// One sentence.
    private struct Sentence: Hashable {
        /// Its words, sorted, each as often as it stands there; without those that turn its meaning round.
        let words: [UInt64]
        /// The words that turn its meaning round, sorted.
        let turns: [UInt64]
    }

    private let sentences: [Sentence]

    /// How many sentences of a text are looked at.
    private static let maximum = 256
    /// The similarity from which two sentences speak of the same.
    private static let threshold = 0.6
    private static let turns = Contradiction.negations.union(Contradiction.opposites.flatMap { [$0.0, $0.1] })

    /// Takes a text apart, at the ends of its lines and at marks that end a sentence.
    init(_ text: String) {
        var sentences: [Sentence] = []
        var hashes: [UInt64] = []
        for piece in Self.pieces(of: text) where sentences.count < Self.maximum {
            hashes.removeAll(keepingCapacity: true)
            Tokens.hashes(of: String(piece), into: &hashes)
            hashes.sort()
            let words = hashes.filter { !Self.turns.contains($0) }
            guard !words.isEmpty else { continue }
            sentences.append(Sentence(words: words, turns: hashes.filter(Self.turns.contains)))
        }
        self.sentences = sentences
    }

    /// Whether a sentence of one text says the opposite of the sentence that is most like it in the other.
    func contradict(_ other: Sentences) -> Bool {
        let (left, right) = (Set(sentences), Set(other.sentences))
        // What both say cannot divide them.
        let ours = sentences.filter { !right.contains($0) }
        let theirs = other.sentences.filter { !left.contains($0) }
        return ours.contains { sentence in
            guard let (twin, similarity) = Self.closest(to: sentence, in: theirs),
                Self.isOpposite(sentence.turns, twin.turns)
            else { return false }
            // Another sentence may be the one that is really meant.
            return Self.closest(to: twin, in: ours).map { $0.similarity <= similarity } ?? false
        }
    }

    private static func closest(
        to sentence: Sentence,
        in others: [Sentence]
    ) -> (sentence: Sentence, similarity: Double)? {
        var closest: (sentence: Sentence, similarity: Double)?
        for other in others {
            let similarity = similarity(sentence.words, other.words)
            if similarity >= max(threshold, closest.map { $0.similarity.nextUp } ?? 0) { closest = (other, similarity) }
        }
        return closest
    }

    /// Twice the words in common by all words, of sorted lists.
    private static func similarity(_ one: [UInt64], _ other: [UInt64]) -> Double {
        var (left, right, common) = (0, 0, 0)
        while left < one.count, right < other.count {
            if one[left] == other[right] {
                (left, right, common) = (left + 1, right + 1, common + 1)
            } else if one[left] < other[right] {
                left += 1
            } else {
                right += 1
            }
        }
        return Double(2 * common) / Double(one.count + other.count)
    }

    /// Whether the meaning is turned round an odd number of times on the way from one sentence to the other: `not`
    /// turns it, and so does `with` in the place of `without`; both together do not.
    private static func isOpposite(_ one: [UInt64], _ other: [UInt64]) -> Bool {
        var (left, right) = (one, other)
        var count = 0
        for (yes, no) in Contradiction.opposites {
            for (here, there) in [(yes, no), (no, yes)] {
                guard let first = left.firstIndex(of: here), let second = right.firstIndex(of: there),
                    !left.contains(there), !right.contains(here)
                else { continue }
                left.remove(at: first)
                right.remove(at: second)
                count += 1
            }
        }
        count += left.count { Contradiction.negations.contains($0) }
        count += right.count { Contradiction.negations.contains($0) }
        return !count.isMultiple(of: 2)
    }

    private static func pieces(of text: String) -> [Substring] {
        var pieces: [Substring] = []
        var start = text.startIndex
        var position = start
        while position < text.endIndex {
            let next = text.index(after: position)
            if isEnd(text[position], before: next < text.endIndex ? text[next] : "\n") {
                pieces.append(text[start..<position])
                start = next
            }
            position = next
        }
        pieces.append(text[start...])
        return pieces
    }

    private static func isEnd(_ mark: Character, before next: Character) -> Bool {
        switch mark {
        case ".", "!", "?", ";", ":": next.isWhitespace
        case "。", "！", "？": true
        default: mark.isNewline
        }
    }
}
