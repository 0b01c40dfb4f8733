import CoreTypes
package import Persistence

/// The table `webhook_configs`.
package struct EndpointStore: Sendable {
    let sealer: Sealer

    /// Makes the store.
    package init(sealer: Sealer) {
        self.sealer = sealer
    }

    /// Adds an endpoint.
    /// - Parameter idempotency: the caller's key and a hash of what was asked, so that a repetition is recognised.
    /// - Returns: false where the key was used before.
    /// - Throws: `DatabaseError`.
    func insert(
        _ endpoint: Endpoint,
        secrets: EndpointSecrets,
        idempotency: (key: String, hash: String)?,
        in transaction: borrowing Transaction
    ) throws -> Bool {
        let sealed = try secrets.sealed(sealer, workspace: endpoint.workspace, id: endpoint.id)
        return try transaction.execute(
            """
            insert into webhook_configs (workspace_id, id, url, name, description, source, settings_json,
                sealed_secrets, created_by, idempotency_key, request_hash, status, created_at, updated_at)
            values (\(endpoint.workspace), \(endpoint.id), \(endpoint.url), \(endpoint.name), \(endpoint.details),
                \(endpoint.source), \(endpoint.settings.json), \(sealed), \(endpoint.createdBy),
                \(idempotency?.key), \(idempotency?.hash), \(endpoint.status.rawValue), \(endpoint.createdAt),
                \(endpoint.createdAt))
            on conflict do nothing
            """
        ) == 1
    }

    /// The endpoint that a key of idempotency led to, with the hash of what was asked.
    /// - Throws: `DatabaseError`.
    func find(idempotencyKey key: String, workspace: WorkspaceID, in transaction: borrowing Transaction) throws
        -> (endpoint: Endpoint, hash: String)?
    {
        try transaction.query(
            """
            select * from webhook_configs where workspace_id = \(workspace) and idempotency_key = \(key)
            \(raw: transaction.dialect.forUpdate)
            """
        ).first.map { (try Endpoint(readable: $0), try $0.textOrNil("request_hash") ?? "") }
    }

    /// One endpoint.
    /// - Parameter workspace: whose it has to be; nil shows the operator those of all workspaces.
    /// - Throws: `DatabaseError`.
    func find(_ id: EndpointID, workspace: WorkspaceID?, in transaction: borrowing Transaction) throws -> Endpoint? {
        try transaction.query(
            "select * from webhook_configs where id = \(id) and \(Self.owner(workspace))"
        ).first.map { try Endpoint(readable: $0) }
    }

    /// One endpoint that has to be there.
    /// - Throws: `SubscriptionError` with code `not_found`; `DatabaseError`.
    func existing(_ id: EndpointID, workspace: WorkspaceID?, in transaction: borrowing Transaction) throws -> Endpoint {
        guard let endpoint = try find(id, workspace: workspace, in: transaction) else {
            throw SubscriptionError.noEndpoint
        }
        return endpoint
    }

    /// An endpoint's secrets.
    /// - Throws: `DatabaseError`, with the reason `sealed` where they do not open.
    func secrets(of endpoint: Endpoint, in transaction: borrowing Transaction) throws -> EndpointSecrets? {
        try transaction.query(
            """
            select sealed_secrets from webhook_configs
            where workspace_id = \(endpoint.workspace) and id = \(endpoint.id) \(raw: transaction.dialect.forUpdate)
            """
        ).first.map { row in
            try EndpointSecrets(
                sealed: try row.blob("sealed_secrets"),
                sealer: sealer,
                workspace: endpoint.workspace,
                id: endpoint.id
            )
        }
    }

    /// Replaces an endpoint's secrets.
    /// - Throws: `DatabaseError`.
    func save(_ secrets: EndpointSecrets, of endpoint: Endpoint, now: Timestamp, in transaction: borrowing Transaction)
        throws
    {
        let sealed = try secrets.sealed(sealer, workspace: endpoint.workspace, id: endpoint.id)
        try transaction.execute(
            """
            update webhook_configs set sealed_secrets = \(sealed), updated_at = \(now)
            where workspace_id = \(endpoint.workspace) and id = \(endpoint.id)
            """
        )
    }

    /// The endpoints, the newest first, and how many there are in all.
    /// - Throws: `DatabaseError`.
    func list(
        workspace: WorkspaceID?,
        activeOnly: Bool,
        source: String? = nil,
        limit: Int,
        offset: Int,
        in transaction: borrowing Transaction
    ) throws -> (items: [Endpoint], total: Int) {
        let active: SQL = activeOnly ? "and status = 'active'" : ""
        let made: SQL = source.map { "and source = \($0)" } ?? ""
        let filter: SQL = "\(active) \(made)"
        let total = try transaction.query(
            "select count(*) as total from webhook_configs where \(Self.owner(workspace)) \(filter)"
        ).first?.integer("total")
        let rows = try transaction.query(
            """
            select * from webhook_configs where \(Self.owner(workspace)) \(filter)
            order by created_at desc, id desc limit \(limit) offset \(offset)
            """
        )
        return (try rows.map { try Endpoint(readable: $0) }, Int(total ?? 0))
    }

    /// The endpoints that hear of what happens now, with what they want.
    ///
    /// One whose settings are damaged hears everything: what happens must not fail because of it, nor be lost for it.
    /// - Throws: `DatabaseError`.
    func listening(in workspace: WorkspaceID, _ transaction: borrowing Transaction) throws
        -> [(id: EndpointID, settings: EndpointSettings)]
    {
        try transaction.query(
            """
            select id, settings_json from webhook_configs
            where workspace_id = \(workspace) and status <> 'disabled' order by id
            """
        ).map { row in
            (
                try row.id("id"),
                (try? row.json("settings_json")).map { EndpointSettings(json: $0) } ?? EndpointSettings()
            )
        }
    }

    /// Writes down what somebody changed; settings that could not be read stay as they are.
    /// - Throws: `DatabaseError`.
    func update(_ endpoint: Endpoint, now: Timestamp, in transaction: borrowing Transaction) throws {
        let settings: SQL = endpoint.damage == nil ? ", settings_json = \(endpoint.settings.json)" : ""
        try transaction.execute(
            """
            update webhook_configs set url = \(endpoint.url), name = \(endpoint.name),
                description = \(endpoint.details), updated_at = \(now) \(settings)
            where workspace_id = \(endpoint.workspace) and id = \(endpoint.id)
            """
        )
    }

    /// Changes whether an endpoint is delivered to; one that is set going again begins with a clean slate.
    /// - Returns: false where it had this status already, or is not there.
    /// - Throws: `DatabaseError`.
    @discardableResult
    func setStatus(
        _ status: Endpoint.Status,
        reason: String?,
        of id: EndpointID,
        workspace: WorkspaceID,
        now: Timestamp,
        in transaction: borrowing Transaction
    ) throws -> Bool {
        let slate: SQL = status == .active ? ", failing_since = null, held_until = null" : ""
        return try transaction.execute(
            """
            update webhook_configs set status = \(status.rawValue), status_reason = \(reason), updated_at = \(now)
                \(slate)
            where workspace_id = \(workspace) and id = \(id) and status <> \(status.rawValue)
            """
        ) == 1
    }

    /// Removes an endpoint with what it is owed and its attempts.
    /// - Throws: `DatabaseError`.
    func delete(_ id: EndpointID, workspace: WorkspaceID, in transaction: borrowing Transaction) throws {
        for table in ["webhooks", "webhook_attempts"] {
            try transaction.execute(
                "delete from \(raw: table) where workspace_id = \(workspace) and endpoint_id = \(id)"
            )
        }
        try transaction.execute("delete from webhook_configs where workspace_id = \(workspace) and id = \(id)")
    }

    static func owner(_ workspace: WorkspaceID?) -> SQL {
        workspace.map { "workspace_id = \($0)" } ?? "true"
    }
}

