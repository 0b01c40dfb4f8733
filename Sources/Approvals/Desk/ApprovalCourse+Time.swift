import CoreTypes
import Persistence

/// What time does to a request.
extension ApprovalCourse {
    /// A step was taken: what follows from it, where the request still waits.
    /// - Throws: `DatabaseError`.
    func follow(_ step: ApprovalStep, in transaction: borrowing Transaction) throws {
        let id = ApprovalID(step.subject)
        guard var record = try requests.find(id, workspace: step.workspace, in: transaction),
            record.status == .pending
        else { return }
        let answers = try requests.decisions(of: id, workspace: step.workspace, in: transaction)
        var machine = ApprovalMachine(record, answers)
        switch step.kind {
        case .delegationEnd: break
        case .reminder:
            let count = try remind(record, machine, in: transaction)
            try log("reminded", record, ["copies": .integer(Int64(count))], in: transaction)
            try publish("approval.reminded", record, key: "reminded", in: transaction)
        case .escalation(let number):
            guard record.policy.escalations.indices.contains(number) else { return }
            let approvers = record.policy.escalations[number].approvers
            let names = JSONValue.strings(approvers.map(\.text))
            try log("escalated", record, ["step": .integer(Int64(number)), "to": names], in: transaction)
            try publish("approval.escalated", record, key: "escalated/\(number)", in: transaction)
            try ask(approvers, record, in: transaction)
        case .expiry:
            guard machine.expire(now: time.now()) else { return }
            try end(&record, machine, entry: "expired", event: "approval.expired", in: transaction)
        }
    }

    /// Asks those once more whose answer would still count: not who has answered under any of their ids, and not whose
    /// time to decide for another is over.
    private func remind(_ record: ApprovalRecord, _ machine: ApprovalMachine, in transaction: borrowing Transaction)
        throws -> Int
    {
        let now = time.now()
        let workspace = record.workspace
        var reminded = 0
        for prompt in try ApprovalPromptStore().list(of: record.id, in: transaction)
        where prompt.state == .open && prompt.reminderOf == nil {
            if !prompt.boundTo.hasPrefix("channel:") {
                let actor = ApprovalActor(identity: prompt.boundTo, name: "", surface: .reply, evidence: "")
                let attempt = try people.attempt(of: actor, workspace: workspace, in: transaction)
                guard machine.isWaiting(for: attempt, now: now) else { continue }
            }
            if try copies.remind(record, prompt, now: now, in: transaction) { reminded += 1 }
        }
        return reminded
    }
}
