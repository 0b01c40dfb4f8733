import CoreTypes

extension ApprovalDraft {
    /// A verdict of any length, and what a program's request may hold.
    private static let longestText = 1 << 20
    /// A thousand people by their ids; every list reads it.
    private static let longestPolicy = 64 << 10

    /// Checks that people can be asked this.
    /// - Throws: `ApprovalError`.
    func validate(persons: [String: String]) throws(ApprovalError) {
        func check(_ text: String, _ name: String, _ range: ClosedRange<Int>) throws(ApprovalError) {
            // Of a letter with accents, which is one character, there is no telling how long it is.
            guard range.contains(text.unicodeScalars.count), !text.utf8.contains(0) else {
                throw ApprovalError(.invalid, "`\(name)` has \(range.lowerBound) to \(range.upperBound) characters.")
            }
        }
        try check(title, "title", 1...200)
        try check(question, "question", 1...10_000)
        try check(kind, "kind", 1...64)
        try check(originKey, "key", 1...400)
        try check(requesterName, "requester", 0...200)
        try check(workspace.rawValue, "workspace", 1...200)
        if let debate { try check(debate.rawValue, "debate_id", 1...200) }
        let texts = [context, operation.text, metadata.text]
        guard texts.allSatisfy({ $0.utf8.count <= Self.longestText && !$0.utf8.contains(0) }) else {
            throw ApprovalError(
                .invalid,
                "`context`, `operation` and `metadata` have \(Self.longestText) bytes at most."
            )
        }
        guard policy.json.text.utf8.count <= Self.longestPolicy else {
            throw ApprovalError(
                .invalid,
                "The approvers, options and escalations have \(Self.longestPolicy) bytes at most: name a role or a channel "
                    + "in the place of many people."
            )
        }
        guard (1...5).contains(priority) else {
            throw ApprovalError(.invalid, "`priority` is a number from 1, the most urgent, to 5.")
        }
        try policy.validate(requester: persons[requester] ?? requester, persons: persons)
    }
}
