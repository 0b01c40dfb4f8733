import Hummingbird

/// Lets through only those who may use the API, and tells the handlers who they are.
struct APIAccessMiddleware: RouterMiddleware {
    let policy: AccessPolicy

    func handle(_ request: Request, context: GatewayContext, next: Next) async throws -> Response {
        var context = context
        context.caller = try policy.authorize(request, context)
        return try await next(request, context)
    }
}
