import CoreTypes
import Persistence

/// Which requests wait for somebody: those to which an answer of theirs would count now.
struct ApprovalWaiting {
    let actor: ApprovalActor
    let people: ApprovalPeople
    private let requests = ApprovalRequestStore()
    private var attempts: [WorkspaceID: ApprovalMachine.Attempt] = [:]

    init(for actor: ApprovalActor, people: ApprovalPeople) {
        self.actor = actor
        self.people = people
    }

    /// Whether a request waits for them.
    /// - Throws: `DatabaseError`.
    mutating func includes(_ record: ApprovalRecord, in transaction: borrowing Transaction) throws -> Bool {
        guard record.status == .pending else { return false }
        let workspace = record.workspace
        let attempt = try attempts[workspace] ?? people.attempt(of: actor, workspace: workspace, in: transaction)
        attempts[workspace] = attempt
        let now = people.time.now()
        // Whoever may not decide it at all is not let in by anybody's answer.
        guard ApprovalMachine(record, []).isWaiting(for: attempt, now: now) else { return false }
        let answers = try requests.decisions(of: record.id, workspace: workspace, in: transaction)
        return ApprovalMachine(record, answers).isWaiting(for: attempt, now: now)
    }

    /// The requests of a workspace, or asked about there, that wait for them, the most urgent first.
    /// - Throws: `DatabaseError`.
    mutating func list(workspace: WorkspaceID, limit: Int, in transaction: borrowing Transaction) throws
        -> [ApprovalListing]
    {
        let requests = requests
        var found: [ApprovalListing] = []
        try requests.walkPending(workspace: workspace, in: transaction) { listing in
            if try includes(listing.record, in: transaction) { found.append(listing) }
            return found.count < limit
        }
        return found
    }
}

extension ApprovalMachine {
    /// Takes up a request where its row stands.
    init(_ record: ApprovalRecord, _ decisions: [ApprovalDecision], persons: [String: String] = [:]) {
        self.init(
            policy: record.policy,
            requester: record.requester,
            createdAt: record.createdAt,
            operationHash: record.operationHash,
            status: record.status,
            outcome: record.outcome,
            decisions: decisions,
            persons: persons
        )
    }

    /// Whether somebody's answer would count now, whatever it is.
    func isWaiting(for attempt: Attempt, now: Timestamp) -> Bool {
        var copy = self
        guard case .failure(let refused) = copy.decide(attempt, now: now) else { return true }
        if case .unknownOption = refused.refusal { return true }
        return false
    }
}
