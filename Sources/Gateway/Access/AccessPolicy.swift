import CoreTypes
import HTTPTypes
import Hummingbird

/// Decides who may use the API.
///
/// With a token: whoever shows it. Without one: only programs on the same machine, which takes more than a look at the
/// peer's address, because a browser on this machine lends its address to every page that it shows. A page of
/// somewhere else is kept out by the `Host` check (DNS rebinding) and the `Origin` checks (cross-site requests), and a
/// reverse proxy, which lends its address to everybody, by its forwarding headers. Some proxies add none and rewrite the
/// host, so whoever lets a gateway be reached from outside is told to set a token.
struct AccessPolicy: Sendable {
    private let token: Secret?

    /// Makes the policy; an empty token counts as none.
    init(token: Secret?) {
        self.token = token.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Says who asks.
    /// - Throws: `HTTPFailure` 401, 403 or 415.
    func authorize(_ request: Request, _ context: GatewayContext) throws(HTTPFailure) -> Caller {
        guard token != nil else {
            try requireLocalProgram(request, context)
            return .localProgram
        }
        guard let shown = bearerToken(of: request), isToken(Secret(String(shown))) else {
            throw HTTPFailure(
                .unauthorized,
                "unauthorized",
                "This needs the API token as `Authorization: Bearer …`.",
                headers: [.wwwAuthenticate: "Bearer"]
            )
        }
        return .tokenHolder
    }

    /// Whether this is the API token.
    func isToken(_ shown: Secret) -> Bool {
        guard let token else { return false }
        return constantTimeEquals(Array(shown.reveal().utf8), Array(token.reveal().utf8))
    }

    /// Says whether metrics may be read: by whoever may use the API, and always by this machine.
    /// - Throws: `HTTPFailure` 401 or 403.
    func authorizeMetrics(_ request: Request, _ context: GatewayContext) throws(HTTPFailure) {
        if context.isLoopbackPeer, hasLocalHost(request), !isForwarded(request) { return }
        _ = try authorize(request, context)
    }

    private func bearerToken(of request: Request) -> Substring? {
        guard let value = request.headers[.authorization] else { return nil }
        let words = value.split(separator: " ", maxSplits: 1)
        guard words.count == 2, words[0].lowercased() == "bearer" else { return nil }
        return words[1]
    }

    private func requireLocalProgram(_ request: Request, _ context: GatewayContext) throws(HTTPFailure) {
        guard context.isLoopbackPeer, !isForwarded(request) else {
            throw HTTPFailure(
                .forbidden,
                "local_only",
                "No API token is configured, so only programs on the gateway's own machine may use this. Set "
                    + "ARAGORA_API_TOKEN to allow others."
            )
        }
        guard hasLocalHost(request) else {
            throw HTTPFailure(
                .forbidden,
                "host_refused",
                "Without an API token the host has to be localhost, 127.0.0.1 or [::1]. Set ARAGORA_API_TOKEN to use "
                    + "another name."
            )
        }
        if let origin = request.headers[.origin], !isOwn(origin, request) {
            throw HTTPFailure(.forbidden, "origin_refused", "Requests of other sites' pages are refused.")
        }
        guard request.method != .get, request.method != .head else { return }
        if let site = request.headers[.secFetchSite], site != "same-origin", site != "none" {
            throw HTTPFailure(.forbidden, "origin_refused", "Requests of other sites' pages are refused.")
        }
        // A form of another site's page has a type; a browser's request without a body names its origin.
        let hasBody =
            request.headers[.contentType] != nil || request.headers[.transferEncoding] != nil
            || (request.headers[.contentLength].map { $0 != "0" } ?? false)
        guard isJSON(request.headers[.contentType]) || !hasBody else {
            throw HTTPFailure(
                .unsupportedMediaType,
                "json_required",
                "Requests that change something need `Content-Type: application/json`."
            )
        }
    }

    private func isForwarded(_ request: Request) -> Bool {
        let names: [HTTPField.Name] = [
            .forwarded, .xForwardedFor, .xForwardedHost, .xForwardedProto, .xForwardedPort, .xRealIP, .via,
            .cfConnectingIP, .trueClientIP,
        ]
        return names.contains { request.headers.contains($0) }
    }

    private func hasLocalHost(_ request: Request) -> Bool {
        guard let authority = request.head.authority?.lowercased() else { return false }
        let host: Substring
        if authority.hasPrefix("[") {
            host = authority.prefix { $0 != "]" } + "]"
        } else {
            host = authority.prefix { $0 != ":" }
        }
        let port = authority.dropFirst(host.count)
        guard port.isEmpty || (port.first == ":" && port.dropFirst().allSatisfy { $0.isASCII && $0.isNumber }) else {
            return false
        }
        return ["localhost", "127.0.0.1", "[::1]"].contains(String(host))
    }

    private func isOwn(_ origin: String, _ request: Request) -> Bool {
        guard let authority = request.head.authority?.lowercased() else { return false }
        return origin.lowercased() == "http://" + authority || origin.lowercased() == "https://" + authority
    }

    private func isJSON(_ contentType: String?) -> Bool {
        let type = contentType?.prefix { $0 != ";" } ?? ""
        return type.lowercased().filter { $0 != " " && $0 != "\t" } == "application/json"
    }
}
