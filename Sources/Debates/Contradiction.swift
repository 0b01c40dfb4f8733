/// Tells choices apart that are worded alike but say the opposite: those are never counted together.
enum Contradiction {
    /// English ones, and the plainest ones of other languages.
    static let negations: Set<UInt64> = Set(
        [
            "not", "no", "never", "none", "neither", "nor", "cannot", "cant", "dont", "doesnt", "didnt", "wont",
            "wouldnt", "shouldnt", "couldnt", "isnt", "arent", "wasnt", "werent", "hasnt", "havent", "mustnt",
            "without", "nicht", "kein", "keine", "keinen", "nie", "ohne", "pas", "jamais", "sans", "nunca", "sin",
            "non", "não", "не", "нет", "без", "不", "没", "未", "無",
        ].map(Tokens.hash(ofWord:))
    )

    static let opposites: [(UInt64, UInt64)] = [
        ("accept", "reject"), ("approve", "reject"), ("approve", "deny"), ("accept", "decline"), ("yes", "no"),
        ("agree", "disagree"), ("allow", "forbid"), ("allow", "deny"), ("increase", "decrease"), ("add", "remove"),
        ("keep", "remove"), ("keep", "drop"), ("enable", "disable"), ("support", "oppose"), ("for", "against"),
        ("true", "false"), ("buy", "sell"), ("start", "stop"), ("always", "never"), ("before", "after"),
        ("more", "less"), ("safe", "unsafe"), ("possible", "impossible"), ("with", "without"),
    ].map { (Tokens.hash(ofWord: $0.0), Tokens.hash(ofWord: $0.1)) }

    /// Whether two texts must not be taken for the same: only one of them negates, they use opposite words, or they
    /// name different numbers.
    static func between(_ one: String, _ other: String) -> Bool {
        let (left, right) = (words(of: one), words(of: other))
        if negations.contains(where: left.contains) != negations.contains(where: right.contains) { return true }
        for (yes, no) in opposites {
            let leftSide = (left.contains(yes), left.contains(no))
            let rightSide = (right.contains(yes), right.contains(no))
            if leftSide == (true, false) && rightSide == (false, true) { return true }
            if leftSide == (false, true) && rightSide == (true, false) { return true }
        }
        return numbers(in: one) != numbers(in: other)
    }

    /// Whether a text holds a word that turns its meaning round.
    static func negates(_ text: String) -> Bool {
        let words = words(of: text)
        return negations.contains(where: words.contains)
    }

    private static func words(of text: String) -> Set<UInt64> {
        var hashes: [UInt64] = []
        Tokens.hashes(of: text, into: &hashes)
        return Set(hashes)
    }

    private static func numbers(in text: String) -> [Substring] {
        text.split(whereSeparator: { !$0.isNumber }).sorted()
    }
}
