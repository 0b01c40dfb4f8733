package import CoreTypes

/// What somebody asks for in words, on any platform.
package enum Command: Hashable, Sendable {
    case help
    case debate(question: String, options: DebateOptions)
    /// A quick answer without rounds.
    case ask(question: String, options: DebateOptions)
    /// The debate with this number or id; nil means the one of the thread, or else the newest.
    case status(id: String?)
    case stop(id: String?)
    case recent
    case agents
    case leaderboard
    case verdict(id: String?)
    case decision(HumanDecisionCommand)

    /// The words that commands begin with, in the order of the help text.
    package static let words = [
        "help", "debate", "ask", "status", "stop", "recent", "agents", "leaderboard", "verdict",
        "approvals", "approve", "reject", "revise", "answer", "delegate",
        "delegations", "undelegate",
    ]
}

/// What may be chosen for one debate; nil leaves the default.
package struct DebateOptions: Hashable, Sendable {
    package var rounds: Int?
    package var agents: [String]?
    package var consensus: String?
    /// What the models may cost, in millionths of a dollar.
    package var budgetMicrodollars: Int64?
    /// What makes the debate wait for people: names, or an object with limits; nil leaves the default.
    package var breakpoints: JSONValue?
    /// Further rules under the architecture document's names; nil for none.
    package var rules: JSONValue?

    /// The consensus rules that people may choose.
    package static let consensusRules = ["majority", "supermajority", "unanimous", "judge"]
    /// The rounds that people may choose (architecture constants: 12 at most).
    package static let rounds = 1...12
    /// The longest question in characters (the original's limit of a task).
    package static let longestQuestion = 100_000

    /// Describes a choice.
    package init(
        rounds: Int? = nil,
        agents: [String]? = nil,
        consensus: String? = nil,
        budgetMicrodollars: Int64? = nil,
        breakpoints: JSONValue? = nil,
        rules: JSONValue? = nil
    ) {
        self.rules = rules
        self.breakpoints = breakpoints
        self.budgetMicrodollars = budgetMicrodollars
        self.rounds = rounds
        self.agents = agents
        self.consensus = consensus
    }
}

/// A command that cannot be carried out as it was typed.
package struct CommandMistake: Error, Hashable, Sendable {
    /// What is wrong.
    package let message: String
    /// What was probably meant, ready to be sent; nil where there is no guess.
    package let suggestion: String?

    init(_ message: String, suggestion: String? = nil) {
        self.message = message
        self.suggestion = suggestion
    }
}
