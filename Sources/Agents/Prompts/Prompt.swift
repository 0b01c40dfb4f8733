/// What is sent to a model.
package struct Prompt: Sendable, Hashable {
    /// Who the model is, how it works, and the form of the answer.
    package let system: String
    /// The question and the material.
    package let user: String
    /// The form that the answer must have.
    package let shape: AnswerShape
}
