import CoreTypes
import Persistence

/// The course of a request, from where it is asked to its end, with everything that is written down and said on the way.
struct ApprovalCourse: Sendable {
    let requests = ApprovalRequestStore()
    let steps = ApprovalStepStore()
    let audit = ApprovalAuditLog()
    let people: ApprovalPeople
    let copies: ApprovalCopies
    let events: any WorkspaceEventSink
    /// What follows from the end of a request, by its kind.
    var followUps: [String: any ApprovalFollowUp]

    var time: any TimeSource { people.time }

    /// A request was made: its steps are planned, and everybody is told and asked.
    func begin(_ record: ApprovalRecord, by cause: ApprovalCause, in transaction: borrowing Transaction) throws {
        try plan(record, in: transaction)
        let request: JSONValue = [
            "policy": record.policy.json, "title": .string(record.title), "shown_hash": .string(record.shownHash),
            "created_at": .string(record.createdAt.iso8601), "by": cause.json,
        ]
        try log("requested", record, request, in: transaction)
        try publish("approval.requested", record, key: "requested", in: transaction)
        try ask(record.policy.approvers, record, in: transaction)
    }

    private func plan(_ record: ApprovalRecord, in transaction: borrowing Transaction) throws {
        var planned: [(ApprovalStep.Kind, Duration)] = []
        if let after = record.policy.expiresAfter { planned.append((.expiry, after)) }
        if let after = record.policy.reminderAfter { planned.append((.reminder, after)) }
        for (number, escalation) in record.policy.escalations.enumerated() {
            planned.append((.escalation(number), escalation.after))
        }
        for (kind, after) in planned {
            let step = ApprovalStep(
                workspace: record.workspace,
                subject: record.id.rawValue,
                kind: kind,
                dueAt: record.createdAt + after
            )
            try steps.plan(step, now: record.createdAt, in: transaction)
        }
    }

    /// Sends a prompt to everybody who is named and, unless told otherwise, to those who decide for them now.
    func ask(
        _ approvers: [Approver],
        _ record: ApprovalRecord,
        withDeputies: Bool = true,
        in transaction: borrowing Transaction
    ) throws {
        let recipients = try ApprovalRecipients(people: people).recipients(
            of: approvers,
            record: record,
            withDeputies: withDeputies,
            in: transaction
        )
        try copies.post(record, to: recipients, now: time.now(), in: transaction)
    }

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
            let ids = try people.directory.ids(of: last.seat, workspace: record.workspace, in: transaction).all
            name = try people.directory.name(of: ids, workspace: record.workspace, in: transaction)
        }
        return ApprovalLines.standing(machine, seatName: name, now: now)
    }

    /// The hash of what was asked about, before anybody changed its text.
    func requestedHash(_ record: ApprovalRecord, in transaction: borrowing Transaction) throws -> String {
        guard record.policy.allowsEdit, record.version > 0 else { return record.operationHash }
        let request = try audit.request(record.id, workspace: record.workspace, in: transaction)
        return request?["operation_hash"]?.string ?? record.operationHash
    }
}
