import HTTPTypes
import Hummingbird

/// Tells a client that waits with its body to send it, once it is about to be read.
struct ContinueMiddleware: RouterMiddleware {
    func handle(_ request: Request, context: GatewayContext, next: Next) async throws -> Response {
        // Those that do not wait come without this header (`RoutedRequest`).
        guard request.headers[.expect] != nil else { return try await next(request, context) }
        let body = AwaitedBody(request.body, channel: context.channel)
        var request = request
        request.body = RequestBody(asyncSequence: body)
        let response = try await next(request, context)
        // A body that nobody asked for may never come, and what comes in its place must not be taken for a request.
        return body.wasAsked ? response : response.closing(context.channel)
    }
}
