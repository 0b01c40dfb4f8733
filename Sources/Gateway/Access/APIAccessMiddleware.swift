import Hummingbird

/// Lets through only those who may use the API, and tells the handlers who they are.
struct APIAccessMiddleware: RouterMiddleware {
    let policy: AccessPolicy
    /// Who knows the keys of programs; nil where there are none.
    let keys: KeyPolicy?

    func handle(_ request: Request, context: GatewayContext, next: Next) async throws -> Response {
        var context = context
        if let keys, let key = KeyPolicy.key(shownIn: request) {
            context.caller = try await keys.authorize(key, request)
        } else {
            context.caller = try policy.authorize(request, context)
        }
        return try await next(request, context)
    }
}
