/// The order in which a model is asked to think: step names and one instruction each.
///
/// The names are those of Aragora's structured thinking protocols, one list for each family of models.
package struct ThinkingSteps: Sendable, Hashable {
    /// One step.
    package struct Step: Sendable, Hashable {
        package let name: String
        package let instruction: String
    }

    package let steps: [Step]

    /// Claude: explore, plan, reason, propose.
    package static let explorePlan = ThinkingSteps(steps: [
        Step(name: "EXPLORE", instruction: "what is really asked, what is known, what is only assumed"),
        Step(name: "PLAN", instruction: "which options there are and what would decide between them"),
        Step(name: "REASON", instruction: "weigh each option against that, with its risks"),
        Step(name: "PROPOSE", instruction: "say clearly what you recommend and under which conditions"),
    ])

    /// GPT: trace, analyze, design, validate.
    package static let traceAnalyze = ThinkingSteps(steps: [
        Step(name: "TRACE", instruction: "follow the question to the facts and constraints behind it"),
        Step(name: "ANALYZE", instruction: "find what causes what, and which point everything hangs on"),
        Step(name: "DESIGN", instruction: "build the smallest answer that satisfies the constraints"),
        Step(name: "VALIDATE", instruction: "try to break it, and say what would prove it wrong"),
    ])

    /// Gemini: explore, envision, reason, propose.
    package static let exploreEnvision = ThinkingSteps(steps: [
        Step(name: "EXPLORE", instruction: "look at the question from the side of everybody it touches"),
        Step(name: "ENVISION", instruction: "picture each option a year after it was chosen"),
        Step(name: "REASON", instruction: "compare these pictures with the evidence"),
        Step(name: "PROPOSE", instruction: "say clearly what you recommend and under which conditions"),
    ])

    /// Grok: diverge, connect, synthesize, ground.
    package static let divergeConnect = ThinkingSteps(steps: [
        Step(name: "DIVERGE", instruction: "collect answers that nobody would give first"),
        Step(name: "CONNECT", instruction: "see which of them belong together or exclude each other"),
        Step(name: "SYNTHESIZE", instruction: "make the strongest single answer of them"),
        Step(name: "GROUND", instruction: "check it against facts, costs and what is possible now"),
    ])

    /// DeepSeek, Mistral, Qwen and all others: understand, analyze, design, validate.
    package static let understandAnalyze = ThinkingSteps(steps: [
        Step(name: "UNDERSTAND", instruction: "restate the question and what a good answer must contain"),
        Step(name: "ANALYZE", instruction: "weigh the options with their reasons and risks"),
        Step(name: "DESIGN", instruction: "write the answer that follows"),
        Step(name: "VALIDATE", instruction: "test it against the strongest objection"),
    ])

    /// The steps as the model is told them.
    var instruction: String {
        let lines = steps.enumerated().map { "\($0 + 1). \($1.name): \($1.instruction)." }
        return "Think in these steps, and let the text show their results, not their names:\n"
            + lines.joined(separator: "\n")
    }
}
