extension StringProtocol {
    /// Whether the text has more characters than a limit allows; Unicode scalars are what counts as one.
    ///
    /// Not `count`: to Swift, a letter with any number of marks on it is one character, and models, databases and
    /// networks carry every mark.
    package func isLonger(than limit: Int) -> Bool {
        // The bytes of most texts are counted already, and no text has fewer of them than scalars.
        utf8.count > limit && unicodeScalars.count > limit
    }

    /// The beginning of a text that is longer than a limit, with a mark at its end, and all of a shorter one.
    /// - Parameter mark: is a part of what the limit counts.
    package func shortened(to limit: Int, mark: String = "…") -> String {
        guard isLonger(than: limit) else { return String(self) }
        let kept = unicodeScalars.prefix(Swift.max(0, limit - mark.unicodeScalars.count))
        return String(String.UnicodeScalarView(kept)) + mark
    }
}
