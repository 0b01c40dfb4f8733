package import CoreTypes
import Crypto
package import Persistence

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
        for prompt in try ApprovalPromptStore().list(of: record.id, workspace: workspace, in: transaction)
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

    /// Lets another person decide in one's place until a moment; the same event, told again, changes nothing.
    /// - Parameters:
    ///   - actor: whose evidence is the event's origin.
    ///   - delegate: the other person's id, such as `slack:U012`.
    /// - Throws: `ApprovalError` for a person or a moment that cannot be; `DatabaseError`.
    package func delegate(
        from actor: ApprovalActor,
        to delegate: String,
        until moment: Timestamp,
        workspace: WorkspaceID,
        in transaction: borrowing Transaction
    ) throws {
        let now = time.now()
        try audit.hold(workspace, in: transaction)
        let actor = try resolved(actor, workspace: workspace, in: transaction)
        let named = try Approver(delegate)
        guard case .person(let name) = named else {
            throw ApprovalError(.invalid, "Only a person can decide for another.")
        }
        let other = try directory.ids(of: name, workspace: workspace, in: transaction)
        guard other.person != actor.person else { throw ApprovalError(.invalid, "You decide for yourself anyway.") }
        guard moment > now, moment - now <= ApprovalPolicy.longest else {
            throw ApprovalError(.invalid, "The end has to be in the future, and within a year.")
        }
        let delegation = ApproverDirectory.Delegation(
            id: Self.delegationID(actor, workspace: workspace),
            delegator: actor.person,
            delegate: other.person,
            endsAt: moment
        )
        let isNew = try directory.insert(
            delegation,
            createdBy: actor.identity,
            workspace: workspace,
            now: now,
            in: transaction
        )
        guard isNew else { return }
        try steps.plan(
            ApprovalStep(workspace: workspace, subject: delegation.id, kind: .delegationEnd, dueAt: moment),
            now: now,
            in: transaction
        )
        try note("delegated", delegation, evidence: actor.evidence, workspace: workspace, in: transaction)
        // A delegation goes no further: neither what the delegator decides for others, nor to the delegate's own deputies.
        let own = ApprovalMachine.Attempt(actor: actor, optionID: "")
        for record in try waiting(for: actor, workspace: workspace, limit: 100, in: transaction) {
            let answers = try requests.decisions(of: record.id, workspace: workspace, in: transaction)
            guard machine(record, answers).isWaiting(for: own, now: now) else { continue }
            try ask([.person(other.person)], record, withDeputies: false, in: transaction)
        }
    }

    /// The same for every event that tells of one act.
    private static func delegationID(_ actor: ApprovalActor, workspace: WorkspaceID) -> String {
        let origin = "delegation\n\(workspace)\n\(actor.identity)\n\(actor.evidence)"
        return hexadecimal(SHA256.hash(data: Array(origin.utf8)).prefix(16))
    }

    private func endDelegation(_ id: String, workspace: WorkspaceID, in transaction: borrowing Transaction) throws {
        guard let delegation = try directory.end(id, workspace: workspace, now: time.now(), in: transaction) else {
            return
        }
        try note("delegation_ended", delegation, evidence: "time", workspace: workspace, in: transaction)
    }

    private func note(
        _ type: String,
        _ delegation: ApproverDirectory.Delegation,
        evidence: String,
        workspace: WorkspaceID,
        in transaction: borrowing Transaction
    ) throws {
        let data: JSONValue = [
            "delegation_id": .string(delegation.id),
            "delegator": .string(delegation.delegator),
            "delegate": .string(delegation.delegate),
            "ends_at": .string(delegation.endsAt.iso8601),
            "evidence": .string(evidence),
        ]
        try audit.append(
            type,
            subject: delegation.id,
            data: data,
            workspace: workspace,
            now: time.now(),
            in: transaction
        )
        try events.publish(
            WorkspaceEvent(
                workspaceID: workspace,
                key: "approval/\(delegation.id)/\(type)",
                type: "approval.\(type)",
                occurredAt: time.now(),
                data: data
            ),
            in: transaction
        )
    }
}
