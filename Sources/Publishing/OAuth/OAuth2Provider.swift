package import CoreTypes
import Crypto
import Transport

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// A platform's OAuth 2 pages (RFC 6749 with PKCE, RFC 7636), and our app there.
package struct OAuth2Provider: Sendable {
    /// The platform's name in tables and paths, such as `x`.
    package var platform: String
    /// How people call it.
    package var title: String
    package var authorizeURL: String
    package var tokenURL: String
    package var clientID: String
    /// nil for an app that cannot keep one.
    package var clientSecret: Secret?
    /// Whether the secret stands in the `Authorization` header, as X wants it, or in the form, as Google does.
    package var sendsSecretAsBasic: Bool
    package var scopes: [String]
    /// What else the platform wants to know when a person is sent to it.
    package var authorizeParameters: [(String, String)]
    /// Where the platform sends the person back to.
    package var redirectURL: String

    /// Describes a platform.
    package init(
        platform: String,
        title: String,
        authorizeURL: String,
        tokenURL: String,
        clientID: String,
        clientSecret: Secret?,
        sendsSecretAsBasic: Bool,
        scopes: [String],
        authorizeParameters: [(String, String)] = [],
        redirectURL: String
    ) {
        self.platform = platform
        self.title = title
        self.authorizeURL = authorizeURL
        self.tokenURL = tokenURL
        self.clientID = clientID
        self.clientSecret = clientSecret
        self.sendsSecretAsBasic = sendsSecretAsBasic
        self.scopes = scopes
        self.authorizeParameters = authorizeParameters
        self.redirectURL = redirectURL
    }

    /// The page that a person is sent to.
    func authorizeAddress(state: Secret, verifier: Secret) -> String {
        let fields = [
            ("response_type", "code"), ("client_id", clientID), ("redirect_uri", redirectURL),
            ("scope", scopes.joined(separator: " ")), ("state", state.reveal()),
            ("code_challenge", Self.challenge(of: verifier)), ("code_challenge_method", "S256"),
        ]
        return "\(authorizeURL)?\(String(decoding: formURLEncoded(fields + authorizeParameters), as: UTF8.self))"
    }

    /// The request that trades a code or a refresh token for an access token.
    func tokenRequest(_ fields: [(String, String)]) -> HTTPRequest {
        var fields = fields + [("client_id", clientID)]
        var headers = [("content-type", "application/x-www-form-urlencoded"), ("accept", "application/json")]
        if let clientSecret, sendsSecretAsBasic {
            let pair = Data("\(clientID):\(clientSecret.reveal())".utf8).base64EncodedString()
            headers.append(("authorization", "Basic \(pair)"))
        } else if let clientSecret {
            fields.append(("client_secret", clientSecret.reveal()))
        }
        return HTTPRequest(
            method: "POST",
            url: tokenURL,
            headers: headers.map { (name: $0.0, value: $0.1) },
            body: formURLEncoded(fields),
            timeout: .seconds(20),
            maximumResponseBytes: 256 << 10
        )
    }

    /// The `S256` challenge of a verifier (RFC 7636, 4.2).
    package static func challenge(of verifier: Secret) -> String {
        Data(SHA256.hash(data: Array(verifier.reveal().utf8))).base64EncodedString()
            .replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }
}

/// The tokens of an account, as a platform grants them.
struct OAuth2Grant: Sendable {
    var access: Secret
    /// nil where the former one stays good.
    var refresh: Secret?
    var expiresAt: Timestamp?
    var scopes: [String]

    /// Reads an answer of the token endpoint (RFC 6749, 5.1).
    /// - Throws: `PublishingFailure`.
    init(_ response: HTTPResponse, platform: String, now: Timestamp) throws(PublishingFailure) {
        let body = try? JSONDocument(response.body)
        guard response.status == 200, let access = body?["access_token"]?.string, !access.isEmpty else {
            let code = body?["error"]?.string ?? "http_\(response.status)"
            // The platform's word and nothing else: what it describes may hold what was sent.
            let word = String(code.filter { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }.prefix(40))
            let isRefusal = (400..<500).contains(response.status) && response.status != 429
            throw PublishingFailure(
                isRefusal ? .authentication : .transient,
                code: "oauth_\(word)",
                isRefusal
                    ? "\(platform) refused the account's authorisation (\(word)); connect the account again."
                    : "\(platform) gave no token (\(word))."
            )
        }
        self.access = Secret(access)
        refresh = body?["refresh_token"]?.string.map { Secret($0) }
        // A year at most: a number may be any, and in a year there is another token.
        expiresAt = body?["expires_in"]?.double.map { seconds in
            now + .milliseconds(Int64(min(max(seconds, 0), 366 * 86_400) * 1000))
        }
        scopes = (body?["scope"]?.string ?? "").split(separator: " ").map(String.init)
    }
}
