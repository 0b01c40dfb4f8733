package import CoreTypes
import Persistence

/// One person who decides for another until a moment.
package struct ApprovalDelegation: Hashable, Sendable {
    package let id: String
    package let delegator: String
    package let delegate: String
    package let endsAt: Timestamp
}

/// Who decides for whom: the table `approval_delegations`.
struct ApprovalDelegationStore: Sendable {
    /// Those for whom somebody decides at a moment, whichever of their ids was named then.
    /// - Throws: `DatabaseError`.
    func delegators(
        of delegate: Set<String>,
        at now: Timestamp,
        workspace: WorkspaceID,
        in transaction: borrowing Transaction
    ) throws -> [String] {
        try transaction.query(
            """
            select distinct delegator from approval_delegations
            where workspace_id = \(workspace) and delegate in (\(list: delegate.sorted())) and ended_at is null
                and ends_at > \(now)
            order by delegator
            """
        ).map { try $0.text("delegator") }
    }

    /// Those who decide for somebody at a moment, whichever of their ids they used then.
    /// - Throws: `DatabaseError`.
    func delegates(
        of delegator: Set<String>,
        at now: Timestamp,
        workspace: WorkspaceID,
        in transaction: borrowing Transaction
    ) throws -> [String] {
        try transaction.query(
            """
            select distinct delegate from approval_delegations
            where workspace_id = \(workspace) and delegator in (\(list: delegator.sorted())) and ended_at is null
                and ends_at > \(now)
            order by delegate
            """
        ).map { try $0.text("delegate") }
    }

    /// The delegations of a workspace that hold at a moment, the one that ends first before the others.
    /// - Throws: `DatabaseError`.
    func listOpen(at now: Timestamp, workspace: WorkspaceID, in transaction: borrowing Transaction)
        throws -> [ApprovalDelegation]
    {
        try transaction.query(
            """
            select * from approval_delegations
            where workspace_id = \(workspace) and ended_at is null and ends_at > \(now)
            order by ends_at, delegation_id
            """
        ).map { row in
            ApprovalDelegation(
                id: try row.text("delegation_id"),
                delegator: try row.text("delegator"),
                delegate: try row.text("delegate"),
                endsAt: try row.timestamp("ends_at")
            )
        }
    }

    /// Lets somebody decide for another.
    /// - Returns: false where the same delegation is there already.
    /// - Throws: `DatabaseError`.
    func insert(
        _ delegation: ApprovalDelegation,
        createdBy identity: String,
        workspace: WorkspaceID,
        now: Timestamp,
        in transaction: borrowing Transaction
    ) throws -> Bool {
        try transaction.execute(
            """
            insert into approval_delegations (workspace_id, delegation_id, delegator, delegate, created_by, created_at,
                ends_at)
            values (\(workspace), \(delegation.id), \(delegation.delegator), \(delegation.delegate), \(identity),
                \(now), \(delegation.endsAt))
            on conflict do nothing
            """
        ) == 1
    }

    /// Ends a delegation.
    /// - Returns: nil where it had ended before.
    /// - Throws: `DatabaseError`.
    func end(_ id: String, workspace: WorkspaceID, now: Timestamp, in transaction: borrowing Transaction) throws
        -> ApprovalDelegation?
    {
        try transaction.query(
            """
            update approval_delegations set ended_at = \(now)
            where workspace_id = \(workspace) and delegation_id = \(id) and ended_at is null
            returning delegator, delegate, ends_at
            """
        ).first.map { row in
            ApprovalDelegation(
                id: id,
                delegator: try row.text("delegator"),
                delegate: try row.text("delegate"),
                endsAt: try row.timestamp("ends_at")
            )
        }
    }
}
