/// A number where a prompt is, as people type it: `1`, or `2: too dear`.
///
/// Everything else is what people say to each other: “1 more thing” decides nothing.
struct NumberedAnswer: Hashable {
    /// Which of the answers, from 1.
    let number: Int
    /// What stands behind the number; empty for nothing.
    let comment: String

    /// Reads a text; nil for one that is no such answer.
    init?(_ text: String) {
        let text = text.drop(while: \.isWhitespace)
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard (1...2).contains(digits.count), let number = Int(digits) else { return nil }
        var rest = text.dropFirst(digits.count)
        var hasMark = false
        if let first = rest.first, ".:)".contains(first) {
            rest = rest.dropFirst()
            // No time of day and no fraction.
            guard rest.first?.isNumber != true else { return nil }
            hasMark = true
        }
        rest = rest.drop(while: \.isWhitespace)
        while rest.last?.isWhitespace == true { rest.removeLast() }
        guard hasMark || rest.isEmpty else { return nil }
        self.number = number
        comment = String(rest)
    }

    /// The option that is meant; nil where there is no such number.
    func option(of policy: ApprovalPolicy) -> ApprovalOption? {
        policy.options.indices.contains(number - 1) ? policy.options[number - 1] : nil
    }

    /// Whether the text can be an answer to a request: the number alone always, and with words behind it where that
    /// answer asks for words, because lists and sentences begin with numbers too.
    func isPlausible(for policy: ApprovalPolicy) -> Bool {
        comment.isEmpty || option(of: policy)?.requiresComment == true
    }
}
