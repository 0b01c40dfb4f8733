import Approvals
import CoreTypes

/// Requests to people in the words of the public API.
enum ApprovalDocument {
    /// What a program's no says that does not say why.
    static let noReason = "A program sent it without a reason."

    /// One line of a list: without what is too long for one, whose names it has.
    static func line(_ listing: ApprovalListing) -> JSONValue {
        summary(listing.record).leavingOut(listing.leftOut.flatMap(members))
    }

    /// The members that show a text.
    private static func members(_ text: ApprovalListing.Text) -> [String] {
        switch text {
        case .question: ["question", "description"]
        case .operation: ["operation", "operation_json"]
        case .context, .policy, .metadata: [text.rawValue]
        }
    }

    /// A request without its answers.
    static func summary(_ record: ApprovalRecord) -> JSONValue {
        let path = "/api/v1/approvals/\(record.id)/decide"
        var actions: [String: JSONValue] = [:]
        for option in record.policy.options where record.status == .pending {
            // Public clients send the body as it is; whoever has a reason puts it in the place of this one.
            let body: JSONValue = .record([
                "option": .string(option.id), "comment": option.requiresComment ? .string(noReason) : nil,
            ])
            actions[option.id] = [
                "method": "POST", "path": .string(path), "body": body,
                "label": .string(option.label), "requires_comment": .bool(option.requiresComment),
            ]
        }
        return .record([
            "id": .string(record.id.rawValue),
            "number": .integer(record.number),
            "workspace": .string(record.workspace.rawValue),
            // The original's server says one and its client reads the other.
            "kind": .string(record.kind),
            "source": .string(record.kind),
            "status": .string(record.status.rawValue),
            "outcome": record.outcome.map { .string($0) },
            "summary": .string(record.outcomeLine),
            "title": .string(record.title),
            "description": .string(record.question),
            "question": .string(record.question),
            "context": .string(record.context),
            "operation": record.operation,
            // What is decided besides the text, exactly: numbers may be too long for a browser's.
            "operation_json": record.boundDocument.map { .string($0) },
            "operation_hash": .string(record.operationHash),
            "priority": .integer(Int64(record.priority)),
            "requested_at": .string(record.createdAt.iso8601),
            "requested_by": .string(record.requester),
            // What people read in its place.
            "requester_name": record.requesterName.isEmpty ? nil : .string(record.requesterName),
            "expires_at": record.expiresAt.map { .string($0.iso8601) },
            "decided_at": record.respondedAt.map { .string($0.iso8601) },
            "debate_id": record.debate.map { .string($0.rawValue) },
            "policy": record.policy.json,
            "metadata": record.metadata,
            "actions": .object(actions),
        ])
    }

    /// A request with everything that belongs to it.
    static func detail(_ detail: ApprovalService.Detail) -> JSONValue {
        var document = summary(detail.record)
        document["decisions"] = .array(detail.decisions.map(\.json))
        document["prompts"] = .array(detail.prompts.map(prompt))
        document["log"] = .array(
            detail.log.map { entry in
                [
                    "sequence": .integer(entry.sequence), "type": .string(entry.type),
                    "at": .string(entry.at.iso8601), "hash": .string(entry.hash),
                ]
            }
        )
        return document
    }

    private static func prompt(_ prompt: ApprovalPrompt) -> JSONValue {
        .record([
            "id": .string(prompt.id),
            "platform": .string(prompt.platform),
            "recipient": .string(prompt.recipient),
            "state": .string(prompt.state.rawValue),
            "shown": .string(prompt.shown),
            "reminder_of": prompt.reminderOf.map { .string($0) },
        ])
    }
}
