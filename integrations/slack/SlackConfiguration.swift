package import CoreTypes

/// What the operator sets for Slack.
///
/// Without a signing secret nothing is mounted.
package struct SlackConfiguration: Sendable {
    /// The environment variables that are read here.
    package static let knownConfigurationKeys: [String] = [
        "SLACK_SIGNING_SECRET", "SLACK_BOT_TOKEN", "SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET", "SLACK_API_URL",
        "SLACK_REDIRECT_URL",
    ]

    /// The bot scopes that the app needs; `manifest.json` asks for the same ones.
    ///
    /// `chat:write.public` lets a slash command be answered in a public channel that the app has not joined, and
    /// `channels:join` lets it hear what people reply there;
    /// `metadata.message:read` and the `history` scopes are what an uncertain send is looked up with.
    package static let scopes: [String] = [
        "app_mentions:read", "channels:history", "channels:join", "chat:write", "chat:write.public", "commands",
        "groups:history", "im:history", "im:write", "metadata.message:read", "mpim:history", "users:read",
    ]

    /// Slack's own Web API, with its path, as Slack's libraries want it.
    package static let defaultAPIURL = "https://slack.com/api"

    package let signingSecret: Secret
    /// The token of a single workspace; several workspaces install the app by OAuth instead.
    package let botToken: Secret?
    package let clientID: String?
    package let clientSecret: Secret?
    /// The Web API's base, without a slash at its end.
    package let apiURL: String
    /// Where Slack sends the browser back to; nil where the app's only redirect URL is meant.
    package let redirectURL: String?

    /// Whether anything can be said in Slack: a configured token, or a way for workspaces to install the app.
    package var canAnswer: Bool { botToken != nil || clientID != nil }

    /// What is said where nothing can be, and what to do about it.
    package static let cannotAnswer = (
        message: "Slack can be heard but not answered: there is no token.",
        remedy: "Set SLACK_BOT_TOKEN for one workspace, or SLACK_CLIENT_ID and SLACK_CLIENT_SECRET for several."
    )

    /// Reads the configuration; nil where Slack is not configured.
    /// - Parameter values: environment variables by name; an empty one counts as missing.
    /// - Throws: `SlackConfigurationError` for values that cannot work together.
    package init?(from values: [String: String]) throws(SlackConfigurationError) {
        func value(_ key: String) -> String? {
            let text = values[key].map(trimmed) ?? ""
            return text.isEmpty ? nil : text
        }
        botToken = value("SLACK_BOT_TOKEN").map { Secret($0) }
        clientID = value("SLACK_CLIENT_ID")
        clientSecret = value("SLACK_CLIENT_SECRET").map { Secret($0) }
        redirectURL = value("SLACK_REDIRECT_URL")
        var base = value("SLACK_API_URL") ?? Self.defaultAPIURL
        while base.hasSuffix("/") { base.removeLast() }
        apiURL = base
        guard WebAddress(base) != nil else {
            throw SlackConfigurationError("SLACK_API_URL is not an http or https URL.")
        }
        if let redirectURL, WebAddress(redirectURL) == nil {
            throw SlackConfigurationError("SLACK_REDIRECT_URL is not an http or https URL.")
        }
        guard (clientID == nil) == (clientSecret == nil) else {
            throw SlackConfigurationError("SLACK_CLIENT_ID and SLACK_CLIENT_SECRET are only of use together.")
        }
        guard let secret = value("SLACK_SIGNING_SECRET") else { return nil }
        signingSecret = Secret(secret)
    }

    /// What is said where Slack is configured but for the signing secret, so that it is not mounted; nil elsewhere.
    package static func withoutSecret(_ values: [String: String]) -> (message: String, remedy: String)? {
        func isSet(_ key: String) -> Bool { values[key].map { !trimmed($0).isEmpty } ?? false }
        guard !isSet("SLACK_SIGNING_SECRET"), let name = ["SLACK_BOT_TOKEN", "SLACK_CLIENT_ID"].first(where: isSet)
        else { return nil }
        return (
            "\(name) is set, but Slack is not mounted: no request of Slack can be trusted without SLACK_SIGNING_SECRET.",
            "Set SLACK_SIGNING_SECRET; it stands under Basic Information, App Credentials."
        )
    }
}

/// Slack settings that cannot work.
package struct SlackConfigurationError: CodedError {
    package let description: String
    package var code: String { "slack_configuration" }
    package var isRetryable: Bool { false }

    init(_ description: String) {
        self.description = description
    }
}

/// Removes white space at both ends.
func trimmed(_ text: String) -> String {
    var rest = text[...]
    while let first = rest.first, first.isWhitespace { rest.removeFirst() }
    while let last = rest.last, last.isWhitespace { rest.removeLast() }
    return String(rest)
}
