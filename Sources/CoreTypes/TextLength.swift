extension StringProtocol {
    /// Whether the text has more characters than a limit allows; Unicode scalars are what counts as one.
    ///
    /// Not `count`: to Swift, a letter with any number of marks on it is one character, and models, databases and
    /// networks carry every mark.
    package func isLonger(than limit: Int) -> Bool {
        // The bytes of most texts are counted already, and no text has fewer of them than scalars.
        utf8.count > limit && unicodeScalars.count > limit
    }
}
