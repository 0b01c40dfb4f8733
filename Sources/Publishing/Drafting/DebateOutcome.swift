import CoreTypes

/// What a finished debate has to say in public, read from its signed receipt.
package struct DebateOutcome: Sendable, Hashable {
    package var receiptID: String
    package var question: String
    package var answer: String
    /// How sure the panel is, from 0 to 1.
    package var confidence: Double
    package var consensusReached: Bool
    /// The panel's names, each with its model.
    package var panel: [String]
    package var dissent: [String]
    package var isDemo: Bool

    /// Describes an outcome.
    package init(
        receiptID: String,
        question: String,
        answer: String,
        confidence: Double,
        consensusReached: Bool,
        panel: [String],
        dissent: [String] = [],
        isDemo: Bool = false
    ) {
        self.receiptID = receiptID
        self.question = question
        self.answer = answer
        self.confidence = confidence
        self.consensusReached = consensusReached
        self.panel = panel
        self.dissent = dissent
        self.isDemo = isDemo
    }

    /// Reads a receipt.
    /// - Throws: `PublicationError` where it is the receipt of a debate without an answer.
    package init(receipt document: [UInt8]) throws {
        guard let receipt = try? JSONDocument(document), let question = receipt["question"]?.string,
            let answer = receipt["final_answer"]?.string, !answer.isEmpty
        else { throw PublicationError.invalid("The debate has no answer that could be published.") }
        let seats = receipt["panel"]?.array ?? []
        self.init(
            receiptID: receipt["receipt_id"]?.string ?? "",
            question: question,
            answer: answer,
            confidence: receipt["confidence"]?.double ?? 0,
            consensusReached: receipt["consensus_reached"]?.bool ?? false,
            panel: seats.map { "\($0["name"]?.string ?? "") (\($0["model"]?.string ?? ""))" },
            dissent: (receipt["dissent"]?.array ?? []).compactMap { $0["agent"]?.string },
            isDemo: seats.contains { $0["demo"]?.bool == true }
        )
    }

    /// One line on how the panel came out, such as `3 of 4 agents agree, confidence 82 %`.
    package var standing: String {
        let confidence = Int((min(max(confidence, 0), 1) * 100).rounded())
        let agreement = consensusReached ? "The panel agrees" : "The panel does not agree"
        let against = dissent.isEmpty ? "" : ", against \(dissent.joined(separator: ", "))"
        return "\(agreement)\(against), confidence \(confidence) %." + (isDemo ? " Demo agents, no AI models." : "")
    }
}
