import CoreTypes
import Crypto
import Foundation
import Synchronization

/// The authorisation server of an emulated platform: codes with PKCE, access tokens that end, refresh tokens.
final class OAuth2Emulator: Sendable {
    private struct State {
        /// Who agrees next.
        var person: String
        /// The challenge and the redirect address of each code, and who agreed.
        var codes: [String: (challenge: String, redirect: String, person: String)] = [:]
        /// Whose each token is.
        var refreshTokens: [String: String] = [:]
        var accessTokens: [String: (person: String, end: Timestamp)] = [:]
        var counter = 0
        var refreshes = 0
    }

    private let clientID: String
    private let clientSecret: String
    /// Whether a refresh token is good for one use, as X's are.
    private let rotates: Bool
    private let lifetime: Duration
    private let time: any TimeSource
    private let state: Mutex<State>

    init(
        clientID: String,
        clientSecret: String,
        rotates: Bool,
        lifetime: Duration,
        person: String,
        time: any TimeSource
    ) {
        state = Mutex(State(person: person))
        self.clientID = clientID
        self.clientSecret = clientSecret
        self.rotates = rotates
        self.lifetime = lifetime
        self.time = time
    }

    /// How often tokens were renewed.
    var refreshes: Int { state.withLock { $0.refreshes } }

    /// Whose a token is; nil where it is no good.
    func person(of token: String) -> String? {
        let entry = state.withLock { $0.accessTokens[token] }
        return entry.flatMap { $0.end > time.now() ? $0.person : nil }
    }

    /// Whether tokens can be renewed with a token.
    func acceptsRefresh(_ token: String) -> Bool { state.withLock { $0.refreshTokens[token] != nil } }

    /// Sets who agrees from now on.
    func signIn(_ person: String) { state.withLock { $0.person = person } }

    /// Ends all access tokens.
    func expireTokens() { state.withLock { $0.accessTokens = [:] } }

    /// Makes a pair of tokens as if an account had been connected.
    func grant() -> (access: String, refresh: String) {
        state.withLock { state in
            pair(for: state.person, &state)
        }
    }

    private func pair(for person: String, _ state: inout State) -> (access: String, refresh: String) {
        state.counter += 1
        let pair = (access: "access-\(state.counter)", refresh: "refresh-\(state.counter)")
        state.accessTokens[pair.access] = (person, time.now() + lifetime)
        state.refreshTokens[pair.refresh] = person
        return pair
    }

    /// The page on which a person would agree: it agrees at once.
    func authorize(_ request: EmulatorRequest) -> EmulatorResponse {
        guard request.parameter("response_type") == "code", request.parameter("client_id") == clientID,
            request.parameter("code_challenge_method") == "S256",
            let challenge = request.parameter("code_challenge"), challenge.count == 43,
            let redirect = request.parameter("redirect_uri"), let stateValue = request.parameter("state")
        else { return .json(["error": "invalid_request"], status: 400) }
        let code = state.withLock { state in
            state.counter += 1
            let code = "code-\(state.counter)"
            state.codes[code] = (challenge, redirect, state.person)
            return code
        }
        return .empty(302, headers: [("location", "\(redirect)?state=\(stateValue)&code=\(code)")])
    }

    /// The endpoint that gives tokens.
    func token(_ request: EmulatorRequest) -> EmulatorResponse {
        let form = Dictionary(request.form) { first, _ in first }
        let basic = "Basic \(Data("\(clientID):\(clientSecret)".utf8).base64EncodedString())"
        guard request.header("authorization") == basic || form["client_secret"] == clientSecret,
            form["client_id"] == clientID
        else { return .json(["error": "invalid_client"], status: 401) }
        return state.withLock { state in
            let person: String
            switch form["grant_type"] {
            case "authorization_code":
                let digest = Data(SHA256.hash(data: Array((form["code_verifier"] ?? "").utf8))).base64EncodedString()
                let challenge = digest.replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
                guard let known = state.codes.removeValue(forKey: form["code"] ?? ""), known.challenge == challenge,
                    known.redirect == form["redirect_uri"]
                else { return .json(["error": "invalid_grant"], status: 400) }
                person = known.person
            case "refresh_token":
                guard let refresh = form["refresh_token"], let owner = state.refreshTokens[refresh] else {
                    return .json(["error": "invalid_grant"], status: 400)
                }
                person = owner
                state.refreshes += 1
                if rotates { state.refreshTokens[refresh] = nil }
            default: return .json(["error": "unsupported_grant_type"], status: 400)
            }
            let pair = self.pair(for: person, &state)
            var answer: JSONValue = [
                "token_type": "bearer", "access_token": .string(pair.access), "scope": "all",
                "expires_in": .integer(lifetime.components.seconds),
            ]
            // Google gives one with the first grant alone.
            if rotates || form["grant_type"] == "authorization_code" { answer["refresh_token"] = .string(pair.refresh) }
            return .json(answer)
        }
    }
}
