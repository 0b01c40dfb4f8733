package import CoreTypes
package import Persistence
package import Transport

/// Gives the access token of a workspace's account, and renews it in time.
///
/// One process at a time renews: it holds a row of the table `leases` while it speaks to the platform, and the tokens'
/// row is locked while they are replaced. The others wait for the new token.
package struct AccountTokens: Sendable {
    /// A token is renewed when it lives no longer than this.
    private static let margin = Duration.seconds(300)
    private static let lease = Duration.seconds(30)
    private static let poll = Duration.milliseconds(250)

    private let provider: OAuth2Provider
    private let database: any Database
    private let integrations: IntegrationStore
    private let transport: any HTTPTransport
    private let time: any TimeSource
    private let identifiers: any IdentifierSource

    /// Makes the keeper of a platform's tokens.
    package init(
        provider: OAuth2Provider,
        database: any Database,
        sealer: Sealer,
        transport: any HTTPTransport,
        time: any TimeSource,
        identifiers: any IdentifierSource
    ) {
        self.provider = provider
        self.database = database
        integrations = IntegrationStore(sealer: sealer)
        self.transport = transport
        self.time = time
        self.identifiers = identifiers
    }

    /// The account that a workspace has connected; nil where there is none.
    /// - Throws: `PublishingFailure`.
    package func account(of workspace: WorkspaceID) async throws(PublishingFailure) -> Integration? {
        do {
            let found = try await database.read { transaction in
                try integrations.find(workspace: workspace, type: provider.platform, in: transaction)
            }
            return found.flatMap { $0.isEnabled && !$0.credentials.isEmpty ? $0 : nil }
        } catch {
            throw PublishingFailure(error)
        }
    }

    /// The workspaces that have connected an account.
    /// - Throws: `PublishingFailure`.
    package func workspaces() async throws(PublishingFailure) -> [WorkspaceID] {
        do {
            let all = try await database.read { try integrations.list(type: provider.platform, in: $0) }
            return all.filter { $0.isEnabled && !$0.credentials.isEmpty }.map(\.workspaceID)
        } catch {
            throw PublishingFailure(error)
        }
    }

    /// A token that is good for some minutes.
    /// - Parameter refused: a token that the platform did not take, so that another one is wanted.
    /// - Throws: `PublishingFailure`, never of the kind `unknown`: nothing was published when this fails.
    package func token(of workspace: WorkspaceID, refused: Secret? = nil) async throws(PublishingFailure) -> Secret {
        let owner = identifiers.next()
        let deadline = time.now() + Self.lease
        while true {
            guard let account = try await account(of: workspace), let token = account.credentials["access_token"] else {
                throw PublishingFailure(
                    .authentication,
                    code: "not_connected",
                    "No \(provider.title) account is connected to \(workspace): run "
                        + "`aragora publish connect \(provider.platform) --workspace \(workspace)`."
                )
            }
            let isRefused = refused.map { $0.reveal() == token.reveal() } ?? false
            let isFresh = account.credentialsExpireAt.map { $0 > time.now() + Self.margin } ?? true
            if isFresh, !isRefused { return token }
            do {
                if let lease = try await begin(workspace, owner) {
                    // Not cancelled with its caller, which waits for it: the platform ends the old tokens with its
                    // answer, so that the new ones have to be kept whatever else is given up.
                    return try await Task {
                        let renewed = await renew(account, until: lease.until)
                        // One that cannot be given back runs out by itself.
                        try? await end(lease)
                        return try renewed.get()
                    }.value
                }
                guard time.now() < deadline else {
                    throw PublishingFailure(.transient, code: "renewal_busy", "The account's token is being renewed.")
                }
                try await time.sleep(for: Self.poll)
            } catch {
                throw PublishingFailure(error).withoutDoubt
            }
        }
    }

    private func begin(_ workspace: WorkspaceID, _ owner: String) async throws -> Lease? {
        try await database.write { transaction in
            try LeaseStore().acquire(
                "oauth:\(provider.platform):\(workspace)",
                owner: owner,
                duration: Self.lease,
                now: time.now(),
                in: transaction
            )
        }
    }

    private func end(_ lease: Lease) async throws {
        try await database.write { try LeaseStore().release(lease, in: $0) }
    }

    /// Renews the tokens that are there now; somebody else may have done so since they were read.
    /// - Parameter deadline: when others may begin to renew them.
    private func renew(_ seen: Integration, until deadline: Timestamp) async -> Result<Secret, PublishingFailure> {
        do {
            guard let account = try await account(of: seen.workspaceID) else {
                throw PublishingFailure(
                    .authentication,
                    code: "not_connected",
                    "The account is not connected any more."
                )
            }
            let (old, new) = (seen.credentials["access_token"], account.credentials["access_token"])
            if let new, old?.reveal() != new.reveal() { return .success(new) }
            guard let refresh = account.credentials["refresh_token"] else {
                throw PublishingFailure(
                    .authentication,
                    code: "token_expired",
                    "The \(provider.title) account's token has expired; connect the account again."
                )
            }
            let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh.reveal())]
            let response = try await transport.send(provider.tokenRequest(fields))
            let grant = try OAuth2Grant(response, platform: provider.title, now: time.now())
            while true {
                do {
                    try await store(grant, insteadOf: refresh, of: seen.workspaceID)
                    return .success(grant.access)
                } catch let error as DatabaseError where error.isRetryable || error.reason == .commitUnknown {
                    // The former refresh token may be of no use any more: a database that is away for a moment must
                    // not cost the account.
                    guard time.now() + Self.poll < deadline else { throw error }
                    try await time.sleep(for: Self.poll)
                }
            }
        } catch {
            return .failure(PublishingFailure(error).withoutDoubt)
        }
    }

    private func store(_ grant: OAuth2Grant, insteadOf refresh: Secret, of workspace: WorkspaceID) async throws {
        _ = try await database.write { transaction in
            try integrations.updateCredentials(
                workspace: workspace,
                type: provider.platform,
                now: time.now(),
                in: transaction
            ) { credentials in
                // Unless the account was connected anew in the meantime.
                guard credentials["refresh_token"]?.reveal() == refresh.reveal() else { return grant.expiresAt }
                credentials["access_token"] = grant.access
                credentials["refresh_token"] = grant.refresh ?? refresh
                return grant.expiresAt
            }
        }
    }
}
