import CoreTypes
import Persistence
import Publishing
import Transport

/// YouTube's Data API, version 3: one call at a time, within the day's quotas, and what came of it.
struct YouTubeAPI: Sendable {
    private static let maximumResponseBytes = 8 << 20

    let configuration: YouTubeConfiguration
    let tokens: AccountTokens
    let database: any Database
    let transport: any HTTPTransport
    let time: any TimeSource

    /// Google counts for the whole project, whichever workspace a call is for.
    var quotaAccount: QuotaStore.Account {
        QuotaStore.Account(workspace: .local, platform: YouTubePlatform.platformName, name: configuration.clientID)
    }

    /// Makes a call for a workspace's account.
    /// - Parameters:
    ///   - url: of our API, or of an upload's session.
    ///   - cost: nil for what is paid for already.
    /// - Returns: the answer, of whatever status but those that mean a limit or refused credentials.
    /// - Throws: `PublishingFailure`; of the kind `unknown` where YouTube may have done it.
    func send(
        _ method: String,
        _ url: String,
        headers: [(name: String, value: String)] = [],
        body: [UInt8] = [],
        timeout: Duration = .seconds(60),
        cost: YouTubeLimits.Cost?,
        workspace: WorkspaceID
    ) async throws(PublishingFailure) -> HTTPResponse {
        var token = try await tokens.token(of: workspace)
        if let cost { try await pay(cost) }
        var request = HTTPRequest(
            method: method,
            url: url,
            body: body,
            timeout: timeout,
            maximumResponseBytes: Self.maximumResponseBytes
        )
        for isSecond in [false, true] {
            request.headers = headers + [("authorization", "Bearer \(token.reveal())")]
            let response: HTTPResponse
            do throws(TransportError) {
                response = try await transport.send(request)
            } catch {
                throw PublishingFailure(error)
            }
            if response.status == 401, !isSecond {
                // Refused before anything was done: with a new token it may be asked again.
                token = try await tokens.token(of: workspace, refused: token)
                continue
            }
            try await check(response, cost?.bucket)
            return response
        }
        throw Self.unauthorized
    }

    /// Makes a call whose answer is to be JSON.
    /// - Throws: `PublishingFailure`.
    func call(
        _ method: String,
        _ path: String,
        headers: [(name: String, value: String)] = [],
        body: [UInt8] = [],
        timeout: Duration = .seconds(60),
        cost: YouTubeLimits.Cost,
        workspace: WorkspaceID
    ) async throws(PublishingFailure) -> JSONValue {
        let response = try await send(
            method,
            configuration.apiURL + path,
            headers: headers,
            body: body,
            timeout: timeout,
            cost: cost,
            workspace: workspace
        )
        guard (200..<300).contains(response.status) else { throw Self.refusal(response) }
        guard !response.body.isEmpty else { return [:] }
        guard let body = try? JSONValue(parsing: response.body) else {
            throw PublishingFailure(.unknown, code: "unreadable_answer", "YouTube's answer cannot be read.")
        }
        return body
    }

    private func pay(_ cost: YouTubeLimits.Cost) async throws(PublishingFailure) {
        do {
            let until = try await database.write { transaction in
                let now = time.now()
                return try QuotaStore().take(
                    cost.amount,
                    of: limit(of: cost.bucket),
                    bucket: cost.bucket.rawValue,
                    until: PacificDay(of: now).end,
                    account: quotaAccount,
                    now: now,
                    in: transaction
                )
            }
            if let until { throw Self.exhausted(until) }
        } catch {
            throw PublishingFailure(error).withoutDoubt
        }
    }

    /// What the project may use of a bucket between two midnights.
    func limit(of bucket: YouTubeLimits.Bucket) -> Int64 {
        switch bucket {
        case .units: configuration.dailyQuota
        case .uploads: configuration.dailyUploads
        }
    }

    private func check(_ response: HTTPResponse, _ bucket: YouTubeLimits.Bucket?) async throws(PublishingFailure) {
        let now = time.now()
        switch response.status {
        case 401: throw Self.unauthorized
        case 400, 403, 429:
            let reason = Self.reason(response)
            switch reason {
            case "uploadLimitExceeded":
                // The channel's limit, which says nothing of the project's.
                throw PublishingFailure(
                    .limited(until: now + YouTubeLimits.channelPause),
                    code: "upload_limit",
                    "The channel has uploaded as many videos as YouTube takes in a day; it is tried again in a day."
                )
            case "quotaExceeded", "dailyLimitExceeded":
                let end = PacificDay(of: now).end
                if let bucket { await note(bucket, exhaustedUntil: end) }
                throw Self.exhausted(end)
            case _ where response.status == 429 || reason == "rateLimitExceeded" || reason == "userRateLimitExceeded":
                let wait = response.retryAfter(now: now) ?? .seconds(60)
                throw PublishingFailure(
                    .limited(until: now + wait),
                    code: "rate_limited",
                    "YouTube asked to slow down."
                )
            default: return
            }
        default: return
        }
    }

    /// Other programs may use the same project: when Google says that the day's quota is used up, it is.
    private func note(_ bucket: YouTubeLimits.Bucket, exhaustedUntil end: Timestamp) async {
        try? await database.write { transaction in
            try QuotaStore().note(
                bucket: bucket.rawValue,
                limit: limit(of: bucket),
                remaining: 0,
                resetsAt: end,
                account: quotaAccount,
                now: time.now(),
                in: transaction
            )
        }
    }

    private static func exhausted(_ until: Timestamp) -> PublishingFailure {
        PublishingFailure(
            .limited(until: until),
            code: "quota_exceeded",
            "The day's quota at YouTube is used up; it begins anew at \(until.iso8601)."
        )
    }

    private static let unauthorized = PublishingFailure(
        .authentication,
        code: "unauthorized",
        "YouTube refused the account's authorisation; connect the account again."
    )

    /// What a status other than success means.
    static func refusal(_ response: HTTPResponse) -> PublishingFailure {
        let reason = reason(response)
        if response.status == 404 {
            return PublishingFailure(.permanent, code: "not_found", "YouTube does not know it.")
        }
        if response.status >= 500 {
            return PublishingFailure(
                .unknown,
                code: "http_\(response.status)",
                "YouTube failed with status \(response.status); it may have done what it was asked for."
            )
        }
        return PublishingFailure(
            .permanent,
            code: reason.isEmpty ? "http_\(response.status)" : reason,
            "YouTube refused (\(reason.isEmpty ? "status \(response.status)" : reason))."
        )
    }

    /// Google's word for what is wrong.
    static func reason(_ response: HTTPResponse) -> String {
        let error = (try? JSONDocument(response.body))?["error"]
        let reason = error?["errors"]?.array?.first?["reason"]?.string ?? ""
        return String(reason.filter { $0.isASCII && $0.isLetter }.prefix(60))
    }
}
