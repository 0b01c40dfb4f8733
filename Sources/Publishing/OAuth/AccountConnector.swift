package import Channels
package import CoreTypes
package import Logging
package import Persistence
package import Transport

/// Connects an account: sends a person to the platform, takes them back, and stores the tokens sealed.
///
/// Only who may use the API gets the way there; the state that it holds is stored as a hash, good for ten minutes and
/// once, and bound to the PKCE verifier that waits sealed beside it.
package struct AccountConnector: Sendable {
    private static let stateLifetime = Duration.seconds(600)

    /// Asks the platform whose account the token is for: its id and its name.
    package typealias Identify = @Sendable (Secret) async throws -> (id: String, name: String)

    /// The platform and our app there.
    package let provider: OAuth2Provider
    private let database: any Database
    private let sealer: Sealer
    private let transport: any HTTPTransport
    private let time: any TimeSource
    private let identifiers: any IdentifierSource
    private let logger: Logger
    private let identify: Identify

    /// Makes the two ends of the way.
    package init(
        provider: OAuth2Provider,
        database: any Database,
        sealer: Sealer,
        transport: any HTTPTransport,
        time: any TimeSource,
        identifiers: any IdentifierSource,
        logger: Logger,
        identify: @escaping Identify
    ) {
        self.provider = provider
        self.database = database
        self.sealer = sealer
        self.transport = transport
        self.time = time
        self.identifiers = identifiers
        self.logger = logger
        self.identify = identify
    }

    /// The address to open in a browser, to connect an account to a workspace.
    /// - Throws: `DatabaseError`.
    package func begin(workspace: WorkspaceID) async throws -> String {
        let verifier = Secret(identifiers.next() + identifiers.next())
        let sealed = try sealer.seal(Array(verifier.reveal().utf8), identity: Self.identity(provider.platform))
        let payload: JSONValue = [
            "workspace": .string(workspace.rawValue), "verifier": .string(hexadecimal(sealed)),
        ]
        let state = try await database.write { transaction in
            try OAuthStateStore(identifiers: identifiers).issue(
                platform: provider.platform,
                payload: payload,
                expiresAt: time.now() + Self.stateLifetime,
                in: transaction
            )
        }
        return provider.authorizeAddress(state: state, verifier: verifier)
    }

    /// Takes a person back from the platform.
    package func finish(query: [(name: String, value: String)]) async -> Acknowledgement {
        func value(_ name: String) -> String? { query.first { $0.name == name }?.value }
        do {
            guard let state = value("state"), state.utf8.count <= 128, let waiting = try await consume(state) else {
                return AccountPage.expired
            }
            if value("error") != nil { return AccountPage.refused(provider.title) }
            guard let code = value("code"), !code.isEmpty, code.utf8.count <= 2048 else { return AccountPage.expired }
            let name = try await connect(code: code, workspace: waiting.workspace, verifier: waiting.verifier)
            logger.info("An account was connected", metadata: ["platform": "\(provider.platform)"])
            return AccountPage.connected(provider.title, name: name)
        } catch {
            let failure = PublishingFailure(error)
            logger.warning("An account could not be connected", metadata: ["error.code": "\(failure.code)"])
            return AccountPage.failed(provider.title, failure.description)
        }
    }

    private func consume(_ state: String) async throws -> (workspace: WorkspaceID, verifier: Secret)? {
        let payload = try await database.write { transaction in
            try OAuthStateStore().consume(state, platform: provider.platform, now: time.now(), in: transaction)
        }
        guard let workspace = payload?["workspace"]?.string,
            let sealed = payload?["verifier"]?.string.flatMap(hexadecimalBytes)
        else { return nil }
        let bytes = try sealer.open(sealed, identity: Self.identity(provider.platform))
        return (WorkspaceID(workspace), Secret(String(decoding: bytes, as: UTF8.self)))
    }

    private func connect(code: String, workspace: WorkspaceID, verifier: Secret) async throws -> String {
        let request = provider.tokenRequest([
            ("grant_type", "authorization_code"), ("code", code), ("redirect_uri", provider.redirectURL),
            ("code_verifier", verifier.reveal()),
        ])
        let grant = try OAuth2Grant(try await transport.send(request), platform: provider.title, now: time.now())
        let account = try await identify(grant.access)
        var credentials = ["access_token": grant.access]
        if let refresh = grant.refresh { credentials["refresh_token"] = refresh }
        let integration = Integration(
            workspaceID: workspace,
            type: provider.platform,
            installationID: account.id,
            name: account.name,
            settings: ["scopes": .strings(grant.scopes)],
            credentials: credentials,
            credentialsExpireAt: grant.expiresAt
        )
        try await database.write { transaction in
            try IntegrationStore(sealer: sealer).save(integration, now: time.now(), in: transaction)
        }
        return account.name
    }

    private static func identity(_ platform: String) -> [String] { ["oauth_states", platform, "verifier"] }
}
