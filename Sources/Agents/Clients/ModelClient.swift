package import CoreTypes

/// A connection to one model: one prompt in, one answer out.
package protocol ModelClient: Sendable {
    /// Asks the model once.
    /// - Throws: `AgentError`, or `CancellationError` when the task was cancelled.
    func complete(_ request: ModelRequest) async throws -> Completion
}

/// A provider that can say which models it serves, without generating anything.
package protocol ModelCatalog: Sendable {
    /// The names of the models that the key may use.
    /// - Throws: `AgentError`, or `CancellationError` when the task was cancelled.
    func models() async throws -> [String]
}

/// One question to a model.
package struct ModelRequest: Sendable {
    package var prompt: Prompt
    /// The same for every try of the same question.
    package var key: String
    /// The most tokens of the answer itself; what a model needs to think comes on top.
    package var maximumOutputTokens: Int
    /// When whoever asks stops waiting; nil where nobody said.
    package var deadline: Timestamp?
    /// When the first piece of the answer has to be there, because a substitute stands behind; nil where none does.
    package var firstPieceBy: Timestamp?
    /// Who hears the answer while it is written; nil where nobody can.
    package var listener: (any DraftListener)?

    /// Describes a question.
    package init(
        prompt: Prompt,
        key: String,
        maximumOutputTokens: Int = 4096,
        deadline: Timestamp? = nil,
        firstPieceBy: Timestamp? = nil,
        listener: (any DraftListener)? = nil
    ) {
        self.prompt = prompt
        self.key = key
        self.maximumOutputTokens = maximumOutputTokens
        self.deadline = deadline
        self.firstPieceBy = firstPieceBy
        self.listener = listener
    }
}

/// A model's answer.
package struct Completion: Sendable, Hashable {
    package var text: String
    package var usage: Usage
    /// Whether the answer ends at the output limit and not where the model wanted.
    package var isTruncated: Bool
    /// The model that answered, as the provider names it, where it does.
    package var model: String?

    /// Describes an answer.
    package init(text: String, usage: Usage = Usage(), isTruncated: Bool = false, model: String? = nil) {
        self.text = text
        self.usage = usage
        self.isTruncated = isTruncated
        self.model = model
    }
}
