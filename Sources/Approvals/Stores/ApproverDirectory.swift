package import CoreTypes
package import Persistence

/// Who people are, what they are called and which roles they hold: the tables `user_id_mappings`, `approver_names` and
/// `approver_roles`.
package struct ApproverDirectory: Sendable {
    let mappings = UserMappingStore()

    /// Makes the directory.
    package init() {}

    /// One id for a person, the user whom a platform's id is mapped to, else the platform's own; and all of them.
    /// - Throws: `DatabaseError`.
    func ids(of identity: String, workspace: WorkspaceID, in transaction: borrowing Transaction) throws
        -> (person: String, all: Set<String>)
    {
        let identity = Approver.normalized(identity)
        let parts = identity.split(separator: ":", maxSplits: 1).map(String.init)
        guard parts.count == 2 else { return (identity, [identity]) }
        let user =
            parts[0] == "user"
            ? parts[1]
            : try mappings.find(
                workspace: workspace,
                platform: parts[0],
                platformUserID: parts[1],
                in: transaction
            )?.userID
        guard let user else { return (identity, [identity]) }
        let rows = try transaction.query(
            """
            select platform, platform_user_id from user_id_mappings
            where workspace_id = \(workspace) and user_id = \(user)
            """
        )
        let others = try rows.map { "\(try $0.text("platform")):\(try $0.text("platform_user_id"))" }
        return ("user:\(user)", Set(others).union([identity, "user:\(user)"]))
    }

    /// One id for each of some ids that is known to belong to a person; the others are not in it.
    /// - Throws: `DatabaseError`.
    func persons(of ids: [String], workspace: WorkspaceID, in transaction: borrowing Transaction) throws
        -> [String: String]
    {
        let wanted = Set(ids.map(Approver.normalized))
        let names = wanted.compactMap { id in id.firstIndex(of: ":").map { String(id[id.index(after: $0)...]) } }
        guard !names.isEmpty else { return [:] }
        let rows = try transaction.query(
            """
            select platform, platform_user_id, user_id from user_id_mappings
            where workspace_id = \(workspace) and platform_user_id in (\(list: names.sorted()))
            """
        )
        var persons: [String: String] = [:]
        for row in rows {
            let id = "\(try row.text("platform")):\(try row.text("platform_user_id"))"
            if wanted.contains(id) { persons[id] = "user:\(try row.text("user_id"))" }
        }
        return persons
    }

    /// The roles that a person holds under any of their ids.
    /// - Throws: `DatabaseError`.
    func roles(of ids: Set<String>, workspace: WorkspaceID, in transaction: borrowing Transaction) throws
        -> Set<String>
    {
        let rows = try transaction.query(
            """
            select role from approver_roles
            where workspace_id = \(workspace) and person in (\(list: ids.sorted()))
            """
        )
        return Set(try rows.map { try $0.text("role") })
    }

    /// Who holds a role.
    /// - Throws: `DatabaseError`.
    package func members(of role: String, workspace: WorkspaceID, in transaction: borrowing Transaction) throws
        -> [String]
    {
        try transaction.query(
            "select person from approver_roles where workspace_id = \(workspace) and role = \(role) order by person"
        ).map { try $0.text("person") }
    }

    /// Gives somebody a role; the log says so.
    /// - Parameter evidence: who says so.
    /// - Throws: `DatabaseError`.
    package func grant(
        _ role: String,
        to person: String,
        evidence: String,
        workspace: WorkspaceID,
        now: Timestamp,
        in transaction: borrowing Transaction
    ) throws {
        let person = Approver.normalized(person)
        try ApprovalAuditLog().hold(workspace, in: transaction)
        let added = try transaction.execute(
            """
            insert into approver_roles (workspace_id, role, person, created_at)
            values (\(workspace), \(role), \(person), \(now)) on conflict do nothing
            """
        )
        guard added == 1 else { return }
        let data: JSONValue = ["role": .string(role), "person": .string(person), "evidence": .string(evidence)]
        try note("role_granted", "role:\(role)", data, workspace: workspace, now: now, in: transaction)
    }

    /// Takes a role from somebody; the log says so.
    /// - Parameter evidence: who says so.
    /// - Returns: false where they did not hold it.
    /// - Throws: `DatabaseError`.
    package func revoke(
        _ role: String,
        from person: String,
        evidence: String,
        workspace: WorkspaceID,
        now: Timestamp,
        in transaction: borrowing Transaction
    ) throws -> Bool {
        let person = Approver.normalized(person)
        try ApprovalAuditLog().hold(workspace, in: transaction)
        let taken = try transaction.execute(
            """
            delete from approver_roles where workspace_id = \(workspace) and role = \(role) and person = \(person)
            """
        )
        guard taken == 1 else { return false }
        let data: JSONValue = ["role": .string(role), "person": .string(person), "evidence": .string(evidence)]
        try note("role_revoked", "role:\(role)", data, workspace: workspace, now: now, in: transaction)
        return true
    }
}
