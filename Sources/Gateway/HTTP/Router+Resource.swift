import HTTPTypes
import Hummingbird

/// Answers one method of one path.
typealias Handler = @Sendable (Request, GatewayContext) async throws -> Response

extension HTTPRequest.Method {
    /// The methods that every address answers in some way.
    static let known = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY"]
        .compactMap { HTTPRequest.Method($0) }
}

extension RouterMethods where Context == GatewayContext {
    /// Adds a path with its methods; `OPTIONS` gets their list, and all others are answered with 405 and the list.
    func resource(_ path: RouterPath, _ handlers: KeyValuePairs<HTTPRequest.Method, Handler>) {
        var allowed = handlers.map(\.key.rawValue) + ["OPTIONS"]
        if allowed.contains("GET") { allowed.append("HEAD") }
        let allow = allowed.sorted().joined(separator: ", ")
        for (method, handler) in handlers {
            on(path, method: method, use: handler)
            // `HeadMiddleware` takes the content away.
            if method == .get { on(path, method: .head, use: handler) }
        }
        on(path, method: .options) { _, _ -> Response in
            Response(status: .noContent, headers: [.allow: allow])
        }
        for method in HTTPRequest.Method.known where !allowed.contains(method.rawValue) {
            on(path, method: method) { _, _ -> Response in
                throw HTTPFailure(
                    .methodNotAllowed,
                    "method_not_allowed",
                    "This address takes \(allow) only.",
                    headers: [.allow: allow]
                )
            }
        }
    }
}
