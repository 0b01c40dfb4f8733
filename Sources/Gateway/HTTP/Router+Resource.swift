import HTTPTypes
import Hummingbird

/// Answers one method of one path.
typealias Handler = @Sendable (Request, GatewayContext) async throws -> Response

extension RouterMethods where Context == GatewayContext {
    /// Adds a path with its methods; the other usual ones are answered with 405 and the list of those that work.
    func resource(_ path: RouterPath, _ handlers: KeyValuePairs<HTTPRequest.Method, Handler>) {
        var allowed = handlers.map(\.key.rawValue)
        if allowed.contains("GET") { allowed.append("HEAD") }
        let allow = allowed.sorted().joined(separator: ", ")
        for (method, handler) in handlers {
            on(path, method: method, use: handler)
        }
        for method: HTTPRequest.Method in [.get, .post, .put, .patch, .delete] where !allowed.contains(method.rawValue)
        {
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
