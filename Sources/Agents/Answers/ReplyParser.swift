package import CoreTypes

/// Reads what models answer: JSON anywhere in the text, or labelled lines.
///
/// What cannot be read is an error and is never made up.
package struct ReplyParser: Sendable {
    /// The agent that answered.
    package let agent: String

    /// What counts where a model leaves the severity out (the original's default, 5 of 10).
    private static let defaultSeverity = 0.5

    /// Describes whose answers are read.
    package init(agent: String) {
        self.agent = agent
    }

    /// The text of an answer, cleaned.
    /// - Throws: `AgentError` with `emptyAnswer` or `tooLong`.
    package func text(_ answer: String) throws(AgentError) -> String {
        guard answer.unicodeScalars.count <= AnswerDraft.maximumLength else {
            throw AgentError(.tooLong, "\(agent)'s answer is over \(AnswerDraft.maximumLength) characters long.")
        }
        let text = answer.withoutControlCharacters.withoutThinking.trimmed
        guard !text.isEmpty else { throw AgentError(.emptyAnswer, "\(agent) gave an empty answer.") }
        return text
    }

    /// The criticism in an answer.
    /// - Throws: `AgentError` with `emptyAnswer`, `tooLong` or `invalidAnswer`.
    package func critique(_ answer: String, target: String) throws(AgentError) -> Critique {
        let text = try text(answer)
        for object in JSONExtraction.objects(in: text).reversed() {
            guard object["issues"] != nil || object["suggestions"] != nil else { continue }
            return critique(
                target: target,
                issues: strings(object["issues"]),
                suggestions: strings(object["suggestions"]),
                severity: ModelNumber(object["severity"]),
                reasoning: object["reasoning"]?.string
            )
        }
        let lines = LabelledLines(text)
        let issues = lines.items(.issues) ?? []
        let suggestions = lines.items(.suggestions) ?? []
        let severity = lines.text(.severity).flatMap(ModelNumber.init(_:))
        guard !issues.isEmpty || !suggestions.isEmpty || severity != nil else {
            throw AgentError(.invalidAnswer, "\(agent)'s criticism has no issues, suggestions or severity.")
        }
        return critique(
            target: target,
            issues: issues,
            suggestions: suggestions,
            severity: severity,
            reasoning: lines.text(.reasoning)
        )
    }

    /// The vote in an answer.
    /// - Throws: `AgentError` with `emptyAnswer`, `tooLong` or `invalidAnswer`.
    package func vote(_ answer: String, among proposals: [Proposal]) throws(AgentError) -> Vote {
        let text = try text(answer)
        for object in JSONExtraction.objects(in: text).reversed() {
            guard let choice = choice(object["choice"] ?? object["vote"]) else { continue }
            return Vote(
                agent: agent,
                choice: try chosen(choice, among: proposals),
                confidence: ModelNumber(object["confidence"])?.confidence ?? 0.5,
                reasoning: reasoning(object["reasoning"]?.string)
            )
        }
        let lines = LabelledLines(text)
        guard let choice = lines.items(.choice)?.first, !choice.trimmed.isEmpty else {
            throw AgentError(.invalidAnswer, "\(agent)'s vote names no choice.")
        }
        return Vote(
            agent: agent,
            choice: try chosen(choice, among: proposals),
            confidence: lines.text(.confidence).flatMap(ModelNumber.init(_:))?.confidence ?? 0.5,
            reasoning: reasoning(lines.text(.reasoning))
        )
    }

    private func critique(
        target: String,
        issues: [String],
        suggestions: [String],
        severity: ModelNumber?,
        reasoning: String?
    ) -> Critique {
        Critique(
            agent: agent,
            target: target,
            issues: AnswerBounds.items(issues),
            suggestions: AnswerBounds.items(suggestions),
            severity: severity?.severity ?? Self.defaultSeverity,
            reasoning: self.reasoning(reasoning)
        )
    }

    /// Strings out of a list, or the one string that a model wrote in place of a list; of objects, their texts.
    private func strings(_ value: JSONValue?) -> [String] {
        if let string = value?.string { return string.split(whereSeparator: \.isNewline).map { $0.trimmed } }
        return (value?.array ?? []).compactMap { item in
            item.string
                ?? item.object?.sorted { $0.key < $1.key }.compactMap(\.value.string).joined(separator: ": ")
        }
    }

    private func chosen(_ choice: String, among proposals: [Proposal]) throws(AgentError) -> String {
        guard let chosen = ChoiceResolver.resolve(choice, among: proposals) else {
            throw AgentError(.invalidAnswer, "\(agent)'s vote does not say plainly which proposal it chooses.")
        }
        return chosen
    }

    private func choice(_ value: JSONValue?) -> String? {
        let text = value?.string ?? value?.integer.map { "Proposal \($0)" }
        return text.flatMap { $0.trimmed.isEmpty ? nil : $0 }
    }

    private func reasoning(_ text: String?) -> String { AnswerBounds.reasoning(text ?? "") }
}
