package import CoreTypes
import Synchronization

/// A local server that speaks the parts of YouTube's Data API that are used here, and holds to its rules: tokens, the
/// day's quota, the ranges of resumable uploads.
package final class YouTubeEmulator: Emulator {
    /// The app that it accepts.
    package struct Keys: Sendable {
        package var clientID = "emulated-client"
        package var clientSecret = "emulated-client-secret"

        /// The usual app.
        package init() {}
    }

    /// A video that is there.
    package struct Video: Sendable {
        package let id: String
        package let resource: JSONValue
        package let bytes: [UInt8]
        package internal(set) var thumbnail: [UInt8]?
        package internal(set) var captions: [String] = []
        /// How often it is asked before the video is processed.
        var pollsLeft = 2
    }

    struct Session {
        var resource: JSONValue
        var total: Int
        var received: [UInt8] = []
        var video: String?
    }

    struct State {
        var videos: [Video] = []
        var sessions: [String: Session] = [:]
        var used: Int64 = 0
        var uploads: Int64 = 0
        /// Whether the channel has uploaded too much.
        var isChannelFull = false
        /// Whether videos are ever processed.
        var processes = true
        var nextID = 1
        var requests: [String] = []
    }

    package let title = "YouTube"
    /// What goes wrong.
    package let faults: EmulatorFaults
    let quota: Int64
    let uploads: Int64
    /// Pieces of an upload are multiples of this, the last one excepted.
    let chunkUnit: Int
    let keys: Keys
    let oauth: OAuth2Emulator
    let state = Mutex(State())

    /// Makes an emulator.
    /// - Parameters:
    ///   - quota: the units of a day, which never ends here.
    ///   - uploads: the videos that may be uploaded in it.
    package init(
        keys: Keys = Keys(),
        faults: EmulatorFaults = EmulatorFaults(),
        quota: Int64 = 10_000,
        uploads: Int64 = 100,
        chunkUnit: Int = 256 << 10,
        tokenLifetime: Duration = .seconds(3600),
        time: any TimeSource = SystemTime()
    ) {
        self.keys = keys
        self.faults = faults
        self.quota = quota
        self.uploads = uploads
        self.chunkUnit = chunkUnit
        oauth = OAuth2Emulator(
            clientID: keys.clientID,
            clientSecret: keys.clientSecret,
            rotates: false,
            lifetime: tokenLifetime,
            person: "UCemulated",
            time: time
        )
    }

    /// The videos that are there.
    package var videos: [Video] { state.withLock { $0.videos } }
    /// The requests that came in, such as `POST /upload/youtube/v3/videos`.
    package var requests: [String] { state.withLock { $0.requests } }
    /// The units that were used.
    package var used: Int64 { state.withLock { $0.used } }
    /// How often a token was renewed.
    package var refreshes: Int { oauth.refreshes }

    /// Forgets all upload sessions, as Google does after a week.
    package func forgetSessions() { state.withLock { $0.sessions = [:] } }
    /// Videos that somebody else uploads to the channel.
    package func addVideos(_ count: Int) {
        state.withLock { state in
            for _ in 0..<count {
                state.videos.append(Video(id: "other-\(state.nextID)", resource: [:], bytes: []))
                state.nextID += 1
            }
        }
    }
    /// Whether the channel has uploaded as much as it may.
    package func setChannel(isFull: Bool) { state.withLock { $0.isChannelFull = isFull } }
    /// From now on no video is ever processed.
    package func stopProcessing() { state.withLock { $0.processes = false } }
    /// Ends all access tokens.
    package func expireTokens() { oauth.expireTokens() }
    /// Makes a pair of tokens as if an account had been connected.
    package func grant() -> (access: String, refresh: String) { oauth.grant() }

    /// The settings under which a gateway uses this emulator as YouTube.
    package func settings(base: String) -> [String: String] {
        ["YOUTUBE_API_URL": base, "YOUTUBE_CLIENT_ID": keys.clientID, "YOUTUBE_CLIENT_SECRET": keys.clientSecret]
    }

    package func respond(to request: EmulatorRequest) async throws -> EmulatorResponse {
        state.withLock { $0.requests.append("\(request.method) \(request.path)") }
        switch (request.method, request.path) {
        case ("GET", "/o/oauth2/v2/auth"): return oauth.authorize(request)
        case ("POST", "/token"): return oauth.token(request)
        case ("GET", "/emulator/videos"):
            return .json(.array(videos.map { ["id": .string($0.id), "snippet": $0.resource["snippet"] ?? .null] }))
        default: break
        }
        let token = (request.header("authorization") ?? "").dropFirst("Bearer ".count)
        guard oauth.person(of: String(token)) != nil else { return Self.failure(401, "authError") }
        return answer(request)
    }

    static func failure(_ status: Int, _ reason: String) -> EmulatorResponse {
        .json(
            [
                "error": [
                    "code": .integer(Int64(status)), "message": .string(reason),
                    "errors": [["reason": .string(reason), "domain": "youtube"]],
                ]
            ],
            status: status
        )
    }
}
