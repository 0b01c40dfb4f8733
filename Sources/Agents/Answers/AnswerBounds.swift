import CoreTypes

/// The limits within which criticisms and votes reach the panel, whoever made them; a character is a Unicode scalar.
enum AnswerBounds {
    private static let maximumItems = 5
    private static let maximumItemLength = 2_000
    private static let maximumReasoningLength = 8_000
    private static let maximumChoiceLength = 500

    /// A criticism under its author's own name, about the proposal that was asked about.
    static func clean(_ critique: Critique, agent: String, target: String) -> Critique {
        Critique(
            agent: agent,
            target: target,
            issues: items(critique.issues),
            suggestions: items(critique.suggestions),
            severity: critique.severity,
            reasoning: text(critique.reasoning, maximumReasoningLength)
        )
    }

    /// A vote under its author's own name.
    /// - Throws: `AgentError` with `invalidAnswer` where nothing is chosen.
    static func clean(_ vote: Vote, agent: String) throws(AgentError) -> Vote {
        let choice = String(text(vote.choice, maximumChoiceLength))
        guard !choice.isEmpty else { throw AgentError(.invalidAnswer, "\(agent)'s vote names no choice.") }
        return Vote(
            agent: agent,
            choice: choice,
            confidence: vote.confidence,
            reasoning: text(vote.reasoning, maximumReasoningLength)
        )
    }

    /// The first few items, cleaned, the empty ones left out (the original takes five of each).
    static func items(_ items: [String]) -> [String] {
        items.lazy.map { text($0, maximumItemLength) }.filter { !$0.isEmpty }.prefix(maximumItems).map(\.self)
    }

    /// A text of bounded length without control characters.
    static func reasoning(_ reasoning: String) -> String { text(reasoning, maximumReasoningLength) }

    private static func text(_ text: String, _ limit: Int) -> String {
        Material.shortened(text.withoutControlCharacters.trimmed, to: limit)
    }
}
