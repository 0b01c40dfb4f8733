package import Channels
package import CoreTypes
package import Logging
package import Persistence
package import Transport

/// Connects an account: sends a person to the platform, takes them back, and stores the tokens sealed.
///
/// Only who may use the API gets the way there; the state that it holds is signed, good for ten minutes and once, and
/// the PKCE verifier comes of it.
package struct AccountConnector: Sendable {
    private static let stateLifetime = Duration.seconds(600)

    /// Asks the platform whose account the token is for: its id and its name.
    package typealias Identify = @Sendable (Secret) async throws -> (id: String, name: String)

    /// The platform and our app there.
    package let provider: OAuth2Provider
    private let database: any Database
    private let sealer: Sealer
    private let states: OAuthStateStore
    private let transport: any HTTPTransport
    private let time: any TimeSource
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
        states = OAuthStateStore(sealer: sealer, identifiers: identifiers)
        self.transport = transport
        self.time = time
        self.logger = logger
        self.identify = identify
    }

    /// The address to open in a browser, to connect an account to a workspace.
    package func begin(workspace: WorkspaceID) -> String {
        let state = states.issue(
            platform: provider.platform,
            subject: workspace.rawValue,
            expiresAt: time.now() + Self.stateLifetime
        )
        return provider.authorizeAddress(state: state.text, verifier: state.verifier)
    }

    /// Takes a person back from the platform.
    package func finish(query: [(name: String, value: String)]) async -> Acknowledgement {
        func value(_ name: String) -> String? { query.first { $0.name == name }?.value }
        do {
            // Nothing is changed, whoever says so.
            if value("error") != nil { return AccountPage.refused(provider.title) }
            guard let code = value("code"), !code.isEmpty, code.utf8.count <= 2048,
                let text = value("state"), text.utf8.count <= 1024, let state = try await consume(text)
            else { return AccountPage.expired }
            let name = try await connect(code: code, workspace: WorkspaceID(state.subject), verifier: state.verifier)
            logger.info("An account was connected", metadata: ["platform": "\(provider.platform)"])
            return AccountPage.connected(provider.title, name: name)
        } catch {
            let failure = PublishingFailure(error)
            logger.warning("An account could not be connected", metadata: ["error.code": "\(failure.code)"])
            return AccountPage.failed(provider.title, failure.description)
        }
    }

    private func consume(_ state: String) async throws -> OAuthState? {
        let now = time.now()
        return try await database.write { transaction in
            try states.consume(state, platform: provider.platform, now: now, in: transaction)
        }
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
}
