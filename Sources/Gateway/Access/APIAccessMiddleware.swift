import Hummingbird

/// Lets through only those who may use the API, and tells the handlers who they are.
struct APIAccessMiddleware: RouterMiddleware {
    let access: APIAccess

    func handle(_ request: Request, context: GatewayContext, next: Next) async throws -> Response {
        var context = context
        context.caller = try await access.caller(request, context)
        return try await next(request, context)
    }
}
