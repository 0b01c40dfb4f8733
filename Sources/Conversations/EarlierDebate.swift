import CoreTypes
import Debates
import Persistence

/// What a question in a debate's thread goes on from.
struct EarlierDebate {
    /// The most characters of an answer and of each of those who were against it that are passed on: models read them
    /// beside all that is new.
    private static let longestAnswer = 8000
    private static let longestDissent = 2000

    private let debate: DebateRecord
    private let projection: DebateProjection?

    /// - Parameter projection: what was said in it; nil where that cannot be read.
    init(_ debate: DebateRecord, _ projection: DebateProjection?) {
        self.debate = debate
        self.projection = projection
    }

    /// The question, and the answer with those who were against it; the question alone while the debate goes on, and
    /// where what the panel said was held back.
    var background: String {
        guard debate.status.isFinal else { return "A debate that goes on in this thread asks: \(debate.task)" }
        var parts = ["An earlier debate in this thread asked: \(debate.task)"]
        if let projection, !projection.isHeldBack, let result = projection.result, !result.finalAnswer.isEmpty {
            parts.append("Its answer:\n\(beginning(of: result.finalAnswer, Self.longestAnswer))")
            let dissent = (projection.consensus?.dissent ?? []).map { vote in
                let reason = vote.reasoning.isEmpty ? vote.proposal : vote.reasoning
                return "- \(vote.agent): \(beginning(of: reason, Self.longestDissent))"
            }
            if !dissent.isEmpty { parts.append("Against it:\n\(dissent.joined(separator: "\n"))") }
        }
        return parts.joined(separator: "\n\n")
    }

    private func beginning(of text: String, _ limit: Int) -> String {
        text.shortened(to: limit, mark: " […]")
    }
}
