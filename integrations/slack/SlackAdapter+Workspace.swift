package import CoreTypes

extension SlackAdapter {
    /// The workspace of the configured bot token, asked of Slack once; nil where none is configured, or it is an
    /// organisation's, which speaks for many.
    /// - Throws: `SlackFailure` where Slack does not say.
    package func configuredWorkspace() async throws -> WorkspaceID? {
        guard let token = configuration.botToken else { return nil }
        let identity = try await credentials.configuredIdentity(token)
        return identity.isOrganisation ? nil : WorkspaceID("slack:\(identity.teamID)")
    }
}