extension Endpoint {
    /// Reads a row.
    init(_ row: Row) throws {
        try self.init(
            row,
            settings: EndpointSettings(json: try row.json("settings_json")),
            status: try row.word("status", of: "a webhook")
        )
    }

    /// Reads what can be read of a row: whoever is to mend or to remove what is damaged has to see it.
    init(readable row: Row) throws {
        do {
            self = try Endpoint(row)
        } catch let error as DatabaseError where error.reason == .decoding {
            var unknown = EndpointSettings()
            unknown.events = []
            let status: Status? = try? row.word("status", of: "a webhook")
            self = try Endpoint(
                row,
                settings: (try? row.json("settings_json")).map { EndpointSettings(json: $0) } ?? unknown,
                status: status ?? .disabled
            )
            damage =
                "What is stored of this webhook cannot be read: \(error.description) "
                + "PATCH it with `events` and all else that it is to have, or DELETE it."
        }
    }

    private init(_ row: Row, settings: EndpointSettings, status: Status) throws {
        workspace = try row.id("workspace_id")
        id = try row.id("id")
        url = try row.text("url")
        name = try row.text("name")
        details = try row.text("description")
        source = try row.text("source")
        self.settings = settings
        createdBy = try row.text("created_by")
        self.status = status
        statusReason = try row.textOrNil("status_reason")
        failingSince = try row.timestampOrNil("failing_since")
        deliveryCount = try row.integer("delivery_count")
        failureCount = try row.integer("failure_count")
        lastDeliveryAt = try row.timestampOrNil("last_delivery_at")
        lastDeliveryStatus = try row.integerOrNil("last_delivery_status").map { Int($0) }
        createdAt = try row.timestamp("created_at")
        updatedAt = try row.timestamp("updated_at")
    }
}
