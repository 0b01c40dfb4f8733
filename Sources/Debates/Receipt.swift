import CoreTypes
import Crypto

/// What can be checked about a finished debate: a signed document that names everything the verdict was made of.
package struct Receipt: Sendable, Hashable {
    /// The document's form, which its readers have to know.
    package static let schema = "aragora.receipt/1"

    /// `DR-<yyyymmdd>-<6 hexadecimal digits>`: the day of the end (UTC) and the beginning of the journal's last hash.
    package let id: String
    /// The document: canonical JSON, byte for byte as it was signed and is handed out.
    package let document: [UInt8]

    /// Makes and signs the receipt of a debate.
    /// - Parameters:
    ///   - entries: the whole journal, its end included.
    ///   - signer: whose key signs.
    /// - Throws: `ReceiptError` with code `unfinished_debate` where the journal does not hold the debate's end or has
    ///   no hashes.
    package init(of entries: [JournalEntry], signedBy signer: ReceiptSigner) throws(ReceiptError) {
        var (id, body) = try Self.body(of: entries)
        body["public_key"] = .string(hexadecimal(signer.publicKey))
        body["key_id"] = .string(signer.keyID)
        body["signature"] = .string(hexadecimal(try signer.signature(for: body.bytes)))
        self.id = id
        document = body.bytes
    }

    /// The members that the signer adds to what the journal tells.
    static let signersMembers: Set<String> = ["public_key", "key_id", "signature"]

    /// What a journal tells: the receipt's id, and all of its members but the signer's.
    static func body(of entries: [JournalEntry]) throws(ReceiptError) -> (id: String, members: JSONValue) {
        let debate = DebateProjection(entries)
        guard let description = debate.description, let result = debate.result, let startedAt = debate.startedAt,
            let finishedAt = debate.finishedAt, debate.head != .zero
        else {
            throw ReceiptError(.unfinishedDebate, "A receipt needs the journal of a debate that has ended.")
        }
        let day = finishedAt.iso8601.prefix(10).filter { $0 != "-" }
        let id = "DR-\(day)-\(debate.head.hexadecimal.prefix(6))"
        var body: JSONValue = [
            "schema": .string(schema),
            "receipt_id": .string(id),
            "debate_id": .string(description.id.rawValue),
            "workspace": .string(description.workspace.rawValue),
            "requested_by": .string(description.requestedBy),
            "question": .string(description.task),
            "panel": .array(debate.seats.map { json($0) }),
            "protocol": description.settings.json,
            "votes": .array(debate.votes.map { json($0) }),
            "status": .string(result.status.rawValue),
            "verdict": .string((result.verdict ?? .needsReview).rawValue),
            "consensus_reached": .bool(result.consensusReached),
            "confidence": .number(fourDecimals(result.confidence)),
            "final_answer": .string(result.finalAnswer),
            "dissent": .array(debate.consensus?.dissent.map { json($0) } ?? []),
            "failures": .array(debate.failures.map { json($0) }),
            "rounds_used": .integer(Int64(result.roundsUsed)),
            "usage": json(result.usage),
            "started_at": .string(startedAt.iso8601),
            "finished_at": .string(finishedAt.iso8601),
            "journal": [
                "algorithm": "sha256",
                "length": .integer(Int64(entries.count)),
                "head": .string(debate.head.hexadecimal),
                "entries": .strings(entries.map(\.hash.hexadecimal)),
            ],
        ]
        if let winner = result.winner { body["winner"] = .string(winner) }
        if let author = result.synthesizedBy { body["synthesized_by"] = .string(author) }
        if let reason = result.reason { body["reason"] = .string(reason) }
        return (id, body)
    }

    private static func json(_ seat: DebateProjection.Seat) -> JSONValue {
        .record([
            "name": .string(seat.agent.name), "provider": .string(seat.agent.provider),
            "model": .string(seat.agent.model), "demo": .bool(seat.agent.isDemo),
            "fallback_model": seat.usage.fallbackModel.map { .string($0) },
        ])
    }

    private static func json(_ vote: Vote) -> JSONValue {
        [
            "agent": .string(vote.agent), "choice": .string(vote.choice),
            "confidence": .number(fourDecimals(vote.confidence)), "reasoning": .string(vote.reasoning),
        ]
    }

    private static func json(_ dissent: Consensus.Dissent) -> JSONValue {
        [
            "agent": .string(dissent.agent), "choice": .string(dissent.choice),
            "confidence": .number(fourDecimals(dissent.confidence)), "reasoning": .string(dissent.reasoning),
            "proposal": .string(dissent.proposal),
        ]
    }

    private static func json(_ failure: DebateEvent.Failure) -> JSONValue {
        .record([
            "agent": .string(failure.agent), "phase": .string(failure.kind.rawValue),
            "round": .integer(Int64(failure.round)), "target_agent": failure.target.map { .string($0) },
            "code": .string(failure.code), "message": .string(failure.message),
        ])
    }

    private static func json(_ usage: Usage) -> JSONValue {
        [
            "input_tokens": .integer(Int64(usage.inputTokens)), "output_tokens": .integer(Int64(usage.outputTokens)),
            "cost_microdollars": .integer(usage.costMicrodollars),
        ]
    }
}
