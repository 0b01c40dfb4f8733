import CoreTypes
import Transport

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Slack's Web API: one call at a time, and what came of it.
struct SlackAPI: Sendable {
    /// Larger answers are refused; a page of history with metadata stays below.
    private static let maximumResponseBytes = 8 << 20
    /// The longest that a call may take, so that a stuck one is found out well within a lease.
    private static let timeout: Duration = .seconds(20)

    let baseURL: String
    let transport: any HTTPTransport
    let time: any TimeSource

    /// A successful answer.
    struct Reply: Sendable {
        let body: JSONValue
        /// Looks up a header of the answer.
        let response: HTTPResponse

        /// Where the next page starts, or nil.
        var nextCursor: String? {
            body["response_metadata"]?["next_cursor"]?.string.flatMap { $0.isEmpty ? nil : $0 }
        }
    }

    /// Calls a method with a JSON body.
    /// - Throws: `SlackFailure`.
    func call(_ method: String, token: Secret, json: JSONValue) async throws(SlackFailure) -> Reply {
        try await post(
            method,
            headers: [
                ("authorization", "Bearer \(token.reveal())"),
                ("content-type", "application/json; charset=utf-8"),
            ],
            body: json.bytes
        )
    }

    /// Calls a method with form fields, as those that read want it; nil values are left out.
    /// - Throws: `SlackFailure`.
    func call(
        _ method: String,
        token: Secret,
        fields: KeyValuePairs<String, String?> = [:]
    ) async throws(SlackFailure) -> Reply {
        try await post(
            method,
            headers: [
                ("authorization", "Bearer \(token.reveal())"),
                ("content-type", "application/x-www-form-urlencoded"),
            ],
            body: Self.form(fields)
        )
    }

    /// Calls a method of the OAuth kind, as the app itself.
    /// - Throws: `SlackFailure`.
    func call(
        _ method: String,
        clientID: String,
        clientSecret: Secret,
        fields: KeyValuePairs<String, String?>
    ) async throws(SlackFailure) -> Reply {
        let credentials = Data("\(clientID):\(clientSecret.reveal())".utf8).base64EncodedString()
        return try await post(
            method,
            headers: [
                ("authorization", "Basic \(credentials)"),
                ("content-type", "application/x-www-form-urlencoded"),
            ],
            body: Self.form(fields)
        )
    }

    /// Answers through a response URL; it carries its own authority, so no token goes there.
    /// - Throws: `SlackFailure`.
    func respond(to url: String, json: JSONValue) async throws(SlackFailure) {
        let response = try await send(
            HTTPRequest(
                method: "POST",
                url: url,
                headers: [("content-type", "application/json; charset=utf-8")],
                body: json.bytes,
                timeout: Self.timeout,
                maximumResponseBytes: Self.maximumResponseBytes
            )
        )
        try checkStatus(response)
        // The answer is `ok` or JSON; a refusal comes as JSON or as the bare word, with a status of 404 or 410.
        let text = String(decoding: response.body, as: UTF8.self)
        if let body = try? JSONValue(parsing: response.body), body["ok"]?.bool == false {
            throw SlackFailure(slackError: body["error"]?.string ?? "expired_url", retryAfter: nil)
        }
        guard (200..<300).contains(response.status) else {
            let code = trimmed(text)
            throw SlackFailure(slackError: SlackFailure.table[code] == nil ? "expired_url" : code, retryAfter: nil)
        }
    }

    private func post(
        _ method: String,
        headers: [(name: String, value: String)],
        body: [UInt8]
    ) async throws(SlackFailure) -> Reply {
        let response = try await send(
            HTTPRequest(
                method: "POST",
                url: "\(baseURL)/\(method)",
                headers: headers,
                body: body,
                timeout: Self.timeout,
                maximumResponseBytes: Self.maximumResponseBytes
            )
        )
        try checkStatus(response)
        guard let value = try? JSONValue(parsing: response.body), let isOK = value["ok"]?.bool else {
            throw SlackFailure(
                (200..<300).contains(response.status) ? .unknown : .permanent,
                code: "unreadable_answer",
                "Slack's answer to \(method) cannot be read (status \(response.status))."
            )
        }
        guard isOK else {
            throw SlackFailure(
                slackError: value["error"]?.string ?? "unknown_error",
                retryAfter: response.retryAfter(now: time.now()),
                needed: value["needed"]?.string
            )
        }
        return Reply(body: value, response: response)
    }

    private func send(_ request: HTTPRequest) async throws(SlackFailure) -> HTTPResponse {
        do throws(TransportError) {
            return try await transport.send(request)
        } catch {
            throw SlackFailure(error)
        }
    }

    /// 429 is a refusal for now; behind 5xx something may have been done.
    private func checkStatus(_ response: HTTPResponse) throws(SlackFailure) {
        if response.status == 429 {
            let wait = response.retryAfter(now: time.now()) ?? SlackFailure.defaultRetryAfter
            throw SlackFailure(.rateLimited(retryAfter: wait), code: "ratelimited", "Slack asked to slow down.")
        }
        if response.status >= 500 {
            throw SlackFailure(
                .unknown,
                code: "http_\(response.status)",
                "Slack failed with status \(response.status); it may have done what it was asked for."
            )
        }
    }

    private static func form(_ fields: KeyValuePairs<String, String?>) -> [UInt8] {
        formURLEncoded(fields.compactMap { name, value in value.map { (name, $0) } })
    }
}
