import CoreTypes
import Debates

/// Tells a debate as lines for a terminal.
struct TerminalScript {
    static let demoNotice =
        "Offline demo agents - no AI model takes part. Set a model key to put real models on the panel."

    /// Said where the debate waits, for nobody can answer in the terminal.
    static let waitingNotice =
        "It is answered on the page /approvals of `aragora serve`; `aragora approvals list` shows what waits."

    let isQuiet: Bool

    init(isQuiet: Bool) {
        self.isQuiet = isQuiet
    }

    /// The lines of one event.
    mutating func lines(for event: DebateEvent) -> [String] {
        if case .debateEnd(let result) = event { return ending(result) }
        guard !isQuiet else { return [] }
        switch event {
        case .debateStart(let start):
            return ["Panel: " + start.panel.map { "\($0.name) (\($0.model))" }.joined(separator: ", ")]
        case .roundStart(let round, let total): return ["", "Round \(round) of \(total)"]
        case .propose(let contribution):
            let agent = named(contribution.agent, contribution.usage)
            return ["", "\(agent) proposes:", indented(contribution.content)]
        case .critique(let given):
            let severity = Int((given.critique.severity * 100).rounded())
            let critic = named(given.critique.agent, given.usage)
            return ["  \(critic) criticises \(given.critique.target) (severity \(severity)%)"]
                + given.critique.issues.map { "    - \(oneLine($0))" }
        case .revision(let contribution):
            return ["  \(named(contribution.agent, contribution.usage)) revises its proposal"]
        case .evidenceAdded(let input): return ["  \(input.author) adds: \(oneLine(input.text))"]
        case .vote(let cast):
            let confidence = Int((cast.vote.confidence * 100).rounded())
            return ["  \(named(cast.vote.agent, cast.usage)) votes for \(cast.vote.choice) (\(confidence)% sure)"]
        case .agentFailed(let failure): return ["  \(failure.agent) failed: \(failure.message)"]
        case .convergence(let convergence):
            return ["  Similarity of the proposals: \(Int((convergence.similarity * 100).rounded()))%"]
        case .phaseChange(_, .consensus): return ["", "Voting"]
        case .budgetExceeded: return ["  The budget is used up."]
        case .deadlineExceeded: return ["  The time is used up."]
        case .breakpoint(let breakpoint): return ["  Waiting for people: \(breakpoint.reason)"]
        case .breakpointResolved(let resolution):
            return ["  \(resolution.by) decides: \(resolution.action.rawValue) \(oneLine(resolution.guidance))"]
        case .cancelRequested: return ["  Stopping."]
        case .consensus(let consensus): return dissent(consensus)
        case .synthesis(let text) where text.fallback == nil && text.usage.fallbackModel != nil:
            return ["  \(named(text.agent, text.usage)) writes the final answer"]
        case .phaseChange, .synthesis, .debateEnd: return []
        }
    }

    /// An agent, with the model that answered in place of its own, where one did.
    private func named(_ agent: String, _ usage: Usage) -> String {
        usage.fallbackModel.map { "\(agent) (answered by \($0))" } ?? agent
    }

    private func dissent(_ consensus: Consensus) -> [String] {
        consensus.dissent.flatMap { vote in
            ["", "Dissent of \(vote.agent), who chose \(vote.choice):", indented(vote.reasoning)]
        }
    }

    private func ending(_ result: DebateResult) -> [String] {
        var lines: [String] = [""]
        switch result.status {
        case .completed:
            let confidence = Int((result.confidence * 100).rounded())
            let verdict = result.verdict?.rawValue.split(separator: "_").joined(separator: " ") ?? "none"
            lines.append("Verdict: \(verdict), \(confidence)% sure")
        default:
            lines.append("The debate ended as \(result.status.rawValue).")
        }
        if let reason = result.reason { lines.append(reason) }
        if !result.finalAnswer.isEmpty { lines += ["", result.finalAnswer] }
        return lines
    }

    private func indented(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { "  \($0)" }.joined(separator: "\n")
    }

    private func oneLine(_ text: String) -> String {
        text.split(whereSeparator: \.isNewline).joined(separator: " ")
    }
}
