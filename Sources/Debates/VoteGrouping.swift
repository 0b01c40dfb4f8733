/// Finds out which proposal each vote is for, and which free-text choices mean the same (`vote_grouping`).
///
/// Choices are taken in the order of the panel, so the canonical spelling is always that of the first seat.
package struct VoteGrouping: Sendable {
    /// What a vote is for.
    package enum Choice: Sendable, Hashable {
        /// The proposal with this place in the list of candidates.
        case candidate(Int)
        /// Something else, by its place in `others`.
        case other(Int)
    }

    /// A proposal that can be chosen.
    package struct Candidate: Sendable {
        package let name: String
        package let content: String

        /// Pairs an author with the text.
        package init(name: String, content: String) {
            self.name = name
            self.content = content
        }
    }

    private let candidates: [Candidate]
    private let threshold: Double?
    /// The canonical spellings of the choices that are no proposal.
    package private(set) var others: [String] = []

    /// Prepares for a count.
    /// - Parameters:
    ///   - candidates: the proposals, in the order of the panel.
    ///   - threshold: the similarity from which choices mean the same; nil where only exact names count.
    package init(candidates: [Candidate], threshold: Double?) {
        self.candidates = candidates
        self.threshold = threshold
    }

    /// Finds out what a choice is for.
    package mutating func resolve(_ choice: String) -> Choice {
        if let exact = candidates.firstIndex(where: { $0.name == choice }) { return .candidate(exact) }
        let trimmed = Self.trimmed(choice)
        if let same = candidates.firstIndex(where: { $0.name.lowercased() == trimmed }) { return .candidate(same) }
        if let threshold {
            if let named = namedCandidate(in: trimmed) { return .candidate(named) }
            if let alike = candidateAlike(choice, threshold) { return .candidate(alike) }
            for (position, other) in others.enumerated()
            where Similarity.between(choice, other) >= threshold && !Contradiction.between(choice, other) {
                return .other(position)
            }
        } else if let position = others.firstIndex(of: choice) {
            return .other(position)
        }
        others.append(choice)
        return .other(others.count - 1)
    }

    /// The one candidate whose name stands in a choice such as "Proposal by anthropic"; a choice that negates, or
    /// names several, names none.
    private func namedCandidate(in choice: String) -> Int? {
        guard choice.utf8.count <= 200, !Contradiction.negates(choice) else { return nil }
        let words = Self.words(choice)
        let found = candidates.indices.filter { candidate in
            Self.contains(words, Self.words(candidates[candidate].name.lowercased()))
        }
        // "claude-2" also holds the words of "claude": the longer name is meant.
        let longest = found.filter { one in
            !found.contains { other in
                one != other
                    && Self.contains(
                        Self.words(candidates[other].name.lowercased()),
                        Self.words(candidates[one].name.lowercased())
                    )
            }
        }
        return longest.count == 1 ? longest[0] : nil
    }

    /// The candidate whose text a choice repeats.
    private func candidateAlike(_ choice: String, _ threshold: Double) -> Int? {
        var best: (candidate: Int, similarity: Double)?
        var isTied = false
        for (position, candidate) in candidates.enumerated() {
            let similarity = Similarity.between(choice, candidate.content)
            guard similarity >= threshold, !Contradiction.between(choice, candidate.content) else { continue }
            if let current = best, similarity <= current.similarity {
                if similarity == current.similarity { isTied = true }
            } else {
                best = (position, similarity)
                isTied = false
            }
        }
        return isTied ? nil : best?.candidate
    }

    private static func trimmed(_ choice: String) -> String {
        let isOuter: (Character) -> Bool = { $0.isWhitespace || "\"'`*.:;,()[]".contains($0) }
        let start = choice.drop(while: isOuter)
        guard let end = start.lastIndex(where: { !isOuter($0) }) else { return "" }
        return start[...end].lowercased()
    }

    /// Words with their hyphens: `claude` does not stand in `claude-3`, which may be a seat that is out.
    private static func words(_ text: String) -> [Substring] {
        text.split(whereSeparator: { !$0.isLetter && !$0.isNumber && $0 != "-" && $0 != "_" })
    }

    private static func contains(_ words: [Substring], _ sequence: [Substring]) -> Bool {
        guard !sequence.isEmpty, sequence.count <= words.count else { return false }
        return (0...words.count - sequence.count).contains { words[$0..<$0 + sequence.count].elementsEqual(sequence) }
    }
}
