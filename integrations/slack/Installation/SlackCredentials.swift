import CoreTypes
import Logging
import Synchronization

/// Finds the token that a workspace is spoken to with, and renews it in time.
final class SlackCredentials: Sendable {
    /// What a call needs.
    struct Credential: Sendable {
        let token: Secret
        /// Our own user and app in the workspace, where they are known.
        let botUserID: String?
        let appID: String?
    }

    /// Who the configured token belongs to.
    struct Identity: Sendable {
        let teamID: String
        let enterpriseID: String?
        let isOrganisation: Bool
        let botUserID: String
        /// The workspace's own address, such as `https://acme.slack.com/`.
        let home: String?
    }

    /// A token is renewed when it lives no longer than this; Slack's tokens live twelve hours.
    private static let renewalMargin: Duration = .seconds(600)
    /// How long one process may take to renew before another one may try.
    private static let renewalLease: Duration = .seconds(30)
    private static let pollInterval: Duration = .milliseconds(250)

    private let configuration: SlackConfiguration
    private let api: SlackAPI
    private let installations: (any SlackInstallations)?
    private let time: any TimeSource
    private let identifiers: any IdentifierSource
    private let logger: Logger
    private let identity = Mutex<Identity?>(nil)
    /// The teams that the configured token is good for, where it is an organisation's.
    private let grantedTeams = Mutex<Set<String>>([])
    /// Which organisation's installation speaks for a team.
    private let organisations = Mutex<[WorkspaceID: WorkspaceID]>([:])

    init(
        configuration: SlackConfiguration,
        api: SlackAPI,
        installations: (any SlackInstallations)?,
        time: any TimeSource,
        identifiers: any IdentifierSource,
        logger: Logger
    ) {
        self.configuration = configuration
        self.api = api
        self.installations = installations
        self.time = time
        self.identifiers = identifiers
        self.logger = logger
    }

    /// The credential of a workspace.
    /// - Throws: `SlackFailure`, never of the kind `unknown`: nothing has been posted when this fails.
    func credential(for workspace: WorkspaceID) async throws(SlackFailure) -> Credential {
        do throws(SlackFailure) {
            if let installation = try await installation(for: workspace) {
                let tokens = try await current(installation)
                return Credential(
                    token: tokens.access,
                    botUserID: installation.botUserID,
                    appID: installation.appID
                )
            }
            if let token = configuration.botToken {
                let identity = try await configuredIdentity(token)
                if try await speaks(identity, token, for: teamID(of: workspace)) {
                    return Credential(token: token, botUserID: identity.botUserID, appID: nil)
                }
            }
        } catch {
            guard error.kind == .unknown else { throw error }
            throw SlackFailure(.transient, code: error.code, error.description)
        }
        throw SlackFailure(slackError: "app_not_installed", retryAfter: nil)
    }

    /// Whether the configured token is good for a team: its own, or one that its organisation granted it.
    private func speaks(_ identity: Identity, _ token: Secret, for team: String) async throws(SlackFailure) -> Bool {
        if identity.teamID == team { return true }
        guard identity.isOrganisation else { return false }
        if identity.enterpriseID == team || grantedTeams.withLock({ $0.contains(team) }) { return true }
        let teams = try await teams(of: token)
        grantedTeams.withLock { $0 = teams }
        return teams.contains(team)
    }

    /// Who the configured token belongs to; asked once.
    /// - Throws: `SlackFailure`.
    func configuredIdentity(_ token: Secret) async throws(SlackFailure) -> Identity {
        if let known = identity.withLock({ $0 }) { return known }
        let answer = try await api.call("auth.test", token: token).body
        guard let team = answer["team_id"]?.string, let user = answer["user_id"]?.string else {
            throw SlackFailure(.transient, code: "unreadable_answer", "Slack's answer to auth.test names no workspace.")
        }
        let found = Identity(
            teamID: team,
            enterpriseID: answer["enterprise_id"]?.string,
            isOrganisation: answer["is_enterprise_install"]?.bool ?? false,
            botUserID: user,
            home: answer["url"]?.string.flatMap { $0.hasPrefix("https://") && $0.hasSuffix("/") ? $0 : nil }
        )
        identity.withLock { $0 = found }
        return found
    }

    /// The workspace's own address, where Slack has told it to this process.
    func knownHome(of workspace: WorkspaceID) -> String? {
        identity.withLock { $0?.teamID == teamID(of: workspace) ? $0?.home : nil }
    }

    // MARK: Installations

    private func installation(for workspace: WorkspaceID) async throws(SlackFailure) -> SlackInstallation? {
        guard let installations, configuration.clientID != nil else { return nil }
        if let own = try await stored({ try await installations.installation(of: workspace) }) { return own }
        if let known = organisations.withLock({ $0[workspace] }),
            let installation = try await stored({ try await installations.installation(of: known) })
        {
            return installation
        }
        // A workspace of an organisation that installed the app as a whole: the organisation's token tells which are.
        var failure: SlackFailure?
        for organisation in try await stored({ try await installations.all() }) where organisation.isOrganisation {
            do throws(SlackFailure) {
                let tokens = try await current(organisation)
                if try await teams(of: tokens.access).contains(teamID(of: workspace)) {
                    organisations.withLock { $0[workspace] = organisation.workspace }
                    return organisation
                }
            } catch {
                // The workspace may be another one's.
                failure = error
            }
        }
        if let failure, configuration.botToken == nil { throw failure }
        return nil
    }

