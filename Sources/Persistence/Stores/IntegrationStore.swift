package import CoreTypes

/// The chat platforms that are connected (table `integrations`).
package struct IntegrationStore: Sendable {
    /// How far a platform's clock may be behind ours; nobody removes an app and installs it again in so short a time.
    package static let clockAllowance = Duration.seconds(5)

    private let sealer: Sealer

    /// Makes the store.
    package init(sealer: Sealer) {
        self.sealer = sealer
    }

    /// Connects a platform, or replaces what is known of it.
    /// - Throws: `DatabaseError`.
    package func save(_ integration: Integration, now: Timestamp, in transaction: borrowing Transaction) throws {
        let sealed = try seal(integration.credentials, integration.workspaceID, integration.type)
        try transaction.execute(
            """
            insert into integrations (
                workspace_id, integration_type, installation_id, name, enabled, settings_json, sealed_credentials,
                credentials_expire_at, created_at, updated_at
            ) values (
                \(integration.workspaceID), \(integration.type), \(integration.installationID), \(integration.name),
                \(integration.isEnabled), \(integration.settings), \(sealed), \(integration.credentialsExpireAt),
                \(now), \(now)
            ) on conflict (workspace_id, integration_type) do update set
                installation_id = excluded.installation_id, name = excluded.name, enabled = excluded.enabled,
                settings_json = excluded.settings_json, sealed_credentials = excluded.sealed_credentials,
                credentials_expire_at = excluded.credentials_expire_at, updated_at = excluded.updated_at
            """
        )
    }

    /// A workspace's connection to a platform, enabled or not.
    /// - Throws: `DatabaseError`, with the reason `sealed` where the credentials do not open.
    package func find(
        workspace: WorkspaceID,
        type: String,
        in transaction: borrowing Transaction
    ) throws -> Integration? {
        try select("where workspace_id = \(workspace) and integration_type = \(type)", in: transaction).first
    }

    /// All workspaces' connections to a platform, enabled or not: for the operator.
    /// - Throws: `DatabaseError`, with the reason `sealed` where credentials do not open.
    package func list(type: String, in transaction: borrowing Transaction) throws -> [Integration] {
        try select("where integration_type = \(type) order by workspace_id", in: transaction)
    }

    /// Changes the credentials while nobody else can, as the refresh of a token has to.
    /// - Parameter change: changes them and says when they expire, or nil for never.
    /// - Returns: false where there is no such connection.
    /// - Throws: what `change` threw, or `DatabaseError`.
    @discardableResult
    package func updateCredentials(
        workspace: WorkspaceID,
        type: String,
        now: Timestamp,
        in transaction: borrowing Transaction,
        _ change: (inout [String: Secret]) throws -> Timestamp?
    ) throws -> Bool {
        let found = try select(
            """
            where workspace_id = \(workspace) and integration_type = \(type)
            \(raw: transaction.dialect.forUpdate)
            """,
            in: transaction
        )
        guard var credentials = found.first?.credentials else { return false }
        let expireAt = try change(&credentials)
        let sealed = try seal(credentials, workspace, type)
        try transaction.execute(
            """
            update integrations set sealed_credentials = \(sealed), credentials_expire_at = \(expireAt),
                updated_at = \(now)
            where workspace_id = \(workspace) and integration_type = \(type)
            """
        )
        return true
    }

    /// Switches a connection off, because its app was uninstalled or its token revoked; the credentials are forgotten.
    /// - Parameter moment: when that happened by the platform's clock; a connection that was made or renewed clearly
    ///   later stays. nil for just now.
    /// - Returns: false where there is no such connection.
    /// - Throws: `DatabaseError`.
    @discardableResult
    package func disable(
        workspace: WorkspaceID,
        type: String,
        asOf moment: Timestamp? = nil,
        now: Timestamp,
        in transaction: borrowing Transaction
    ) throws -> Bool {
        try transaction.execute(
            """
            update integrations set enabled = false, sealed_credentials = null, credentials_expire_at = null,
                updated_at = \(now)
            where workspace_id = \(workspace) and integration_type = \(type)
                and updated_at <= \(moment.map { $0 + Self.clockAllowance } ?? now)
            """
        ) == 1
    }

    /// Whether a workspace was ever connected, and still is or has been switched off.
    /// - Throws: `DatabaseError`.
    package func exists(workspace: WorkspaceID, type: String, in transaction: borrowing Transaction) throws -> Bool {
        try !transaction.query(
            "select 1 from integrations where workspace_id = \(workspace) and integration_type = \(type)"
        ).isEmpty
    }

    private func select(_ condition: SQL, in transaction: borrowing Transaction) throws -> [Integration] {
        try transaction.query(
            """
            select workspace_id, integration_type, installation_id, name, enabled, settings_json, sealed_credentials,
                credentials_expire_at
            from integrations \(condition)
            """
        ).map { row in
            var integration = Integration(
                workspaceID: try row.id("workspace_id"),
                type: try row.text("integration_type"),
                installationID: try row.text("installation_id"),
                name: try row.text("name"),
                isEnabled: try row.bool("enabled"),
                settings: try row.json("settings_json"),
                credentialsExpireAt: try row.timestampOrNil("credentials_expire_at")
            )
            if let sealed = try row.blobOrNil("sealed_credentials") {
                integration.credentials = try open(sealed, integration.workspaceID, integration.type)
            }
            return integration
        }
    }

    private func seal(_ credentials: [String: Secret], _ workspace: WorkspaceID, _ type: String) throws -> [UInt8] {
        let document = JSONValue.object(credentials.mapValues { .string($0.reveal()) })
        return try sealer.seal(document.bytes, identity: Self.identity(workspace, type))
    }

    private func open(_ sealed: [UInt8], _ workspace: WorkspaceID, _ type: String) throws -> [String: Secret] {
        let bytes = try sealer.open(sealed, identity: Self.identity(workspace, type))
        guard let members = (try? JSONValue(parsing: bytes))?.object else {
            throw DatabaseError(.sealed, "The stored credentials of \(type) are damaged.")
        }
        return members.compactMapValues { $0.string.map { Secret($0) } }
    }

    private static func identity(_ workspace: WorkspaceID, _ type: String) -> [String] {
        ["integrations", workspace.rawValue, type]
    }
}
