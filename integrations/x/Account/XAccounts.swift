import CoreTypes
import Persistence
import Publishing
import Synchronization
import Transport

/// Says who speaks for a workspace: the account that it has connected, or else the operator's own.
final class XAccounts: Sendable {
    /// How a request is authorised.
    enum Authority: Sendable {
        case own(OAuth1Signature)
        case connected(Secret)
    }

    /// An account as X knows it.
    struct Identity: Sendable {
        let id: String
        let name: String
    }

    private let configuration: XConfiguration
    private let tokens: AccountTokens?
    /// Whose the operator's keys are, which stay the same as long as the process runs.
    private let own = Mutex<Identity?>(nil)

    init(configuration: XConfiguration, tokens: AccountTokens?) {
        self.configuration = configuration
        self.tokens = tokens
    }

    /// How a workspace's requests are authorised.
    /// - Parameter refused: a token that X did not take.
    /// - Throws: `PublishingFailure`, never of the kind `unknown`.
    func authority(of workspace: WorkspaceID, refused: Secret? = nil) async throws(PublishingFailure) -> Authority {
        if let tokens, try await tokens.account(of: workspace) != nil {
            return .connected(try await tokens.token(of: workspace, refused: refused))
        }
        if let own = configuration.ownAccount { return .own(OAuth1Signature(own)) }
        throw PublishingFailure(
            .authentication,
            code: "not_connected",
            "No X account is connected to \(workspace): run `aragora publish connect x --workspace \(workspace)`."
        )
    }

    /// The account that a workspace has connected; nil where the operator's own speaks for it.
    /// - Throws: `PublishingFailure`.
    func connected(of workspace: WorkspaceID) async throws(PublishingFailure) -> Identity? {
        guard let account = try await tokens?.account(of: workspace) else { return nil }
        return Identity(id: account.installationID, name: account.name)
    }

    /// The workspaces that have connected an account.
    /// - Throws: `PublishingFailure`.
    func workspaces() async throws(PublishingFailure) -> [WorkspaceID] { try await tokens?.workspaces() ?? [] }

    /// Whose quota a workspace's requests count against.
    func quotaAccount(of workspace: WorkspaceID, _ authority: Authority) -> QuotaStore.Account {
        switch authority {
        case .own: QuotaStore.Account(workspace: .local, platform: XPlatform.platformName, name: "own")
        case .connected: QuotaStore.Account(workspace: workspace, platform: XPlatform.platformName, name: "connected")
        }
    }

    /// Whose the operator's keys are, where X was asked already.
    var knownOwn: Identity? { own.withLock { $0 } }

    /// Keeps whose the operator's keys are.
    func remember(own identity: Identity) { own.withLock { $0 = identity } }
}
