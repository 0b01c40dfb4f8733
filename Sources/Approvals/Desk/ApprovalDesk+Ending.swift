import CoreTypes
import Persistence

extension ApprovalDesk {
    /// One more answer, and more are needed.
    func go(
        on record: inout ApprovalRecord,
        _ machine: ApprovalMachine,
        _ decision: ApprovalDecision,
        isEdited: Bool,
        in transaction: borrowing Transaction
    ) throws {
        let now = time.now()
        record.outcomeLine = try standing(machine, record, now: now, in: transaction)
        try requests.save(record, now: now, in: transaction)
        record.version += 1
        try log("decided", record, ["decision": decision.json], in: transaction)
        try publish("approval.answered", record, key: "answered/\(decision.seat)", decision: decision, in: transaction)
        let isRenewed = try record.operationHash != requestedHash(record, in: transaction)
        try copies.update(record, isEdited: isEdited, isRenewed: isRenewed, in: transaction)
    }

    /// The request has come to its end: everything that says so, and everything that follows.
    func end(
        _ record: inout ApprovalRecord,
        _ machine: ApprovalMachine,
        entry: String,
        event: String,
        decision: ApprovalDecision? = nil,
        by cause: ApprovalCause? = nil,
        in transaction: borrowing Transaction
    ) throws {
        let now = time.now()
        record.status = machine.status
        record.outcome = machine.outcome
        record.respondedAt = now
        record.outcomeLine = try standing(machine, record, now: now, in: transaction)
        try requests.save(record, now: now, in: transaction)
        record.version += 1
        try steps.drop(of: record.id.rawValue, workspace: record.workspace, now: now, in: transaction)
        try log(entry, record, .record(["decision": decision?.json, "by": cause?.json]), in: transaction)
        try publish(event, record, key: "ended", decision: decision, in: transaction)
        try copies.update(record, isEdited: false, isRenewed: false, in: transaction)
        try followUps[record.kind]?.approvalEnded(record, decisions: machine.decisions, in: transaction)
    }

    /// Where a request stands, with what whoever was represented is called.
    private func standing(
        _ machine: ApprovalMachine,
        _ record: ApprovalRecord,
        now: Timestamp,
        in transaction: borrowing Transaction
    ) throws -> String {
        var name: String?
        if let last = machine.decisions.last, last.seat != last.actor {
            let ids = try directory.ids(of: last.seat, workspace: record.workspace, in: transaction).all
            name = try directory.name(of: ids, workspace: record.workspace, in: transaction)
        }
        return ApprovalLines.standing(machine, seatName: name, now: now)
    }

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
