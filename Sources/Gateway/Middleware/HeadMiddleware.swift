import HTTPTypes
import Hummingbird

/// Answers HEAD as GET without the content; the length of what GET writes piece by piece is not known and not told.
struct HeadMiddleware: RouterMiddleware {
    func handle(_ request: Request, context: GatewayContext, next: Next) async throws -> Response {
        var response = try await next(request, context)
        guard request.method == .head else { return response }
        guard response.body.contentLength == nil else { return response.createHeadResponse() }
        response.body = ResponseBody { writer in try await writer.finish(nil) }
        return response
    }
}
