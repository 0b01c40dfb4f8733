extension MarkdownDocument {
    /// A text that Markdown leaves as it is.
    ///
    /// Scalar by scalar, as Markdown reads it: what stands before or behind a sign may make one character with it.
    /// - Parameter more: further punctuation that is to be no more than that.
    package static func escaped(_ text: String, also more: String = "") -> String {
        let signs = "\\`*_[]<>|~#\(more)".unicodeScalars
        var output = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if signs.contains(scalar) { output.append("\\") }
            output.append(scalar)
        }
        return String(output)
    }
}
