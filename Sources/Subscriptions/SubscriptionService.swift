package import CoreTypes
package import Persistence
package import Transport

/// What programs, the page and the operator do with webhooks; what is owed to them is `deliveries`.
///
/// A call with a workspace sees that one alone; one without sees all of them and is the operator's.
package struct SubscriptionService: Sendable {
    /// An endpoint with the secret that its receiver needs, where it may be shown.
    package struct Created: Sendable {
        package let endpoint: Endpoint
        package let receiverKey: Secret?
        /// Whether the same was asked before.
        package let isRepetition: Bool
        /// Whether the secret that was replaced could not be read: it signs no more, and the further headers are gone.
        package var hasLostFormer = false
        /// Until when the secret that was replaced signs along; nil where no former one signs.
        package var formerSignsUntil: Timestamp?
    }

    /// How long a repetition of a creation is shown the secret: whoever repeats it may not have got the answer.
    private static let repetitionWindow = Duration.seconds(3600)
    /// The most endpoints of one workspace.
    private static let mostEndpoints = 1000

    /// What is done with what they are owed.
    package let deliveries: DeliveryService
    let database: any Database
    let endpoints: EndpointStore
    private let cursors = CursorStore()
    let time: any TimeSource
    private let identifiers: any IdentifierSource
    private let addressGuard: AddressGuard
    private let places: OwnerPlaces

    /// Makes the service.
    /// - Parameters:
    ///   - addressGuard: where endpoints may be.
    ///   - places: where their owners can be told something.
    package init(
        database: any Database,
        endpoints: EndpointStore,
        addressGuard: AddressGuard,
        places: OwnerPlaces = OwnerPlaces(platforms: [:]),
        time: any TimeSource,
        identifiers: any IdentifierSource
    ) {
        deliveries = DeliveryService(
            database: database,
            endpoints: endpoints,
            time: time,
            identifiers: identifiers
        )
        self.places = places
        self.database = database
        self.endpoints = endpoints
        self.addressGuard = addressGuard
        self.time = time
        self.identifiers = identifiers
    }

    /// Makes an endpoint; the same key of idempotency gives the same one, which is renewed where the draft says so.
    /// - Throws: `SubscriptionError`, `DatabaseError`.
    package func create(_ draft: EndpointDraft) async throws -> Created {
        try check(draft.url)
        try draft.check()
        let secret = try draft.secret.map { try WebhookSecret(parsing: $0) } ?? .generate(draft.scheme)
        if draft.settings.addsLegacySignature { try checkLegacySignature(secret.scheme) }
        let now = time.now()
        let endpoint = Endpoint(
            workspace: draft.workspace,
            id: EndpointID("wh_\(identifiers.next())"),
            url: draft.url,
            name: draft.name,
            details: draft.details,
            source: draft.source,
            settings: draft.settings,
            createdBy: draft.createdBy,
            status: .active,
            deliveryCount: 0,
            failureCount: 0,
            createdAt: now,
            updatedAt: now
        )
        let created = try await database.write { transaction in
            try WorkspaceStore().ensure(draft.workspace, platform: "api", now: now, in: transaction)
            if let key = draft.idempotencyKey,
                let twin = try endpoints.find(idempotencyKey: key, workspace: draft.workspace, in: transaction)
            {
                return try repeated(twin, draft, secret, now: now, in: transaction)
            }
            let total = try endpoints.list(
                workspace: draft.workspace,
                activeOnly: false,
                limit: 1,
                offset: 0,
                in: transaction
            ).total
            guard total < Self.mostEndpoints else {
                throw SubscriptionError(.conflict, "A workspace may have \(Self.mostEndpoints) webhooks at most.")
            }
            var endpoint = endpoint
            endpoint.settings = try places.resolved(draft.settings, of: draft.workspace, in: transaction)
            let isNew = try endpoints.insert(
                endpoint,
                secrets: EndpointSecrets(secret, headers: draft.headers),
                idempotency: draft.idempotencyKey.map { ($0, draft.hash) },
                in: transaction
            )
            guard isNew else { throw DatabaseError(.serialization, "The same webhook is being made elsewhere.") }
            try cursors.openAll(in: draft.workspace, now: now, transaction)
            return Created(endpoint: endpoint, receiverKey: secret.receiverKey, isRepetition: false)
        }
        // One that was set going again may be owed something.
        if created.isRepetition { await database.notify(.outbox) }
        return created
    }

    private func repeated(
        _ twin: (endpoint: Endpoint, hash: String),
        _ draft: EndpointDraft,
        _ secret: WebhookSecret,
        now: Timestamp,
        in transaction: borrowing Transaction
    ) throws -> Created {
        guard twin.hash == draft.hash else {
            throw SubscriptionError(.conflict, "This Idempotency-Key was used for another webhook.")
        }
        if draft.renewsRepeated, let renewed = try renewed(twin.endpoint, draft, secret, now: now, in: transaction) {
            return Created(endpoint: renewed, receiverKey: secret.receiverKey, isRepetition: true)
        }
        // What was renewed was made anew then.
        let madeAt = draft.renewsRepeated ? twin.endpoint.updatedAt : twin.endpoint.createdAt
        let isFresh = now - madeAt < Self.repetitionWindow
        let secrets = isFresh ? try readableSecrets(of: twin.endpoint, in: transaction) : nil
        return Created(endpoint: twin.endpoint, receiverKey: secrets?.current.receiverKey, isRepetition: true)
    }

    /// Makes an endpoint what its draft says once more, with a new secret, as if it had just been made.
    /// - Returns: the endpoint; nil where it is active and what the draft says.
    private func renewed(
        _ former: Endpoint,
        _ draft: EndpointDraft,
        _ secret: WebhookSecret,
        now: Timestamp,
        in transaction: borrowing Transaction
    ) throws -> Endpoint? {
        var kept = draft.settings
        // Where its channel is depends on what is connected now; that was found out when it was made.
        (kept.notify, kept.notifyWorkspace) = (former.settings.notify, former.settings.notifyWorkspace)
        let isKept = former.damage == nil && former.url == draft.url && former.settings == kept
        guard former.status != .active || !isKept else { return nil }
        let settings = try places.resolved(draft.settings, of: draft.workspace, in: transaction)
        var endpoint = former
        (endpoint.url, endpoint.name, endpoint.details) = (draft.url, draft.name, draft.details)
        (endpoint.settings, endpoint.damage) = (settings, nil)
        try endpoints.update(endpoint, now: now, in: transaction)
        try endpoints.save(EndpointSecrets(secret, headers: draft.headers), of: endpoint, now: now, in: transaction)
        try setStatus(.active, reason: nil, of: endpoint, now: now, in: transaction)
        return try endpoints.existing(former.id, workspace: former.workspace, in: transaction)
    }

    /// The endpoints, the newest first, and how many there are.
    /// - Parameter source: those that this made, such as `zapier`, alone.
    /// - Throws: `DatabaseError`.
    package func list(
        workspace: WorkspaceID?,
        activeOnly: Bool,
        source: String? = nil,
        limit: Int,
        offset: Int
    ) async throws -> (items: [Endpoint], total: Int) {
        try await database.read { transaction in
            try endpoints.list(
                workspace: workspace,
                activeOnly: activeOnly,
                source: source,
                limit: limit,
                offset: offset,
                in: transaction
            )
        }
    }

    /// One endpoint.
    /// - Throws: `SubscriptionError` with code `not_found`; `DatabaseError`.
    package func find(_ id: EndpointID, workspace: WorkspaceID?) async throws -> Endpoint {
        try await database.read { try endpoints.existing(id, workspace: workspace, in: $0) }
    }

    /// Changes an endpoint.
    /// - Parameter headers: take the place of its further headers; nil leaves them.
    /// - Throws: `SubscriptionError`, what the closure throws, `DatabaseError`.
    package func update(
        _ id: EndpointID,
        workspace: WorkspaceID?,
        headers: [(name: String, value: String)]? = nil,
        _ change: @Sendable (inout Endpoint) throws -> Void
    ) async throws -> Endpoint {
        let now = time.now()
        let changed = try await database.write { transaction in
            var endpoint = try endpoints.existing(id, workspace: workspace, in: transaction)
            let before = endpoint
            try change(&endpoint)
            // A guard that has become stricter must not keep anybody from pausing.
            if endpoint.url != before.url || (endpoint.status == .active && before.status != .active) {
                try check(endpoint.url)
            }
            // What is damaged stays as it is until somebody says what it is to be.
            if endpoint.settings != before.settings { endpoint.damage = nil }
            var draft = EndpointDraft(workspace: endpoint.workspace, url: endpoint.url, createdBy: endpoint.createdBy)
            (draft.name, draft.details) = (endpoint.name, endpoint.details)
            if endpoint.damage == nil { draft.settings = endpoint.settings }
            draft.headers = headers ?? []
            try draft.check()
            if endpoint.settings.notifyPlace != before.settings.notifyPlace {
                endpoint.settings = try places.resolved(endpoint.settings, of: endpoint.workspace, in: transaction)
            }
            let isSignedAnew = endpoint.settings.addsLegacySignature && !before.settings.addsLegacySignature
            if isSignedAnew || headers != nil {
                try keep(headers, of: endpoint, now: now, in: transaction)
            }
            try endpoints.update(endpoint, now: now, in: transaction)
            if endpoint.status != before.status {
                try setStatus(endpoint.status, reason: nil, of: endpoint, now: now, in: transaction)
            }
            return try endpoints.existing(id, workspace: workspace, in: transaction)
        }
        await database.notify(.outbox)
        return changed
    }

    /// Replaces the further headers, where there are others, and looks whether the secret fits the settings.
    private func keep(
        _ headers: [(name: String, value: String)]?,
        of endpoint: Endpoint,
        now: Timestamp,
        in transaction: borrowing Transaction
    ) throws {
        guard var secrets = try endpoints.secrets(of: endpoint, in: transaction) else {
            throw SubscriptionError.noEndpoint
        }
        if endpoint.settings.addsLegacySignature { try checkLegacySignature(secrets.current.scheme) }
        guard let headers else { return }
        secrets.headers = headers
        try endpoints.save(secrets, of: endpoint, now: now, in: transaction)
    }

    /// Removes an endpoint with all that is kept of it.
    /// - Throws: `SubscriptionError` with code `not_found`; `DatabaseError`.
    package func delete(_ id: EndpointID, workspace: WorkspaceID?) async throws {
        try await database.write { transaction in
            let endpoint = try endpoints.existing(id, workspace: workspace, in: transaction)
            try endpoints.delete(id, workspace: endpoint.workspace, in: transaction)
        }
    }

    /// Stops an endpoint or sets it going again; what happens while it is paused waits for it.
    /// - Throws: `SubscriptionError` with code `not_found`; `DatabaseError`.
    package func setStatus(_ status: Endpoint.Status, of id: EndpointID, workspace: WorkspaceID?) async throws
        -> Endpoint
    {
        try await update(id, workspace: workspace) { $0.status = status }
    }

    /// Stops or starts all endpoints; those that were given up stay as they are when all are paused.
    /// - Returns: how many changed.
    /// - Throws: `DatabaseError`.
    package func setStatusOfAll(_ status: Endpoint.Status, workspace: WorkspaceID?) async throws -> Int {
        let now = time.now()
        let changed = try await database.write { transaction in
            let all = try endpoints.list(
                workspace: workspace,
                activeOnly: false,
                limit: 100_000,
                offset: 0,
                in: transaction
            )
            // In the order in which those who write attempts down lock them.
            let changing = all.items.filter { $0.status != status && $0.status != .disabled }.sorted { $0.id < $1.id }
            return try changing.count { endpoint in
                try setStatus(status, reason: nil, of: endpoint, now: now, in: transaction)
            }
        }
        await database.notify(.outbox)
        return changed
    }

    @discardableResult
    private func setStatus(
        _ status: Endpoint.Status,
        reason: String?,
        of endpoint: Endpoint,
        now: Timestamp,
        in transaction: borrowing Transaction
    ) throws -> Bool {
        if status == .active { try cursors.openAll(in: endpoint.workspace, now: now, transaction) }
        return try endpoints.setStatus(
            status,
            reason: reason,
            of: endpoint.id,
            workspace: endpoint.workspace,
            now: now,
            in: transaction
        )
    }

    private func check(_ url: String) throws(SubscriptionError) {
        if let objection = addressGuard.objection(to: url) {
            throw SubscriptionError(.invalidURL, "`url` cannot be used. \(objection)")
        }
    }
}
