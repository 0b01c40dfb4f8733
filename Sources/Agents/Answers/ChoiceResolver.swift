import CoreTypes

/// Finds out which proposal a voter means.
enum ChoiceResolver {
    /// The longest free-text choice that is kept.
    private static let maximumLength = 500

    /// The author of the chosen proposal; the text itself where it names none or more than one, for vote grouping.
    static func resolve(_ choice: String, among proposals: [Proposal]) -> String {
        let text = choice.trimmed.trimmingQuotes
        let lower = text.lowercased()
        let names = proposals.map(\.agent)
        if let exact = names.first(where: { $0.lowercased() == lower }) { return exact }
        if let number = number(in: lower), names.indices.contains(number - 1) { return names[number - 1] }
        let named = names.filter { contains(lower, word: $0.lowercased()) }
        return named.count == 1 ? named[0] : String(text.prefix(maximumLength))
    }

    /// The number of a proposal: `Proposal 2`, `proposal #2: …`, `#2`, `2`.
    private static func number(in text: String) -> Int? {
        var rest = text[...]
        if rest.hasPrefix("proposal") { rest = rest.dropFirst("proposal".count) }
        rest = rest.drop { $0.isWhitespace || "#:*".contains($0) }
        let digits = rest.prefix { $0.isASCII && $0.isNumber }
        let behind = rest.dropFirst(digits.count)
        guard !digits.isEmpty, behind.first.map({ !$0.isLetter && $0 != "-" }) ?? true else { return nil }
        // A number in front of other words counts only where it was called a proposal.
        guard text.hasPrefix("proposal") || behind.allSatisfy({ !$0.isLetter }) else { return nil }
        return Int(digits)
    }

    /// Whether a name stands in a text as a word of its own; `openai` does not stand in `openai-skeptic`.
    private static func contains(_ text: String, word: String) -> Bool {
        guard !word.isEmpty else { return false }
        var rest = text[...]
        while let range = rest.firstRange(of: word) {
            let before = range.lowerBound > text.startIndex ? text[text.index(before: range.lowerBound)] : " "
            let after = range.upperBound < text.endIndex ? text[range.upperBound] : " "
            if !isNamePart(before), !isNamePart(after) { return true }
            rest = rest[text.index(after: range.lowerBound)...]
        }
        return false
    }

    private static func isNamePart(_ character: Character) -> Bool {
        character.isLetter || character.isNumber || character == "-" || character == "_"
    }
}

extension String {
    fileprivate var trimmingQuotes: String {
        let marks = "\"'`*“”«»"
        return String(drop { marks.contains($0) }.reversed().drop { marks.contains($0) || $0 == "." }.reversed())
            .trimmed
    }
}
