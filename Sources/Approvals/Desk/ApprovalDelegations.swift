import Channels
package import CoreTypes
import Crypto
package import Persistence

/// Who decides for whom, as people say by themselves.
package struct ApprovalDelegations: Sendable {
    let course: ApprovalCourse

    private var people: ApprovalPeople { course.people }
    private var directory: ApproverDirectory { course.people.directory }
    private var store: ApprovalDelegationStore { course.people.delegations }
    private var time: any TimeSource { course.time }

    /// Lets another person decide in one's place until a moment; the same event, told again, changes nothing.
    ///
    /// It takes the place of whatever delegation the person had given before.
    /// - Parameters:
    ///   - actor: whose evidence is the event's origin.
    ///   - delegate: the other person's id, such as `slack:U012`.
    /// - Throws: `ApprovalError` for a person or a moment that cannot be; `DatabaseError`.
    package func give(
        from actor: ApprovalActor,
        to delegate: String,
        until moment: Timestamp,
        workspace: WorkspaceID,
        in transaction: borrowing Transaction
    ) throws {
        let now = time.now()
        try course.audit.hold(workspace, in: transaction)
        let person = try people.resolved(actor, workspace: workspace, in: transaction)
        let named = try Approver(delegate)
        guard case .person(let name) = named.named(in: workspace) else {
            throw ApprovalError(.invalid, "Only a person can decide for another.")
        }
        let other = try directory.ids(of: name, workspace: workspace, in: transaction)
        guard other.person != person.person else { throw ApprovalError(.invalid, "You decide for yourself anyway.") }
        guard moment > now, moment - now <= ApprovalPolicy.longest else {
            throw ApprovalError(.invalid, "The end has to be in the future, and within a year.")
        }
        let delegation = ApprovalDelegation(
            id: Self.delegationID(actor, workspace: workspace),
            delegator: person.person,
            delegate: other.person,
            endsAt: moment
        )
        let isNew = try store.insert(
            delegation,
            createdBy: actor.identity,
            workspace: workspace,
            now: now,
            in: transaction
        )
        guard isNew else { return }
        try endOpen(of: person, but: delegation.id, evidence: actor.evidence, in: workspace, in: transaction)
        try course.steps.plan(
            ApprovalStep(workspace: workspace, subject: delegation.id, kind: .delegationEnd, dueAt: moment),
            now: now,
            in: transaction
        )
        try note("delegated", delegation, evidence: actor.evidence, workspace: workspace, in: transaction)
        try tell(
            delegation,
            "\(actor.name) lets you decide in their place until \(ApprovalPosts.minute(moment)). `approvals` lists what "
                + "waits.",
            key: "given",
            workspace: workspace,
            in: transaction
        )
        // A delegation goes no further: neither what the delegator decides for others, nor to the delegate's own deputies.
        let others = other.all.filter(ApprovalPeople.isAnywhere).sorted()
        var waiting = ApprovalWaiting(for: actor, people: people)
        for found in try waiting.list(workspace: workspace, limit: 100, in: transaction) {
            let (id, place) = (found.record.id, found.record.workspace)
            let own = ApprovalMachine.Attempt(
                actor: try people.resolved(actor, workspace: place, in: transaction),
                optionID: ""
            )
            let answers = try course.requests.decisions(of: id, workspace: place, in: transaction)
            guard ApprovalMachine(found.record, answers).isWaiting(for: own, now: now),
                let record = try course.requests.find(id, workspace: place, in: transaction)
            else { continue }
            let names = try people.names(others, of: workspace, in: place, transaction)
            try course.ask(names.map { .person($0) }, record, withDeputies: false, in: transaction)
        }
    }

    /// Nobody decides in one's place any more.
    /// - Returns: the delegations that this has ended.
    /// - Throws: `DatabaseError`.
    package func takeBack(by actor: ApprovalActor, workspace: WorkspaceID, in transaction: borrowing Transaction)
        throws -> [ApprovalDelegation]
    {
        try course.audit.hold(workspace, in: transaction)
        let actor = try people.resolved(actor, workspace: workspace, in: transaction)
        return try endOpen(of: actor, but: nil, evidence: actor.evidence, in: workspace, in: transaction)
    }

    /// Ends one delegation by its id, as the operator may.
    /// - Returns: nil where it has ended before.
    /// - Throws: `DatabaseError`.
    package func end(
        _ id: String,
        evidence: String,
        workspace: WorkspaceID,
        in transaction: borrowing Transaction
    ) throws -> ApprovalDelegation? {
        try course.audit.hold(workspace, in: transaction)
        let now = time.now()
        guard let delegation = try store.end(id, workspace: workspace, now: now, in: transaction) else {
            return nil
        }
        try course.steps.drop(of: id, workspace: workspace, now: now, in: transaction)
        try note("delegation_ended", delegation, evidence: evidence, workspace: workspace, in: transaction)
        try tell(
            delegation,
            "You decide in the place of \(delegation.delegator) no more.",
            key: "ended",
            workspace: workspace,
            in: transaction
        )
        return delegation
    }

    /// The delegations that hold now, which a person has given and got.
    /// - Throws: `DatabaseError`.
    package func list(of actor: ApprovalActor, workspace: WorkspaceID, in transaction: borrowing Transaction)
        throws -> (mine: [ApprovalDelegation], forOthers: [ApprovalDelegation])
    {
        let ids = try people.resolved(actor, workspace: workspace, in: transaction).ids
        let open = try store.listOpen(at: time.now(), workspace: workspace, in: transaction)
        return (open.filter { ids.contains($0.delegator) }, open.filter { ids.contains($0.delegate) })
    }

    @discardableResult
    private func endOpen(
        of actor: ApprovalActor,
        but kept: String?,
        evidence: String,
        in workspace: WorkspaceID,
        in transaction: borrowing Transaction
    ) throws -> [ApprovalDelegation] {
        try store.listOpen(at: time.now(), workspace: workspace, in: transaction)
            .filter { actor.ids.contains($0.delegator) && $0.id != kept }
            .compactMap { try end($0.id, evidence: evidence, workspace: workspace, in: transaction) }
    }

    /// Tells the other person, wherever they are reached directly.
    private func tell(
        _ delegation: ApprovalDelegation,
        _ line: String,
        key: String,
        workspace: WorkspaceID,
        in transaction: borrowing Transaction
    ) throws {
        let ids = try directory.ids(of: delegation.delegate, workspace: workspace, in: transaction)
        for place in try ApprovalRecipients(people: people).direct(ids, workspace, in: transaction)
        where place.isPlaced && course.copies.reaches(place.address.platform) {
            try course.copies.outbox.post(
                ApprovalChat.Answer.post(line),
                to: place.address,
                key: OutboxKey("delegation/\(delegation.id)/\(key)/\(place.name)"),
                in: transaction
            )
        }
    }

    /// The same for every event that tells of one act.
    private static func delegationID(_ actor: ApprovalActor, workspace: WorkspaceID) -> String {
        let origin = "delegation\n\(workspace)\n\(actor.identity)\n\(actor.evidence)"
        return hexadecimal(SHA256.hash(data: Array(origin.utf8)).prefix(16))
    }

    /// The time of a delegation is over.
    func lapse(_ id: String, workspace: WorkspaceID, in transaction: borrowing Transaction) throws {
        guard let delegation = try store.end(id, workspace: workspace, now: time.now(), in: transaction) else {
            return
        }
        try note("delegation_ended", delegation, evidence: "time", workspace: workspace, in: transaction)
    }

    private func note(
        _ type: String,
        _ delegation: ApprovalDelegation,
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
        try course.audit.append(
            type,
            subject: delegation.id,
            data: data,
            workspace: workspace,
            now: time.now(),
            in: transaction
        )
        try course.events.publish(
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