    /// The teams that an organisation's token is good for.
    /// - Throws: `SlackFailure`.
    func teams(of token: Secret) async throws(SlackFailure) -> Set<String> {
        var teams: Set<String> = []
        var cursor: String?
        repeat {
            let reply = try await api.call(
                "auth.teams.list",
                token: token,
                fields: ["limit": "1000", "cursor": cursor]
            )
            teams.formUnion((reply.body["teams"]?.array ?? []).compactMap { $0["id"]?.string })
            cursor = reply.nextCursor
        } while cursor != nil && teams.count < 100_000
        return teams
    }

    // MARK: Renewal

    /// The installation's tokens, renewed where they end soon.
    private func current(_ installation: SlackInstallation) async throws(SlackFailure) -> SlackInstallation.Tokens {
        guard let installations, endsSoon(installation.tokens) else { return installation.tokens }
        let owner = identifiers.next()
        let deadline = time.now() + Self.renewalLease
        var tokens = installation.tokens
        while true {
            let lease = try await stored {
                try await installations.beginRenewal(
                    of: installation.workspace,
                    owner: owner,
                    duration: Self.renewalLease
                )
            }
            if let lease {
                // Not cancelled with its caller, which waits for it: a refresh token works once, so that the new pair
                // has to be kept whatever else is given up.
                let renewal = Task {
                    let outcome = await renewed(installation.workspace, installations)
                    // Where this fails, the lease ends by itself.
                    try? await installations.endRenewal(lease)
                    return outcome
                }
                switch await renewal.value {
                case .success(let renewed): return renewed
                case .failure(let failure):
                    // The old token is good until its end, whatever came of the new one.
                    if isAlive(tokens) { return tokens }
                    throw failure
                }
            }
            if isAlive(tokens) { return tokens }
            guard time.now() < deadline else {
                throw SlackFailure(.transient, code: "renewal_pending", "Another process is renewing the bot token.")
            }
            do {
                try await time.sleep(for: Self.pollInterval)
            } catch {
                throw SlackFailure(.transient, code: "cancelled", "The call was cancelled.")
            }
            guard let read = try await stored({ try await installations.installation(of: installation.workspace) })
            else { throw SlackFailure(slackError: "app_not_installed", retryAfter: nil) }
            tokens = read.tokens
            if !endsSoon(tokens) { return tokens }
        }
    }

    /// Renews the tokens as they stand now: whoever held the right before may have done it.
    private func renewed(
        _ workspace: WorkspaceID,
        _ installations: any SlackInstallations
    ) async -> Result<SlackInstallation.Tokens, SlackFailure> {
        do throws(SlackFailure) {
            guard let read = try await stored({ try await installations.installation(of: workspace) }) else {
                throw SlackFailure(slackError: "app_not_installed", retryAfter: nil)
            }
            guard endsSoon(read.tokens) else { return .success(read.tokens) }
            guard let refresh = read.tokens.refresh, let clientID = configuration.clientID,
                let clientSecret = configuration.clientSecret
            else { throw SlackFailure(slackError: "token_expired", retryAfter: nil) }
            let answer = try await api.call(
                "oauth.v2.access",
                clientID: clientID,
                clientSecret: clientSecret,
                fields: ["grant_type": "refresh_token", "refresh_token": refresh.reveal()]
            ).body
            guard let tokens = SlackInstallation.Tokens(oauth: answer, now: time.now()) else {
                throw SlackFailure(.transient, code: "unreadable_answer", "Slack's answer holds no tokens.")
            }
            // A refresh token works once: this pair must not be lost to a database that is away for a moment.
            var attempt = 0
            var isStored: Bool?
            while isStored == nil {
                do throws(SlackFailure) {
                    isStored = try await stored {
                        try await installations.replaceTokens(of: workspace, refreshToken: refresh, with: tokens)
                    }
                } catch {
                    attempt += 1
                    guard attempt < 20, (try? await time.sleep(for: .milliseconds(500))) != nil else { throw error }
                }
            }
            guard isStored == true else {
                // Installed anew in the meantime: those tokens are newer than ours.
                guard let read = try await stored({ try await installations.installation(of: workspace) }) else {
                    throw SlackFailure(slackError: "app_not_installed", retryAfter: nil)
                }
                return .success(read.tokens)
            }
            return .success(tokens)
        } catch {
            logger.warning(
                "A Slack token could not be renewed",
                metadata: ["workspace": "\(workspace)", "error.code": "\(error.code)"]
            )
            return .failure(error)
        }
    }

    private func endsSoon(_ tokens: SlackInstallation.Tokens) -> Bool {
        guard tokens.refresh != nil, let expires = tokens.expires else { return false }
        return expires < time.now() + Self.renewalMargin
    }

    private func isAlive(_ tokens: SlackInstallation.Tokens) -> Bool {
        tokens.expires.map { time.now() + .seconds(15) < $0 } ?? true
    }

    private func teamID(of workspace: WorkspaceID) -> String {
        String(workspace.rawValue.drop { $0 != ":" }.dropFirst())
    }

    /// A failing database is a reason to try again, whatever was wrong.
    private func stored<Value: Sendable>(_ read: () async throws -> Value) async throws(SlackFailure) -> Value {
        do {
            return try await read()
        } catch {
            let coded = error as? any CodedError
            throw SlackFailure(
                .transient,
                code: coded?.code ?? "installations",
                coded?.description ?? "The installations cannot be read."
            )
        }
    }
}

extension SlackInstallation.Tokens {
    /// Reads an answer of `oauth.v2.access`; nil where it holds no token.
    init?(oauth answer: JSONValue, now: Timestamp) {
        guard let access = answer["access_token"]?.string, !access.isEmpty else { return nil }
        self.init(
            access: Secret(access),
            refresh: answer["refresh_token"]?.string.map { Secret($0) },
            // A year at most: a number may be any, and in a year there is another token.
            expires: answer["expires_in"]?.integer.map { now + .seconds(min(max($0, 0), 366 * 86_400)) }
        )
    }
}
