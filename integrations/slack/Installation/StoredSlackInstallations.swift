package import CoreTypes
package import Persistence

/// The installations in the database: the table `integrations`, with the tokens sealed.
package struct StoredSlackInstallations: SlackInstallations {
    private static let type = SlackAdapter.platformName

    private let database: any Database
    private let store: IntegrationStore
    private let time: any TimeSource
    private let workspaces = WorkspaceStore()
    private let leases = LeaseStore()
    private let sealer: Sealer

    /// Makes the store.
    package init(database: any Database, sealer: Sealer, time: any TimeSource) {
        self.database = database
        self.time = time
        self.sealer = sealer
        store = IntegrationStore(sealer: sealer)
    }

    package func installation(of workspace: WorkspaceID) async throws -> SlackInstallation? {
        try await database.read { transaction in
            try store.find(workspace: workspace, type: Self.type, in: transaction).flatMap(SlackInstallation.init)
        }
    }

    package func all() async throws -> [SlackInstallation] {
        try await database.read { transaction in
            try store.list(type: Self.type, in: transaction).compactMap(SlackInstallation.init)
        }
    }

    package func save(_ installation: SlackInstallation) async throws {
        let now = time.now()
        try await database.write { transaction in
            try workspaces.ensure(
                installation.workspace,
                platform: Self.type,
                name: installation.name,
                now: now,
                in: transaction
            )
            try store.save(installation.integration, now: now, in: transaction)
        }
    }

    package func replaceTokens(
        of workspace: WorkspaceID,
        refreshToken old: Secret,
        with tokens: SlackInstallation.Tokens
    ) async throws -> Bool {
        let now = time.now()
        return try await database.write { transaction in
            var isReplaced = false
            try store.updateCredentials(workspace: workspace, type: Self.type, now: now, in: transaction) { stored in
                let present = SlackInstallation.Tokens(credentials: stored)
                guard let refresh = present?.refresh, refresh.reveal() == old.reveal() else { return present?.expires }
                stored = tokens.credentials
                isReplaced = true
                return tokens.expires
            }
            return isReplaced
        }
    }

    package func beginRenewal(of workspace: WorkspaceID, owner: String, duration: Duration) async throws -> Lease? {
        let now = time.now()
        return try await database.write { transaction in
            try leases.acquire(
                "slack-token/\(workspace)",
                owner: owner,
                duration: duration,
                now: now,
                in: transaction
            )
        }
    }

    package func endRenewal(_ lease: Lease) async throws {
        try await database.write { try leases.release(lease, in: $0) }
    }

    package func issueState(expires: Timestamp, identifiers: any IdentifierSource) -> Secret {
        OAuthStateStore(sealer: sealer, identifiers: identifiers).issue(platform: Self.type, expiresAt: expires).text
    }

    package func consumeState(_ state: String) async throws -> Bool {
        let (now, states) = (time.now(), OAuthStateStore(sealer: sealer))
        return try await database.write { transaction in
            try states.consume(state, platform: Self.type, now: now, in: transaction) != nil
        }
    }
}

extension SlackInstallation {
    /// Reads a row; nil where it is switched off or holds no token.
    fileprivate init?(_ integration: Integration) {
        guard integration.isEnabled, let tokens = Tokens(credentials: integration.credentials) else { return nil }
        let settings = integration.settings
        self.init(
            workspace: integration.workspaceID,
            teamID: settings["team_id"]?.string,
            enterpriseID: settings["enterprise_id"]?.string,
            isOrganisation: settings["is_enterprise_install"]?.bool ?? false,
            name: integration.name,
            botUserID: settings["bot_user_id"]?.string ?? "",
            appID: settings["app_id"]?.string ?? "",
            scopes: (settings["scopes"]?.array ?? []).compactMap(\.string),
            tokens: tokens
        )
    }

    fileprivate var integration: Integration {
        Integration(
            workspaceID: workspace,
            type: SlackAdapter.platformName,
            installationID: teamID ?? enterpriseID ?? "",
            name: name,
            settings: .record([
                "team_id": teamID.map { .string($0) },
                "enterprise_id": enterpriseID.map { .string($0) },
                "is_enterprise_install": .bool(isOrganisation),
                "bot_user_id": .string(botUserID),
                "app_id": .string(appID),
                "scopes": .strings(scopes),
            ]),
            credentials: tokens.credentials,
            credentialsExpireAt: tokens.expires
        )
    }
}

extension SlackInstallation.Tokens {
    fileprivate init?(credentials: [String: Secret]) {
        guard let access = credentials["access_token"] else { return nil }
        self.init(
            access: access,
            refresh: credentials["refresh_token"],
            expires: credentials["expires_at"].flatMap { Int64($0.reveal()) }.map { Timestamp(rawValue: $0) }
        )
    }

    /// The pair and its end in one sealed value, so that they can never belong to different pairs.
    fileprivate var credentials: [String: Secret] {
        var credentials = ["access_token": access]
        if let refresh { credentials["refresh_token"] = refresh }
        if let expires { credentials["expires_at"] = Secret(String(expires.rawValue)) }
        return credentials
    }
}
