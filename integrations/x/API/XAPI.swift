import CoreTypes
import Persistence
import Publishing
import Transport

/// X's API, version 2: one call at a time, within the limits that X has told of, and what came of it.
struct XAPI: Sendable {
    /// What a request carries.
    enum Body: Sendable {
        case none
        case json(JSONValue)
        /// A form with one file; only its type is sent, never a name of a file.
        case form(fields: [(String, String)], file: [UInt8])
    }

    private static let maximumResponseBytes = 8 << 20
    /// How long is waited where X says that there is a limit, but not until when: its usual window.
    private static let usualWindow = Duration.seconds(900)
    /// The code of a post that shows an upload which X does not know any more.
    static let mediaGone = "media_gone"
    private static let boundary = "aragora-7f3c1b9e5d2a4860"

    let baseURL: String
    let accounts: XAccounts
    let database: any Database
    let transport: any HTTPTransport
    let time: any TimeSource
    let identifiers: any IdentifierSource

    /// Makes a call for a workspace's account.
    /// - Parameters:
    ///   - path: with its query, encoded.
    ///   - bucket: the endpoint's name, under which its limits are kept.
    /// - Throws: `PublishingFailure`; of the kind `unknown` where X may have done it.
    func call(
        _ method: String,
        _ path: String,
        body: Body = .none,
        bucket: String,
        workspace: WorkspaceID
    ) async throws(PublishingFailure) -> JSONValue {
        var authority = try await accounts.authority(of: workspace)
        let account = accounts.quotaAccount(of: workspace, authority)
        try await take(bucket, account)
        var response = try await send(method, path, body, authority)
        if response.status == 401, case .connected(let token) = authority {
            // Refused before anything was done: with a new token it may be asked again.
            authority = try await accounts.authority(of: workspace, refused: token)
            response = try await send(method, path, body, authority)
        }
        let limited = try await note(response, bucket, account)
        return try read(response, limitedUntil: limited)
    }

    private func send(
        _ method: String,
        _ path: String,
        _ body: Body,
        _ authority: XAccounts.Authority
    ) async throws(PublishingFailure) -> HTTPResponse {
        let url = baseURL + path
        var request = HTTPRequest(method: method, url: url, maximumResponseBytes: Self.maximumResponseBytes)
        switch authority {
        case .own(let signature):
            let header = signature.header(method: method, url: url, nonce: identifiers.next(), at: time.now())
            request.headers = [("authorization", header)]
        case .connected(let token): request.headers = [("authorization", "Bearer \(token.reveal())")]
        }
        switch body {
        case .none: break
        case .json(let value):
            request.headers.append(("content-type", "application/json"))
            request.body = value.bytes
        case .form(let fields, let file):
            request.headers.append(("content-type", "multipart/form-data; boundary=\(Self.boundary)"))
            request.body = Self.form(fields, file)
            request.timeout = .seconds(120)
        }
        do throws(TransportError) {
            return try await transport.send(request)
        } catch {
            throw PublishingFailure(error)
        }
    }

    private static func form(_ fields: [(String, String)], _ file: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        for (name, value) in fields {
            bytes += Array(
                "--\(boundary)\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(value)\r\n".utf8
            )
        }
        let head =
            "--\(boundary)\r\nContent-Disposition: form-data; name=\"media\"; filename=\"media\"\r\n"
            + "Content-Type: application/octet-stream\r\n\r\n"
        return bytes + Array(head.utf8) + file + Array("\r\n--\(boundary)--\r\n".utf8)
    }

    // MARK: Limits

    /// The windows that X counts a call in, and the beginning of the headers that tell of each.
    private static let windows = [
        ("", "x-rate-limit"), ("/app-day", "x-app-limit-24hour"), ("/user-day", "x-user-limit-24hour"),
    ]

