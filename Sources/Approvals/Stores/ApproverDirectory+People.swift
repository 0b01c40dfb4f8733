package import CoreTypes
package import Persistence

/// Which ids belong to one person, so that whoever answers in a chat and by mail is counted once.
extension ApproverDirectory {
    /// Somebody with several ids.
    package struct Person: Sendable {
        /// The one id, such as `user:0j3x…`.
        package let id: String
        /// The platforms' ids.
        package let ids: [String]
    }

    /// Everybody of a workspace who has several ids.
    /// - Throws: `DatabaseError`.
    package func people(workspace: WorkspaceID, in transaction: borrowing Transaction) throws -> [Person] {
        let rows = try transaction.query(
            """
            select user_id, platform, platform_user_id from user_id_mappings where workspace_id = \(workspace)
            order by user_id, platform, platform_user_id
            """
        )
        var people: [(id: String, ids: [String])] = []
        for row in rows {
            let id = "user:\(try row.text("user_id"))"
            let name = "\(try row.text("platform")):\(try row.text("platform_user_id"))"
            if people.last?.id == id {
                people[people.count - 1].ids.append(name)
            } else {
                people.append((id, [name]))
            }
        }
        return people.map { Person(id: $0.id, ids: $0.ids) }
    }

    /// Notes that two ids are one person's; from then on either counts as both.
    /// - Parameters:
    ///   - user: the name of a person of whom nothing is known yet.
    ///   - evidence: who says so.
    /// - Returns: the person's one id.
    /// - Throws: `ApprovalError` where they are known as two persons; `DatabaseError`.
    package func link(
        _ first: String,
        _ second: String,
        user: String,
        evidence: String,
        workspace: WorkspaceID,
        now: Timestamp,
        in transaction: borrowing Transaction
    ) throws -> String {
        let names = try [first, second].map(Self.parts)
        let known = try names.map { try self.user($0, workspace: workspace, in: transaction) }
        if let one = known[0], let other = known[1], one != other {
            throw ApprovalError(
                .conflict,
                "They are known as two persons, user:\(one) and user:\(other): unlink one first."
            )
        }
        let user = known[0] ?? known[1] ?? user
        for name in names where name.platform != "user" {
            let mapping = UserMapping(
                workspaceID: workspace,
                platform: name.platform,
                platformUserID: name.id,
                userID: user
            )
            try mappings.upsert(mapping, now: now, in: transaction)
        }
        let data: JSONValue = [
            "ids": .strings(names.map { "\($0.platform):\($0.id)" }), "evidence": .string(evidence),
        ]
        try note("person_linked", "user:\(user)", data, workspace: workspace, now: now, in: transaction)
        return "user:\(user)"
    }

    /// Takes an id from the person to whom it belongs.
    /// - Returns: false where it belonged to nobody.
    /// - Throws: `ApprovalError` for what is no id; `DatabaseError`.
    package func unlink(
        _ id: String,
        evidence: String,
        workspace: WorkspaceID,
        now: Timestamp,
        in transaction: borrowing Transaction
    ) throws -> Bool {
        let name = try Self.parts(id)
        guard name.platform != "user", let user = try user(name, workspace: workspace, in: transaction) else {
            return false
        }
        try mappings.remove(
            workspace: workspace,
            platform: name.platform,
            platformUserID: name.id,
            in: transaction
        )
        let data: JSONValue = ["ids": .strings(["\(name.platform):\(name.id)"]), "evidence": .string(evidence)]
        try note("person_unlinked", "user:\(user)", data, workspace: workspace, now: now, in: transaction)
        return true
    }

    private typealias Name = (platform: String, id: String)

    private static func parts(_ text: String) throws -> Name {
        let approver = try Approver(text)
        guard case .person(let name) = approver, let colon = name.firstIndex(of: ":") else {
            throw ApprovalError(.invalid, "A person is named by an id such as slack:U012 or email:ann@example.org.")
        }
        return (String(name[..<colon]), String(name[name.index(after: colon)...]))
    }

    private func user(_ name: Name, workspace: WorkspaceID, in transaction: borrowing Transaction) throws -> String? {
        if name.platform == "user" { return name.id }
        return try mappings.find(
            workspace: workspace,
            platform: name.platform,
            platformUserID: name.id,
            in: transaction
        )?.userID
    }

    /// Who is one person, and who holds a role, changes who may decide, so it is in the log.
    func note(
        _ type: String,
        _ subject: String,
        _ data: JSONValue,
        workspace: WorkspaceID,
        now: Timestamp,
        in transaction: borrowing Transaction
    ) throws {
        try ApprovalAuditLog().append(
            type,
            subject: subject,
            data: data,
            workspace: workspace,
            now: now,
            in: transaction
        )
    }
}
