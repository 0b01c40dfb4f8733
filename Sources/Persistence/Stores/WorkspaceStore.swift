package import CoreTypes

/// The tenants (table `workspaces`).
package struct WorkspaceStore: Sendable {
    /// Makes the store.
    package init() {}

    /// Makes a workspace known; a known one keeps its platform and gets the new name, if there is one.
    /// - Throws: `DatabaseError`.
    package func ensure(
        _ workspace: WorkspaceID,
        platform: String,
        name: String = "",
        now: Timestamp,
        in transaction: borrowing Transaction
    ) throws {
        try transaction.execute(
            """
            insert into workspaces (workspace_id, platform, name, created_at)
            values (\(workspace), \(platform), \(name), \(now))
            on conflict (workspace_id) do update set name = excluded.name
            where excluded.name <> '' and workspaces.name <> excluded.name
            """
        )
    }

    /// The workspaces in which a platform is connected: those that installed the app, and that of the configured token.
    /// - Throws: `DatabaseError`.
    package func connected(to platform: String, in transaction: borrowing Transaction) throws -> [WorkspaceID] {
        try transaction.query(
            """
            select workspace_id from integrations where integration_type = \(platform) and enabled = \(true)
            union
            select workspace_id from workspaces where platform = \(platform) and workspace_id not in (
                select workspace_id from integrations where integration_type = \(platform) and enabled = \(false)
            )
            order by 1
            """
        ).map { try $0.id("workspace_id") }
    }
}