    private func take(_ bucket: String, _ account: QuotaStore.Account) async throws(PublishingFailure) {
        let until: Timestamp?
        do {
            until = try await database.write { transaction in
                let now = time.now()
                let quotas = try QuotaStore().find(account, in: transaction)
                let buckets = Self.windows.map { bucket + $0.0 }
                // Either all windows have room, or none is taken from.
                let full = quotas.filter { buckets.contains($0.bucket) && $0.remaining(at: now) == 0 }.map(\.resetsAt)
                if let latest = full.max() { return latest }
                for name in buckets {
                    _ = try QuotaStore().takeKnown(bucket: name, account: account, now: now, in: transaction)
                }
                return nil
            }
        } catch {
            throw PublishingFailure(error).withoutDoubt
        }
        if let until { throw Self.limited(until) }
    }

    /// Keeps what an answer says of the limits.
    /// - Returns: when X takes more, where a limit is reached.
    private func note(
        _ response: HTTPResponse,
        _ bucket: String,
        _ account: QuotaStore.Account
    ) async throws(PublishingFailure) -> Timestamp? {
        var reached: Timestamp?
        for (suffix, prefix) in Self.windows {
            guard let limit = response.header("\(prefix)-limit").flatMap({ Int64($0) }),
                let remaining = response.header("\(prefix)-remaining").flatMap({ Int64($0) }),
                let reset = response.header("\(prefix)-reset").flatMap({ Int64($0) }), limit > 0,
                // Whatever else it says, it is no moment.
                (0..<(1 << 40)).contains(reset)
            else { continue }
            let end = Timestamp(milliseconds: reset * 1000)
            if remaining <= 0 { reached = max(reached ?? end, end) }
            // A limit that could not be kept is met again by X's own answer; what was done counts more.
            try? await database.write { transaction in
                try QuotaStore().note(
                    bucket: bucket + suffix,
                    limit: limit,
                    remaining: max(0, remaining),
                    resetsAt: end,
                    account: account,
                    now: time.now(),
                    in: transaction
                )
            }
        }
        guard response.status == 429 else { return nil }
        if let reached { return reached }
        return time.now() + (response.retryAfter(now: time.now()) ?? Self.usualWindow)
    }

    private static func limited(_ until: Timestamp) -> PublishingFailure {
        PublishingFailure(.limited(until: until), code: "rate_limited", "X takes no more until \(until.iso8601).")
    }

    // MARK: Answers

    private func read(_ response: HTTPResponse, limitedUntil: Timestamp?) throws(PublishingFailure) -> JSONValue {
        if let limitedUntil { throw Self.limited(limitedUntil) }
        let body = try? JSONValue(parsing: response.body)
        switch response.status {
        case 200..<300:
            guard response.status != 204, !response.body.isEmpty else { return [:] }
            guard let body else {
                throw PublishingFailure(.unknown, code: "unreadable_answer", "X's answer cannot be read.")
            }
            return body
        case 401:
            throw PublishingFailure(
                .authentication,
                code: "unauthorized",
                "X refused the account's credentials; check the keys and this machine's clock, or connect again."
            )
        case 402:
            throw PublishingFailure(
                .limited(until: time.now() + .seconds(3600)),
                code: "credits_depleted",
                "X asks for payment: the account has no credits left."
            )
        case 404: throw PublishingFailure(.permanent, code: "not_found", "X does not know it.")
        case 400..<500:
            let detail = body?["detail"]?.string ?? body?["errors"]?.array?.first?["message"]?.string ?? ""
            let words = ([detail] + (body?["errors"]?.array ?? []).compactMap { $0["message"]?.string }).map {
                $0.lowercased()
            }
            let isDuplicate = response.status == 403 && detail.lowercased().contains("duplicate content")
            let isMediaGone = response.status == 400 && words.contains { $0.contains("media id") }
            throw PublishingFailure(
                .permanent,
                code: isDuplicate ? "duplicate" : isMediaGone ? Self.mediaGone : "http_\(response.status)",
                isDuplicate
                    ? "X has a post with the same text already." : "X refused: \(Self.safe(detail, response.status))"
            )
        default:
            throw PublishingFailure(
                .unknown,
                code: "http_\(response.status)",
                "X failed with status \(response.status); it may have done what it was asked for."
            )
        }
    }

    /// X's own words, without control characters and not too many of them.
    private static func safe(_ detail: String, _ status: Int) -> String {
        let words = String(detail.unicodeScalars.filter { $0.value >= 32 }.prefix(200).map(Character.init))
        return words.isEmpty ? "status \(status)." : words
    }
}
