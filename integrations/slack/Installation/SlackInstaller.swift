package import Channels
package import CoreTypes
package import Logging
package import Transport

/// The two pages of an OAuth installation: `install` leads to Slack, `callback` takes the browser back and stores the
/// tokens.
///
/// A state is good for ten minutes, once, and only in the browser that it was given to: it is signed, and a cookie
/// carries it. Anybody may begin, so nothing is stored before somebody comes back with a code.
/// Source: https://docs.slack.dev/authentication/installing-with-oauth
package struct SlackInstaller: BrowserRoutes {
    private static let cookieName = "aragora_slack_state"
    private static let stateLifetime: Duration = .seconds(600)

    package let platform = SlackAdapter.platformName
    package let browserRoutes = ["install", "callback"]

    private let configuration: SlackConfiguration
    private let clientID: String
    private let clientSecret: Secret
    private let installations: any SlackInstallations
    private let api: SlackAPI
    private let time: any TimeSource
    private let identifiers: any IdentifierSource
    private let connected: @Sendable (WorkspaceID) async throws -> Void
    private let logger: Logger

    /// Makes the pages; nil where the app's client id and secret are not configured.
    /// - Parameter connected: told of a workspace that has new credentials, once they are stored.
    package init?(
        configuration: SlackConfiguration,
        installations: any SlackInstallations,
        transport: any HTTPTransport,
        time: any TimeSource,
        identifiers: any IdentifierSource,
        logger: Logger,
        connected: @escaping @Sendable (WorkspaceID) async throws -> Void
    ) {
        guard let clientID = configuration.clientID, let clientSecret = configuration.clientSecret else { return nil }
        self.configuration = configuration
        self.clientID = clientID
        self.clientSecret = clientSecret
        self.installations = installations
        self.time = time
        self.identifiers = identifiers
        self.logger = logger
        self.connected = connected
        api = SlackAPI(baseURL: configuration.apiURL, transport: transport, time: time)
    }

    package func visit(route: String, query: [(name: String, value: String)], cookies: String) async -> Acknowledgement
    {
        switch route {
        case "install": install()
        case "callback": await callback(query, cookies: cookies)
        default: SlackPage.notFound
        }
    }

    // MARK: The way to Slack

    private func install() -> Acknowledgement {
        let expires = time.now() + Self.stateLifetime
        let state = installations.issueState(expires: expires, identifiers: identifiers).reveal()
        var query: [(String, String)] = [
            ("client_id", clientID), ("scope", SlackConfiguration.scopes.joined(separator: ",")), ("state", state),
        ]
        if let redirect = configuration.redirectURL { query.append(("redirect_uri", redirect)) }
        let parameters = String(decoding: formURLEncoded(query), as: UTF8.self)
        return Acknowledgement(
            status: 302,
            headers: [
                ("location", "\(authorizeURL)?\(parameters)"),
                ("set-cookie", cookie(state, lifetime: Self.stateLifetime)),
                ("cache-control", "no-store"),
            ]
        )
    }

    /// Slack's page beside its Web API: `https://slack.com/oauth/v2/authorize`.
    private var authorizeURL: String {
        let base = configuration.apiURL
        return (base.hasSuffix("/api") ? String(base.dropLast(4)) : base) + "/oauth/v2/authorize"
    }

    private func cookie(_ value: String, lifetime: Duration) -> String {
        let isSecure = configuration.redirectURL?.hasPrefix("http://") != true
        return "\(Self.cookieName)=\(value); Path=/; Max-Age=\(lifetime.components.seconds); HttpOnly; SameSite=Lax"
            + (isSecure ? "; Secure" : "")
    }

    // MARK: The way back

    private func callback(_ query: [(name: String, value: String)], cookies: String) async -> Acknowledgement {
        func value(_ name: String) -> String? { query.first { $0.name == name }?.value }
        guard let state = value("state"), state.utf8.count <= 128,
            let carried = Self.cookie(Self.cookieName, in: cookies),
            constantTimeEquals(Array(state.utf8), Array(carried.utf8))
        else { return SlackPage.expired }
        if value("error") != nil { return SlackPage.refused }
        guard let code = value("code"), !code.isEmpty, code.utf8.count <= 1024 else { return SlackPage.expired }
        do {
            guard try await installations.consumeState(state) else { return SlackPage.expired }
            let answer = try await api.call(
                "oauth.v2.access",
                clientID: clientID,
                clientSecret: clientSecret,
                fields: ["code": code, "redirect_uri": configuration.redirectURL]
            ).body
            let installation = try installation(answer)
            try await installations.save(installation)
            logger.info("Slack was connected", metadata: ["workspace": "\(installation.workspace)"])
            await tell(installation.workspace)
            return SlackPage.installed(name: installation.name)
        } catch {
            return failed(error)
        }
    }

    /// The tokens are stored: what comes after that is no reason to say that the installation failed.
    private func tell(_ workspace: WorkspaceID) async {
        do {
            try await connected(workspace)
        } catch {
            logger.info("What waited for the workspace is not sent at once, but within a minute")
        }
    }

    /// Reads what Slack granted; an organisation's answer has no team.
    private func installation(_ answer: JSONValue) throws -> SlackInstallation {
        let team = answer["team"]?["id"]?.string
        let enterprise = answer["enterprise"]?["id"]?.string
        let isOrganisation = answer["is_enterprise_install"]?.bool ?? false
        guard
            let workspace = SlackKeys.workspace(team: isOrganisation ? nil : team, enterprise: enterprise),
            let botUser = answer["bot_user_id"]?.string,
            let tokens = SlackInstallation.Tokens(oauth: answer, now: time.now())
        else {
            throw SlackFailure(.permanent, code: "unreadable_answer", "Slack's answer names no workspace or no token.")
        }
        let granted = (answer["scope"]?.string ?? "").split(separator: ",").map(String.init)
        let name = isOrganisation ? answer["enterprise"]?["name"]?.string : answer["team"]?["name"]?.string
        return SlackInstallation(
            workspace: workspace,
            teamID: team,
            enterpriseID: enterprise,
            isOrganisation: isOrganisation,
            name: name ?? workspace.rawValue,
            botUserID: botUser,
            appID: answer["app_id"]?.string ?? "",
            scopes: granted,
            tokens: tokens
        )
    }

    private func failed(_ error: any Error) -> Acknowledgement {
        let coded = error as? any CodedError
        logger.warning("A Slack installation failed", metadata: ["error.code": "\(coded?.code ?? "internal")"])
        return SlackPage.failed(coded?.description ?? "Something went wrong on our side.")
    }

    private static func cookie(_ name: String, in header: String) -> String? {
        for pair in header.split(separator: ";") {
            let parts = pair.split(separator: "=", maxSplits: 1).map { trimmed(String($0)) }
            if parts.count == 2, parts[0] == name { return parts[1] }
        }
        return nil
    }
}
