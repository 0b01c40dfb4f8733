import HTTPTypes
import Hummingbird

/// Refuses requests that name more than one host: whoever stands in front may have read another one (RFC 9112, section
/// 3.2).
struct HostMiddleware: RouterMiddleware {
    func handle(_ request: Request, context: GatewayContext, next: Next) async throws -> Response {
        // The first `Host` has become the authority; what is left among the headers is one more.
        guard !request.headers.contains(.hostAgain) else {
            throw HTTPFailure.invalid("The request has more than one `Host` header. Send one.")
        }
        return try await next(request, context)
    }
}
