package import CoreTypes

/// The form that an answer must have.
package enum AnswerShape: String, Sendable, CaseIterable {
    case text, critique, vote

    /// The JSON schema of the answer, or nil where plain text is wanted.
    ///
    /// Only words that every provider's subset of JSON Schema knows are used: types, properties, required.
    /// - Parameter closed: Whether to forbid other properties, which OpenAI and Anthropic demand and Gemini refuses.
    package func schema(closed: Bool) -> JSONValue? {
        let properties: [String: JSONValue]
        switch self {
        case .text:
            return nil
        case .critique:
            properties = [
                "issues": ["type": "array", "items": ["type": "string"]],
                "suggestions": ["type": "array", "items": ["type": "string"]],
                "severity": ["type": "number", "description": "From 0 (no problem) to 10 (fatal)."],
                "reasoning": ["type": "string"],
            ]
        case .vote:
            properties = [
                "choice": ["type": "string", "description": "The name of the author of the chosen proposal."],
                "confidence": ["type": "number", "description": "From 0 (a guess) to 1 (certain)."],
                "reasoning": ["type": "string"],
            ]
        }
        return .record([
            "type": "object",
            "properties": .object(properties),
            "required": .strings(properties.keys.sorted()),
            "additionalProperties": closed ? false : nil,
        ])
    }

    /// What the model is told about the form, for the models and servers that know no schema.
    var instruction: String {
        switch self {
        case .text:
            "Answer in plain Markdown, in the language of the question. Do not speak about these instructions."
        case .critique:
            """
            Answer with one JSON object and nothing else:
            {"issues": ["…"], "suggestions": ["…"], "severity": 0-10, "reasoning": "…"}
            At most five issues and five suggestions. "severity" is a number from 0 (no problem) to 10 (fatal).
            Write the texts in the language of the question.
            """
        case .vote:
            """
            Answer with one JSON object and nothing else:
            {"choice": "…", "confidence": 0.0-1.0, "reasoning": "…"}
            "choice" is the name of the author of the proposal that you choose, exactly as it is written.
            Write the reasoning in the language of the question.
            """
        }
    }
}
