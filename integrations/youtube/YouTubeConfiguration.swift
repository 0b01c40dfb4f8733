package import CoreTypes
package import Publishing

/// What the operator sets for YouTube.
///
/// Without a client id nothing is mounted.
package struct YouTubeConfiguration: Sendable {
    /// The environment variables that are read here.
    package static let knownConfigurationKeys: [String] = [
        "YOUTUBE_CLIENT_ID", "YOUTUBE_CLIENT_SECRET", "YOUTUBE_API_URL", "YOUTUBE_REDIRECT_URL", "YOUTUBE_DAILY_QUOTA",
        "YOUTUBE_DAILY_UPLOADS",
    ]
    /// Google's own API.
    package static let defaultAPIURL = "https://www.googleapis.com"
    /// Uploading with thumbnails, and the second one for captions and for taking a video back.
    package static let scopes = [
        "https://www.googleapis.com/auth/youtube.upload", "https://www.googleapis.com/auth/youtube.force-ssl",
    ]

    package let clientID: String
    package let clientSecret: Secret
    /// The API's base, without a slash at its end.
    package let apiURL: String
    package let redirectURL: String?
    /// The units that the project may use a day, and the videos that it may upload.
    package let dailyQuota: Int64
    package let dailyUploads: Int64
    /// The size of an upload's pieces in bytes.
    package var chunkBytes = YouTubeLimits.chunkBytes

    /// Reads the configuration; nil where YouTube is not configured.
    /// - Parameters:
    ///   - values: environment variables by name; an empty one counts as missing.
    ///   - publicURL: the gateway's address, from which the redirect address follows.
    /// - Throws: `PublishingConfigurationError` for values that cannot work together.
    package init?(from values: [String: String], publicURL: String?) throws(PublishingConfigurationError) {
        func value(_ name: String) -> String? { values[name].flatMap { $0.isEmpty ? nil : $0 } }
        var base = value("YOUTUBE_API_URL") ?? Self.defaultAPIURL
        while base.hasSuffix("/") { base.removeLast() }
        guard base.hasPrefix("https://") || base.hasPrefix("http://") else {
            throw PublishingConfigurationError("YOUTUBE_API_URL is not an http or https URL.")
        }
        apiURL = base
        redirectURL = value("YOUTUBE_REDIRECT_URL") ?? publicURL.map { "\($0)/api/v1/integrations/youtube/callback" }
        guard let quota = Int64(value("YOUTUBE_DAILY_QUOTA") ?? "\(YouTubeLimits.dailyQuota)"), quota > 0 else {
            throw PublishingConfigurationError("YOUTUBE_DAILY_QUOTA takes a number of units above 0.")
        }
        dailyQuota = quota
        guard let uploads = Int64(value("YOUTUBE_DAILY_UPLOADS") ?? "\(YouTubeLimits.dailyUploads)"), uploads > 0 else {
            throw PublishingConfigurationError("YOUTUBE_DAILY_UPLOADS takes a number of videos above 0.")
        }
        dailyUploads = uploads
        switch (value("YOUTUBE_CLIENT_ID"), value("YOUTUBE_CLIENT_SECRET")) {
        case (nil, nil): return nil
        case (let id?, let secret?): (clientID, clientSecret) = (id, Secret(secret))
        default:
            throw PublishingConfigurationError("YOUTUBE_CLIENT_ID and YOUTUBE_CLIENT_SECRET are only of use together.")
        }
    }

    /// Where accounts are connected; without an address to come back to, tokens can only be renewed.
    package var provider: OAuth2Provider {
        let isGoogle = apiURL == Self.defaultAPIURL
        return OAuth2Provider(
            platform: YouTubePlatform.platformName,
            title: "YouTube",
            authorizeURL: isGoogle ? "https://accounts.google.com/o/oauth2/v2/auth" : "\(apiURL)/o/oauth2/v2/auth",
            tokenURL: isGoogle ? "https://oauth2.googleapis.com/token" : "\(apiURL)/token",
            clientID: clientID,
            clientSecret: clientSecret,
            sendsSecretAsBasic: false,
            scopes: Self.scopes,
            // Without these Google gives no refresh token to somebody who was asked before.
            authorizeParameters: [("access_type", "offline"), ("prompt", "consent")],
            redirectURL: redirectURL ?? ""
        )
    }
}
