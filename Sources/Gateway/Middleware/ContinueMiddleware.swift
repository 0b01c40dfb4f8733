import HTTPTypes
import Hummingbird

/// Tells a client that waits with its body to send it, once it is about to be read.
struct ContinueMiddleware: RouterMiddleware {
    func handle(_ request: Request, context: GatewayContext, next: Next) async throws -> Response {
        guard Self.waitsWithBody(request) else { return try await next(request, context) }
        let body = AwaitedBody(request.body, channel: context.channel)
        var request = request
        request.body = RequestBody(asyncSequence: body)
        let response = try await next(request, context)
        // A body that nobody asked for may never come, and what comes in its place must not be taken for it.
        return body.wasAsked ? response : response.closing(context.channel)
    }

    private static func waitsWithBody(_ request: Request) -> Bool {
        guard request.headers[.expect]?.lowercased() == "100-continue" else { return false }
        return request.headers[.transferEncoding] != nil || (request.headers[.contentLength] ?? "0") != "0"
    }
}
