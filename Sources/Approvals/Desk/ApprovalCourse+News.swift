import CoreTypes
import Persistence

/// What the log says of a request, and what subscribers are told.
extension ApprovalCourse {
    func log(
        _ type: String,
        _ record: ApprovalRecord,
        _ data: JSONValue,
        in transaction: borrowing Transaction
    ) throws {
        var data = data
        data["number"] = .integer(record.number)
        data["operation_hash"] = .string(record.operationHash)
        data["requester"] = .string(record.requester)
        data["status"] = .string(record.status.rawValue)
        data["outcome"] = record.outcome.map { .string($0) }
        try audit.append(
            type,
            subject: record.id.rawValue,
            data: data,
            workspace: record.workspace,
            now: time.now(),
            in: transaction
        )
    }

    func publish(
        _ type: String,
        _ record: ApprovalRecord,
        key: String,
        decision: ApprovalDecision? = nil,
        in transaction: borrowing Transaction
    ) throws {
        let channel = record.address.flatMap { address in
            address["platform"]?.string.flatMap { platform in
                address["channel"]?.string.map { "\(platform):\($0)" }
            }
        }
        try events.publish(
            WorkspaceEvent(
                workspaceID: record.workspace,
                key: "approval/\(record.id)/\(key)",
                type: type,
                occurredAt: time.now(),
                debateID: record.debate,
                channel: channel,
                data: .record([
                    "approval_id": .string(record.id.rawValue),
                    "number": .integer(record.number),
                    "kind": .string(record.kind),
                    "title": .string(record.title),
                    "question": .string(record.question),
                    "status": .string(record.status.rawValue),
                    "outcome": record.outcome.map { .string($0) },
                    "summary": .string(record.outcomeLine),
                    "operation_hash": .string(record.operationHash),
                    "requested_by": .string(record.requester),
                    "debate_id": record.debate.map { .string($0.rawValue) },
                    "expires_at": record.expiresAt.map { .string($0.iso8601) },
                    "decision": decision?.json,
                ])
            ),
            in: transaction
        )
    }
}
