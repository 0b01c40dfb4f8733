package import CoreTypes
package import Persistence

/// A step that time takes.
struct ApprovalStep: Hashable, Sendable {
    /// What happens when it is due.
    enum Kind: Hashable, Sendable {
        case reminder, expiry, delegationEnd
        /// The step of the chain, from 0.
        case escalation(Int)

        /// The word in the column `step`.
        var word: String {
            switch self {
            case .reminder: "reminder"
            case .expiry: "expiry"
            case .delegationEnd: "delegation_end"
            case .escalation(let step): "escalation:\(step)"
            }
        }

        init?(word: String) {
            switch word {
            case "reminder": self = .reminder
            case "expiry": self = .expiry
            case "delegation_end": self = .delegationEnd
            default:
                guard word.hasPrefix("escalation:"), let step = Int(word.dropFirst("escalation:".count)) else {
                    return nil
                }
                self = .escalation(step)
            }
        }
    }

    let workspace: WorkspaceID
    /// The request or the delegation.
    let subject: String
    let kind: Kind
    let dueAt: Timestamp
}

/// The table `finding_workflows`: what becomes due, and what has been done.
package struct ApprovalStepStore: Sendable {
    /// Makes the store.
    package init() {}

    /// Plans a step.
    /// - Throws: `DatabaseError`.
    func plan(_ step: ApprovalStep, now: Timestamp, in transaction: borrowing Transaction) throws {
        try transaction.execute(
            """
            insert into finding_workflows (workspace_id, finding_id, step, due_date, created_at, updated_at)
            values (\(step.workspace), \(step.subject), \(step.kind.word), \(step.dueAt), \(now), \(now))
            on conflict do nothing
            """
        )
    }

    /// Steps that are due, the oldest first.
    /// - Throws: `DatabaseError`.
    func due(at now: Timestamp, limit: Int, in transaction: borrowing Transaction) throws -> [ApprovalStep] {
        try transaction.query(
            """
            select * from finding_workflows where current_state = 'waiting' and due_date <= \(now)
            order by due_date, step limit \(limit)
            """
        ).compactMap { row in
            guard let kind = ApprovalStep.Kind(word: try row.text("step")) else { return nil }
            return ApprovalStep(
                workspace: try row.id("workspace_id"),
                subject: try row.text("finding_id"),
                kind: kind,
                dueAt: try row.timestamp("due_date")
            )
        }
    }

    /// When the next step is due; nil where there is none.
    /// - Throws: `DatabaseError`.
    func nextDue(in transaction: borrowing Transaction) throws -> Timestamp? {
        try transaction.query(
            "select min(due_date) as due from finding_workflows where current_state = 'waiting'"
        ).first?.timestampOrNil("due")
    }

    /// Takes a step for good.
    /// - Returns: false where somebody else has taken it.
    /// - Throws: `DatabaseError`.
    func take(_ step: ApprovalStep, now: Timestamp, in transaction: borrowing Transaction) throws -> Bool {
        try transaction.execute(
            """
            update finding_workflows set current_state = 'done', updated_at = \(now)
            where workspace_id = \(step.workspace) and finding_id = \(step.subject) and step = \(step.kind.word)
                and current_state = 'waiting'
            """
        ) == 1
    }

    /// Forgets steps that were taken or dropped before a moment.
    /// - Returns: how many, at most `limit`.
    /// - Throws: `DatabaseError`.
    package func prune(endedBefore moment: Timestamp, limit: Int, in transaction: borrowing Transaction) throws -> Int {
        try transaction.execute(
            """
            delete from finding_workflows where (workspace_id, finding_id, step) in (
                select workspace_id, finding_id, step from finding_workflows
                where current_state <> 'waiting' and updated_at < \(moment)
                order by updated_at limit \(limit)
            )
            """
        )
    }

    /// Drops what is left of a subject's steps.
    /// - Throws: `DatabaseError`.
    func drop(
        of subject: String,
        workspace: WorkspaceID,
        now: Timestamp,
        in transaction: borrowing Transaction
    ) throws {
        try transaction.execute(
            """
            update finding_workflows set current_state = 'dropped', updated_at = \(now)
            where workspace_id = \(workspace) and finding_id = \(subject) and current_state = 'waiting'
            """
        )
    }
}
