import CoreTypes
import Debates
import Persistence

/// Tells subscribers how debates end, in the transaction that ends them, and what is taken away of them.
struct DebateEvents: Sendable {
    let sink: any WorkspaceEventSink

    /// Tells of a debate whose arena came to its end.
    /// - Parameter isHeldBack: whether the operator alone may read what the panel said.
    /// - Throws: `DatabaseError`.
    func tellEnd(
        of debate: DebateRecord,
        _ result: DebateResult,
        isHeldBack: Bool,
        receiptID: String,
        at moment: Timestamp,
        in transaction: borrowing Transaction
    ) throws {
        let outcome = Self.outcome(result)
        var types: [String] = []
        switch result.status {
        case .completed:
            if result.consensusReached { types.append("consensus") }
            types.append("verdict")
        case .cancelled: types.append("debate_cancelled")
        default: types.append("debate_failed")
        }
        for type in types {
            try sink.publish(debate.event(type, at: moment, data: outcome), in: transaction)
        }
        let receipt: [String: JSONValue] = ["receipt_id": .string(receiptID)]
        try sink.publish(debate.event("receipt_ready", at: moment, data: receipt), in: transaction)
        if result.status == .completed, !isHeldBack {
            let path: [String: JSONValue] = ["path": .string("/api/v1/debates/\(debate.id)/consensus")]
            try sink.publish(debate.event("explanation_ready", at: moment, data: path), in: transaction)
        }
        try sink.publish(debate.event("debate_end", at: moment, data: outcome), in: transaction)
    }

    /// Tells that somebody took a receipt.
    /// - Parameter key: names the one time.
    /// - Throws: `DatabaseError`.
    func tellExport(
        of debate: DebateRecord,
        receiptID: String,
        to taker: String,
        key: String,
        at moment: Timestamp,
        in transaction: borrowing Transaction
    ) throws {
        let data: [String: JSONValue] = ["receipt_id": .string(receiptID), "exported_by": .string(taker)]
        let event = debate.event("receipt_exported", key: "receipt_exported/\(key)", at: moment, data: data)
        try sink.publish(event, in: transaction)
    }

    /// Tells of a debate that could not be brought to its end.
    /// - Throws: `DatabaseError`.
    func tellFailure(
        of debate: DebateRecord,
        reason: String,
        at moment: Timestamp,
        in transaction: borrowing Transaction
    ) throws {
        let outcome: [String: JSONValue] = ["status": "failed", "reason": .string(reason)]
        for type in ["debate_failed", "debate_end"] {
            try sink.publish(debate.event(type, at: moment, data: outcome), in: transaction)
        }
    }

    private static func outcome(_ result: DebateResult) -> [String: JSONValue] {
        let members: [String: JSONValue?] = [
            "status": .string(result.status.rawValue),
            "consensus_reached": .bool(result.consensusReached),
            "confidence": .number(result.confidence),
            "final_answer": .string(result.finalAnswer),
            "winner": result.winner.map { .string($0) },
            "rounds_used": .integer(Int64(result.roundsUsed)),
            "reason": result.reason.map { .string($0) },
            "verdict": result.verdict.map { .string($0.rawValue) },
        ]
        return members.compactMapValues { $0 }
    }
}
