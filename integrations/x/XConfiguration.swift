package import CoreTypes
package import Publishing

/// What the operator sets for X.
///
/// Without a key or a client id nothing is mounted.
package struct XConfiguration: Sendable {
    /// The environment variables that are read here.
    package static let knownConfigurationKeys: [String] = [
        "X_API_KEY", "X_API_KEY_SECRET", "X_ACCESS_TOKEN", "X_ACCESS_TOKEN_SECRET", "X_CLIENT_ID", "X_CLIENT_SECRET",
        "X_API_URL", "X_REDIRECT_URL",
    ]
    /// X's own API.
    package static let defaultAPIURL = "https://api.x.com"
    /// The scopes that posting, uploading and looking up need; `offline.access` gives a refresh token.
    package static let scopes = ["tweet.read", "tweet.write", "users.read", "media.write", "offline.access"]

    /// The account of the app's owner.
    package let ownAccount: OAuth1Signature.Credentials?
    /// The app to which accounts are connected.
    package let clientID: String?
    package let clientSecret: Secret?
    /// The API's base, without a slash at its end.
    package let apiURL: String
    package let redirectURL: String?

    /// Reads the configuration; nil where X is not configured.
    /// - Parameters:
    ///   - values: environment variables by name; an empty one counts as missing.
    ///   - publicURL: the gateway's address, from which the redirect address follows.
    /// - Throws: `PublishingConfigurationError` for values that cannot work together.
    package init?(from values: [String: String], publicURL: String?) throws(PublishingConfigurationError) {
        func value(_ name: String) -> String? { values[name].flatMap { $0.isEmpty ? nil : $0 } }
        var base = value("X_API_URL") ?? Self.defaultAPIURL
        while base.hasSuffix("/") { base.removeLast() }
        guard base.hasPrefix("https://") || base.hasPrefix("http://") else {
            throw PublishingConfigurationError("X_API_URL is not an http or https URL.")
        }
        apiURL = base
        redirectURL = value("X_REDIRECT_URL") ?? publicURL.map { "\($0)/api/v1/integrations/x/callback" }
        clientID = value("X_CLIENT_ID")
        clientSecret = value("X_CLIENT_SECRET").map { Secret($0) }
        let names = ["X_API_KEY", "X_API_KEY_SECRET", "X_ACCESS_TOKEN", "X_ACCESS_TOKEN_SECRET"]
        let four = names.compactMap(value)
        guard four.isEmpty || four.count == names.count else {
            throw PublishingConfigurationError("\(names.joined(separator: ", ")) are only of use together.")
        }
        ownAccount =
            four.isEmpty
            ? nil
            : OAuth1Signature.Credentials(
                consumerKey: four[0],
                consumerSecret: Secret(four[1]),
                token: four[2],
                tokenSecret: Secret(four[3])
            )
        if ownAccount == nil, clientID == nil { return nil }
    }

    /// Where accounts are connected; nil where there is no app for it, or no address to come back to.
    package var provider: OAuth2Provider? {
        guard let clientID, let redirectURL else { return nil }
        let site = apiURL == Self.defaultAPIURL ? "https://x.com" : apiURL
        return OAuth2Provider(
            platform: XPlatform.platformName,
            title: "X",
            authorizeURL: "\(site)/i/oauth2/authorize",
            tokenURL: "\(apiURL)/2/oauth2/token",
            clientID: clientID,
            clientSecret: clientSecret,
            sendsSecretAsBasic: true,
            scopes: Self.scopes,
            redirectURL: redirectURL
        )
    }
}
