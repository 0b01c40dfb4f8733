package import CoreTypes

/// A person of a platform, by the platform's immutable id.
package struct UserMapping: Sendable, Hashable {
    package let workspaceID: WorkspaceID
    package let platform: String
    package let platformUserID: String
    /// Who that is here.
    package let userID: String
    /// How the platform calls the person at the moment; never used to tell people apart.
    package let displayName: String

    /// Describes a person.
    package init(
        workspaceID: WorkspaceID,
        platform: String,
        platformUserID: String,
        userID: String,
        displayName: String = ""
    ) {
        self.workspaceID = workspaceID
        self.platform = platform
        self.platformUserID = platformUserID
        self.userID = userID
        self.displayName = displayName
    }
}

/// Who the platforms' people are (table `user_id_mappings`).
package struct UserMappingStore: Sendable {
    /// Makes the store.
    package init() {}

    /// Notes who a person is; an empty display name leaves the known one.
    /// - Throws: `DatabaseError`.
    package func upsert(_ mapping: UserMapping, now: Timestamp, in transaction: borrowing Transaction) throws {
        try transaction.execute(
            """
            insert into user_id_mappings (
                workspace_id, platform, platform_user_id, user_id, display_name, updated_at
            ) values (
                \(mapping.workspaceID), \(mapping.platform), \(mapping.platformUserID), \(mapping.userID),
                \(mapping.displayName), \(now)
            ) on conflict (workspace_id, platform, platform_user_id) do update set
                user_id = excluded.user_id, updated_at = excluded.updated_at,
                display_name = case when excluded.display_name = '' then user_id_mappings.display_name
                    else excluded.display_name end
            """
        )
    }

    /// Forgets who a person is.
    /// - Throws: `DatabaseError`.
    package func remove(
        workspace: WorkspaceID,
        platform: String,
        platformUserID: String,
        in transaction: borrowing Transaction
    ) throws {
        try transaction.execute(
            """
            delete from user_id_mappings
            where workspace_id = \(workspace) and platform = \(platform) and platform_user_id = \(platformUserID)
            """
        )
    }

    /// Who a person is, or nil for a stranger.
    /// - Throws: `DatabaseError`.
    package func find(
        workspace: WorkspaceID,
        platform: String,
        platformUserID: String,
        in transaction: borrowing Transaction
    ) throws -> UserMapping? {
        try transaction.query(
            """
            select user_id, display_name from user_id_mappings
            where workspace_id = \(workspace) and platform = \(platform) and platform_user_id = \(platformUserID)
            """
        ).first.map { row in
            UserMapping(
                workspaceID: workspace,
                platform: platform,
                platformUserID: platformUserID,
                userID: try row.text("user_id"),
                displayName: try row.text("display_name")
            )
        }
    }
}
