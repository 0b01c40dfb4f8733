package import CoreTypes
import Foundation
import Synchronization
import XIntegration

/// A local server that speaks the parts of X's API that are used here, and holds to its rules: signatures, lengths,
/// twins, limits, the order of an upload.
package final class XEmulator: Emulator {
    /// The keys that it accepts.
    package struct Keys: Sendable {
        package var consumerKey = "emulated-key"
        package var consumerSecret = "emulated-key-secret"
        package var token = "1001-emulated-token"
        package var tokenSecret = "emulated-token-secret"
        package var clientID = "emulated-client"
        package var clientSecret = "emulated-client-secret"

        /// The usual keys.
        package init() {}
    }

    /// A post that is out.
    package struct Post: Sendable {
        package let id: String
        /// The number of the account whose it is.
        package let author: String
        package let text: String
        package let repliesTo: String?
        package let media: [String]
        package let createdAt: Timestamp
    }

    struct State {
        var posts: [Post] = []
        var deleted: Set<String> = []
        var uploads = XUploads()
        var nonces: Set<String> = []
        var nextID = 1_900_000_000_000_000_001
        var requests: [String] = []
        /// By endpoint, how many calls its window holds, and its end.
        var windows: [String: (used: Int, end: Timestamp)] = [:]
        /// How many posts a window takes.
        var postLimit = 200
        /// Whether posts show up in the timeline.
        var isTimelineReadable = true
    }

    package let title = "X"
    /// What goes wrong.
    package let faults: EmulatorFaults
    let keys: Keys
    let time: any TimeSource
    let oauth: OAuth2Emulator
    let state = Mutex(State())
    /// The account of the operator's keys, with which people agree unless somebody else signs in.
    package static let ownAccount = "1001"
    /// Another account of the same people, and somebody else's.
    package static let secondAccount = "1002"
    package static let strangersAccount = "2001"
    static let names = [ownAccount: "emulated", secondAccount: "second", strangersAccount: "stranger"]
    static let window = Duration.seconds(900)

    /// Makes an emulator.
    package init(
        keys: Keys = Keys(),
        faults: EmulatorFaults = EmulatorFaults(),
        tokenLifetime: Duration = .seconds(7200),
        time: any TimeSource = SystemTime()
    ) {
        self.keys = keys
        self.faults = faults
        self.time = time
        oauth = OAuth2Emulator(
            clientID: keys.clientID,
            clientSecret: keys.clientSecret,
            rotates: true,
            lifetime: tokenLifetime,
            person: Self.ownAccount,
            time: time
        )
    }

    /// The posts that are out, the oldest first.
    package var posts: [Post] { state.withLock { state in state.posts.filter { !state.deleted.contains($0.id) } } }
    /// The requests that came in, such as `POST /2/tweets`.
    package var requests: [String] { state.withLock { $0.requests } }
    /// How often a token was renewed.
    package var refreshes: Int { oauth.refreshes }
    /// Whether tokens can be renewed with a token.
    package func accepts(_ refresh: Secret) -> Bool { oauth.acceptsRefresh(refresh.reveal()) }
    /// The alternative texts of the uploads.
    package var alternatives: [String] { state.withLock { $0.uploads.alternatives } }

    /// Sets how many posts a window takes.
    package func limit(posts: Int) { state.withLock { $0.postLimit = posts } }
    /// Whether the timeline may be read.
    package func setTimeline(isReadable: Bool) { state.withLock { $0.isTimelineReadable = isReadable } }
    /// Ends all access tokens.
    package func expireTokens() { oauth.expireTokens() }
    /// The bytes of an upload.
    package func bytes(of media: String) -> [UInt8] { state.withLock { $0.uploads.bytes(of: media) } }

    /// Who agrees from now on, when an account is connected.
    package func signIn(_ account: String) { oauth.signIn(account) }
    /// Forgets all uploads.
    package func forgetUploads() { state.withLock { $0.uploads = XUploads() } }

    /// A post that is just there.
    package func add(text: String, author: String = XEmulator.strangersAccount) {
        state.withLock { state in
            _ = Self.add(&state, text: text, author: author, repliesTo: nil, media: [], now: time.now())
        }
    }

    /// The settings under which a gateway uses this emulator as X.
    package func settings(base: String) -> [String: String] {
        [
            "X_API_URL": base, "X_API_KEY": keys.consumerKey, "X_API_KEY_SECRET": keys.consumerSecret,
            "X_ACCESS_TOKEN": keys.token, "X_ACCESS_TOKEN_SECRET": keys.tokenSecret, "X_CLIENT_ID": keys.clientID,
            "X_CLIENT_SECRET": keys.clientSecret,
        ]
    }

    package func respond(to request: EmulatorRequest) async throws -> EmulatorResponse {
        state.withLock { $0.requests.append("\(request.method) \(request.path)") }
        switch (request.method, request.path) {
        case ("GET", "/i/oauth2/authorize"): return oauth.authorize(request)
        case ("POST", "/2/oauth2/token"): return oauth.token(request)
        case ("GET", "/emulator/posts"):
            return .json(.array(posts.map { ["id": .string($0.id), "text": .string($0.text)] }))
        default: break
        }
        guard !request.isCutOff else { return .drop }
        guard let account = account(of: request) else {
            return .json(["title": "Unauthorized", "status": 401], status: 401)
        }
        return answer(request, account)
    }

    static func add(
        _ state: inout State,
        text: String,
        author: String,
        repliesTo: String?,
        media: [String],
        now: Timestamp
    ) -> Post {
        let post = Post(
            id: String(state.nextID),
            author: author,
            text: text,
            repliesTo: repliesTo,
            media: media,
            createdAt: now
        )
        state.nextID += 1
        state.posts.append(post)
        return post
    }

    // MARK: Who asks

    /// The account that a request is authorised for; nil where its authorisation is wrong.
    private func account(of request: EmulatorRequest) -> String? {
        guard let header = request.header("authorization") else { return nil }
        if header.hasPrefix("Bearer ") { return oauth.person(of: String(header.dropFirst(7))) }
        guard header.hasPrefix("OAuth ") else { return nil }
        var fields: [String: String] = [:]
        for field in header.dropFirst(6).split(separator: ",") {
            let halves = field.split(separator: "=", maxSplits: 1)
            guard halves.count == 2 else { return nil }
            let name = halves[0].filter { $0 != " " }
            fields[name] = String(halves[1].dropFirst().dropLast()).removingPercentEncoding
        }
        guard fields["oauth_consumer_key"] == keys.consumerKey, fields["oauth_token"] == keys.token,
            fields["oauth_signature_method"] == "HMAC-SHA1", fields["oauth_version"] == "1.0",
            let signature = fields.removeValue(forKey: "oauth_signature"), let nonce = fields["oauth_nonce"],
            let moment = fields["oauth_timestamp"].flatMap({ Int64($0) }), abs(moment - time.now().seconds) <= 300
        else { return nil }
        let isNew = state.withLock { $0.nonces.insert(nonce).inserted }
        let query = request.query.isEmpty ? "" : "?\(request.query)"
        let expected = OAuth1Signature.signature(
            method: request.method,
            url: request.base + request.path + query,
            parameters: fields.map { ($0.key, $0.value) } + request.form,
            consumerSecret: Secret(keys.consumerSecret),
            tokenSecret: Secret(keys.tokenSecret)
        )
        return isNew && constantTimeEquals(Array(expected.utf8), Array(signature.utf8)) ? Self.ownAccount : nil
    }
}
