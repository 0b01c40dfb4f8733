#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// How alike texts are: the cosine of their word counts, each word weighted by how few of the texts have it (TF-IDF).
///
/// A word that stands in a text n times counts 1 + log n there: plain counts let the words that every text is full of
/// decide, and long texts grow alike whatever they say. The same texts always give the same number. It compares
/// wording, not meaning.
package enum Similarity {
    /// What a word counts, by how often it stands in a text; beyond it is reckoned.
    private static let terms: [Double] = [0] + (1..<256).map { 1 + log(Double($0)) }

    /// The similarity of two texts, from 0 (no word in common) to 1 (the same words).
    package static func between(_ one: String, _ other: String) -> Double {
        averageOfPairs([one, other])
    }

    /// The average similarity over all pairs of texts; 1 where there are fewer than two.
    /// - Parameter texts: at most 16.
    package static func averageOfPairs(_ texts: [String]) -> Double {
        let count = texts.count
        guard count > 1, count <= 16 else { return 1 }
        let words = sortedWords(texts)
        let terms = Self.terms
        return withUnsafeTemporaryAllocation(of: Double.self, capacity: count * count + 2 * count) { memory in
            memory.initialize(repeating: 0)
            // Products of pairs (the diagonal: squares of lengths), weights by text, weights by how many texts.
            let (products, weights, rarity) = (0, count * count, count * count + count)
            for documents in 1...count {
                memory[rarity + documents - 1] = log(Double(1 + count) / Double(1 + documents)) + 1
            }
            var start = 0
            while start < words.count {
                var documents = 0
                var repeats = 0
                var end = start
                var last = UInt64.max
                while end < words.count, words[end] >> 4 == words[start] >> 4 {
                    let text = words[end] & 15
                    if text != last {
                        documents += 1
                        repeats = 0
                    }
                    repeats += 1
                    memory[weights + Int(text)] = repeats < terms.count ? terms[repeats] : 1 + log(Double(repeats))
                    last = text
                    end += 1
                }
                let factor = memory[rarity + documents - 1]
                for one in 0..<count where memory[weights + one] > 0 {
                    let weight = memory[weights + one] * factor
                    for other in one..<count {
                        memory[products + one * count + other] += weight * memory[weights + other] * factor
                    }
                }
                for text in 0..<count { memory[weights + text] = 0 }
                start = end
            }
            var sum = 0.0
            for one in 0..<count {
                for other in one + 1..<count {
                    let lengths = memory[products + one * count + one] * memory[products + other * count + other]
                    if lengths > 0 {
                        sum += min(1, memory[products + one * count + other] / lengths.squareRoot())
                    } else if texts[one] == texts[other] {
                        sum += 1
                    }
                }
            }
            return sum / Double(count * (count - 1) / 2)
        }
    }

    /// All words of all texts, sorted; the low four bits tell the text.
    private static func sortedWords(_ texts: [String]) -> [UInt64] {
        var words: [UInt64] = []
        words.reserveCapacity(texts.reduce(0) { $0 + $1.utf8.count / 4 + 4 })
        for (number, text) in texts.enumerated() {
            let start = words.count
            Tokens.hashes(of: text, into: &words)
            for position in start..<words.count { words[position] = words[position] & ~15 | UInt64(number) }
        }
        words.sort()
        return words
    }
}
