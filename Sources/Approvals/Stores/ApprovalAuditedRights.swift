import CoreTypes
import Persistence

/// Who may decide, as the log says: the holders of roles, and those who decide for others.
struct ApprovalAuditedRights {
    /// Somebody with a role.
    private struct Holder: Hashable {
        let role: String
        let person: String
    }

    /// A delegation as it was given, and whether it has ended.
    private struct Delegation: Hashable {
        let delegator: String
        let delegate: String
        let endsAt: String
        var hasEnded = false
    }

    private var holders: Set<Holder> = []
    private var delegations: [String: Delegation] = [:]

    /// Takes in the next entry.
    mutating func take(_ entry: ApprovalAuditLog.Entry) {
        guard let data = entry.document["data"] else { return }
        func text(_ name: String) -> String { data[name]?.string ?? "" }
        switch entry.type {
        case "role_granted": holders.insert(Holder(role: text("role"), person: text("person")))
        case "role_revoked": holders.remove(Holder(role: text("role"), person: text("person")))
        case "delegated":
            delegations[entry.subject] = Delegation(
                delegator: text("delegator"),
                delegate: text("delegate"),
                endsAt: text("ends_at")
            )
        case "delegation_ended": delegations[entry.subject]?.hasEnded = true
        default: break
        }
    }

    /// What the tables say that the log does not, and the other way round.
    /// - Throws: `DatabaseError`.
    func problems(_ workspace: WorkspaceID, in transaction: borrowing Transaction) throws -> [String] {
        let held = try transaction.query(
            "select role, person from approver_roles where workspace_id = \(workspace)"
        ).map { Holder(role: try $0.text("role"), person: try $0.text("person")) }
        let given = try transaction.query(
            """
            select delegation_id, delegator, delegate, ends_at, ended_at from approval_delegations
            where workspace_id = \(workspace)
            """
        ).map { row in
            (
                try row.text("delegation_id"),
                Delegation(
                    delegator: try row.text("delegator"),
                    delegate: try row.text("delegate"),
                    endsAt: try row.timestamp("ends_at").iso8601,
                    hasEnded: try row.timestampOrNil("ended_at") != nil
                )
            )
        }
        let stored = Dictionary(given) { first, _ in first }
        let unlogged = Set(held).subtracting(holders).map { "The log does not say that \($0.person) holds \($0.role)." }
        let lost = holders.subtracting(held).map { "\($0.person) holds \($0.role) by the log, but not in its table." }
        let names = Set(stored.keys).union(delegations.keys).filter { stored[$0] != delegations[$0] }
        return unlogged.sorted() + lost.sorted()
            + names.sorted().map { "The delegation \($0) is not what the log says." }
    }
}
