import CoreTypes

/// Finds out which proposal a voter means.
///
/// Models are asked for a name and nothing else. What they write around it is passed over only where it cannot turn the
/// choice round: `not openai` and `Proposal 2 is wrong` are no votes.
struct ChoiceResolver {
    /// A word and what it is taken for.
    private struct Word {
        let text: Substring
        /// The place of the proposal that it means.
        var candidate: Int?
    }

    /// The longest free-text choice that is kept.
    private static let maximumLength = 500
    /// What people say around a choice without changing it (`d`, `ll`, `m` and `s` stand behind an apostrophe).
    private static let frame: Set<Substring> = [
        "a", "agent", "answer", "author", "best", "by", "choice", "choose", "chosen", "d", "for", "from", "goes", "i",
        "is", "ll", "m", "my", "number", "of", "one", "option", "pick", "prefer", "proposal", "select", "selected", "s",
        "strongest", "support", "the", "to", "vote", "votes", "voting", "we", "will", "winner", "would",
    ]
    /// What may begin a reason behind a choice, where no mark does.
    private static let reasons: Set<Substring> = ["as", "because", "since"]
    /// What may turn round a choice that stands in front of it (`t` stands behind the apostrophe of `isn't`).
    private static let negations: Set<Substring> = [
        "against", "cannot", "except", "kein", "keine", "neither", "never", "nicht", "no", "non", "none", "nor", "not",
        "pas", "reject", "rejected", "t", "worst", "wrong", "не", "нет",
    ]
    private static let marks: Set<Character> = [".", ",", ":", ";", "(", ")", "[", "]", "-", "–", "—", "!", "\n"]

    /// The author of the chosen proposal; the text itself where it speaks of no proposal, for vote grouping.
    /// - Returns: Nil where the text speaks of proposals without choosing one of them plainly.
    static func resolve(_ choice: String, among proposals: [Proposal]) -> String? {
        let text = choice.trimmed.trimmingQuotes
        let lower = text.lowercased()
        let names = proposals.map { $0.agent.lowercased() }
        if let exact = names.firstIndex(of: lower) { return proposals[exact].agent }
        let words = words(of: lower, names)
        guard words.contains(where: { $0.candidate != nil }) else {
            return String(text.unicodeScalars.prefix(maximumLength))
        }
        return chosen(words, in: lower).map { proposals[$0].agent }
    }

    /// The one candidate that a text chooses: its name or number, and behind it nothing, or a mark and a reason.
    private static func chosen(_ words: [Word], in text: String) -> Int? {
        let end = words.firstIndex { $0.candidate == nil && !frame.contains($0.text) } ?? words.endIndex
        let meant = Set(words.compactMap(\.candidate))
        guard meant.count == 1, let last = words[..<end].last, let choice = meant.first,
            words[..<end].contains(where: { $0.candidate != nil })
        else { return nil }
        guard end < words.endIndex else { return choice }
        let rest = words[end...]
        let between = text[last.text.endIndex..<rest[end].text.startIndex]
        guard reasons.contains(rest[end].text) || between.contains(where: marks.contains) else { return nil }
        return rest.contains { negations.contains($0.text) } ? nil : choice
    }

    /// The words of a text, each with the candidate whose name or number it is.
    private static func words(of text: String, _ names: [String]) -> [Word] {
        var words: [Word] = []
        var rest = text[...]
        while let start = rest.firstIndex(where: { $0.isLetter || $0.isNumber }) {
            let word = rest[start...].prefix { isWordPart($0) || $0 == "." }.trimmingEnd(of: ".")
            words.append(Word(text: word, candidate: names.firstIndex { $0 == word }))
            rest = text[word.endIndex...]
        }
        let onlyNumbers = words.allSatisfy { $0.text.allSatisfy(\.isNumber) }
        for position in words.indices {
            guard let number = number(words[position].text), names.indices.contains(number - 1) else { continue }
            let word = words[position].text
            let before = text[..<word.startIndex].last { !$0.isWhitespace && $0 != "*" && $0 != ":" }
            let isCalled =
                before == "#" || word.hasPrefix("proposal")
                || position > 0 && ["number", "option", "proposal"].contains(words[position - 1].text)
            let isItem = position == 0 && text[word.endIndex...].first { $0 != " " }.map(marks.contains) ?? true
            if isCalled || isItem || onlyNumbers { words[position].candidate = number - 1 }
        }
        return words
    }

    /// The number of a proposal: `2`, `proposal2`, `proposal-2`.
    private static func number(_ word: Substring) -> Int? {
        guard word.hasPrefix("proposal") else { return Int(word) }
        return Int(word.dropFirst("proposal".count).drop { $0 == "-" || $0 == "_" })
    }

    private static func isWordPart(_ character: Character) -> Bool {
        character.isLetter || character.isNumber || character == "-" || character == "_"
    }
}

extension Substring {
    fileprivate func trimmingEnd(of character: Character) -> Substring {
        var rest = self
        while rest.last == character { rest.removeLast() }
        return rest
    }
}

extension String {
    fileprivate var trimmingQuotes: String {
        let marks = "\"'`*‘’“”«»"
        return String(drop { marks.contains($0) }.reversed().drop { marks.contains($0) || $0 == "." }.reversed())
            .trimmed
    }
}
