import CoreTypes
import Persistence

extension ApprovalDesk {
    /// What is due now, oldest first.
    /// - Throws: `DatabaseError`.
    func due(limit: Int, in transaction: borrowing Transaction) throws -> [ApprovalStep] {
        try steps.due(at: time.now(), limit: limit, in: transaction)
    }

    /// Takes one step that is due: once, however many processes try.
    /// - Returns: false where somebody else has taken it.
    /// - Throws: `DatabaseError`.
    func fire(_ step: ApprovalStep, in transaction: borrowing Transaction) throws -> Bool {
        let now = time.now()
        // The log's end before the step and the request, as everywhere.
        try audit.hold(step.workspace, in: transaction)
        guard try steps.take(step, now: now, in: transaction) else { return false }
        if step.kind == .delegationEnd {
            try endDelegation(step.subject, workspace: step.workspace, in: transaction)
            return true
        }
        let id = ApprovalID(step.subject)
        guard var record = try requests.find(id, workspace: step.workspace, in: transaction),
            record.status == .pending
        else { return true }
        let answers = try requests.decisions(of: id, workspace: step.workspace, in: transaction)
        var machine = machine(record, answers)
        switch step.kind {
        case .delegationEnd: break
        case .reminder:
            let count = try remind(record, machine, in: transaction)
            try log("reminded", record, ["copies": .integer(Int64(count))], in: transaction)
            try publish("approval.reminded", record, key: "reminded", in: transaction)
        case .escalation(let number):
            guard record.policy.escalations.indices.contains(number) else { return true }
            let approvers = record.policy.escalations[number].approvers
            let names = JSONValue.strings(approvers.map(\.text))
            try log("escalated", record, ["step": .integer(Int64(number)), "to": names], in: transaction)
            try publish("approval.escalated", record, key: "escalated/\(number)", in: transaction)
            try ask(approvers, record, in: transaction)
        case .expiry:
            guard machine.expire(now: now) else { return true }
            try end(&record, machine, entry: "expired", event: "approval.expired", in: transaction)
        }
        return true
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
                let attempt = try self.attempt(of: actor, workspace: workspace, in: transaction)
                guard machine.isWaiting(for: attempt, now: now) else { continue }
            }
            if try copies.remind(record, prompt, now: now, in: transaction) { reminded += 1 }
        }
        return reminded
    }
}
