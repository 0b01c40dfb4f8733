extension MarkdownDocument {
    /// A Markdown text behind which other Markdown can stand: what it leaves open, such as a code fence, is closed.
    ///
    /// Texts of other people are put together with our own; a fence that one of them forgets to close would make code of
    /// everything behind it.
    package static func closed(_ text: String) -> String {
        guard text.contains("```") || text.contains("~~~") || text.contains("<"), isOpen(text) else { return text }
        let ends = [fence("`", in: text), fence("~", in: text), "-->", "</pre>", "?>", "]]>", ">"]
        let start = text.last?.isNewline == true ? text : "\(text)\n"
        return ends.lazy.map { start + $0 }.first { !isOpen($0) } ?? text
    }

    /// Whether a paragraph behind the text would become a part of something in it.
    private static func isOpen(_ text: String) -> Bool {
        MarkdownDocument(parsing: "\(text)\n\nx").blocks.last != .paragraph([.text("x")])
    }

    /// A fence that closes every other one of its kind in the text.
    private static func fence(_ mark: Character, in text: String) -> String {
        var (longest, run) = (3, 0)
        for character in text {
            run = character == mark ? run + 1 : 0
            longest = max(longest, run)
        }
        return String(repeating: mark, count: longest)
    }
}
