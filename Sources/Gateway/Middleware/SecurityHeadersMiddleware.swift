import HTTPTypes
import Hummingbird

/// Tells browsers what our pages never do, so that what slips into one cannot do it either.
struct SecurityHeadersMiddleware: RouterMiddleware {
    /// Scripts and styles come from our own files alone; nothing inline, nothing from elsewhere.
    private static let contentSecurityPolicy =
        "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
        + "frame-ancestors 'none'"

    func handle(_ request: Request, context: GatewayContext, next: Next) async throws -> Response {
        var response = try await next(request, context)
        response.headers[.xContentTypeOptions] = "nosniff"
        response.headers[.referrerPolicy] = "no-referrer"
        if !response.headers.contains(.contentSecurityPolicy) {
            response.headers[.contentSecurityPolicy] = Self.contentSecurityPolicy
        }
        if !response.headers.contains(.cacheControl) {
            response.headers[.cacheControl] = "no-store"
        }
        return response
    }
}
