package import CoreTypes
package import Persistence

/// The app in one workspace, or in a whole organisation.
package struct SlackInstallation: Sendable {
    /// `slack:T…`, or `slack:E…` for an organisation.
    package var workspace: WorkspaceID
    package var teamID: String?
    package var enterpriseID: String?
    /// Whether the tokens are good for every workspace of the organisation.
    package var isOrganisation: Bool
    /// The name of the workspace or the organisation, to be shown.
    package var name: String
    /// Our own user and app there, by which our own messages are known.
    package var botUserID: String
    package var appID: String
    package var scopes: [String]
    package var tokens: Tokens

    /// Describes an installation.
    package init(
        workspace: WorkspaceID,
        teamID: String?,
        enterpriseID: String?,
        isOrganisation: Bool,
        name: String,
        botUserID: String,
        appID: String,
        scopes: [String],
        tokens: Tokens
    ) {
        self.workspace = workspace
        self.teamID = teamID
        self.enterpriseID = enterpriseID
        self.isOrganisation = isOrganisation
        self.name = name
        self.botUserID = botUserID
        self.appID = appID
        self.scopes = scopes
        self.tokens = tokens
    }

    /// What is stored sealed.
    ///
    /// With token rotation the two come and go as a pair: a refresh token works once.
    package struct Tokens: Sendable {
        package var access: Secret
        package var refresh: Secret?
        package var expires: Timestamp?

        /// Pairs tokens.
        package init(access: Secret, refresh: Secret? = nil, expires: Timestamp? = nil) {
            self.access = access
            self.refresh = refresh
            self.expires = expires
        }
    }
}

/// Where installations are kept.
///
/// All of it throws what the database throws.
package protocol SlackInstallations: Sendable {
    /// The enabled installation of a workspace, or nil.
    func installation(of workspace: WorkspaceID) async throws -> SlackInstallation?
    /// All enabled installations.
    func all() async throws -> [SlackInstallation]
    /// Adds an installation, or replaces and enables the one that is there.
    func save(_ installation: SlackInstallation) async throws
    /// Replaces a pair of tokens, unless somebody else did already.
    /// - Returns: whether the refresh token was still the old one.
    func replaceTokens(
        of workspace: WorkspaceID,
        refreshToken old: Secret,
        with tokens: SlackInstallation.Tokens
    ) async throws -> Bool
    /// Takes the right to renew a workspace's tokens; nil where somebody else holds it.
    func beginRenewal(of workspace: WorkspaceID, owner: String, duration: Duration) async throws -> Lease?
    /// Gives the right back.
    func endRenewal(_ lease: Lease) async throws

    /// Makes a state for a browser to carry; nothing is stored.
    func issueState(expires: Timestamp, identifiers: any IdentifierSource) -> Secret
    /// Takes a state back; it works once.
    /// - Returns: whether it is one of ours, not used and not expired.
    func consumeState(_ state: String) async throws -> Bool
}
