package import CoreTypes

/// A chat platform that is connected to a workspace.
package struct Integration: Sendable {
    package let workspaceID: WorkspaceID
    /// The platform, such as `slack`.
    package let type: String
    /// The platform's own name of the installation, such as a Slack team's id.
    package var installationID: String
    package var name: String
    package var isEnabled: Bool
    package var settings: JSONValue
    /// Tokens by their names; sealed in the database.
    package var credentials: [String: Secret]
    package var credentialsExpireAt: Timestamp?

    /// Describes a connection.
    package init(
        workspaceID: WorkspaceID,
        type: String,
        installationID: String,
        name: String = "",
        isEnabled: Bool = true,
        settings: JSONValue = [:],
        credentials: [String: Secret] = [:],
        credentialsExpireAt: Timestamp? = nil
    ) {
        self.workspaceID = workspaceID
        self.type = type
        self.installationID = installationID
        self.name = name
        self.isEnabled = isEnabled
        self.settings = settings
        self.credentials = credentials
        self.credentialsExpireAt = credentialsExpireAt
    }
}
