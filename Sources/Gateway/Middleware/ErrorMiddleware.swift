import CoreTypes
import HTTPTypes
import Hummingbird
import Logging

/// Turns every failure into an answer: flat JSON for programs, a small page for people.
struct ErrorMiddleware: RouterMiddleware {
    func handle(_ request: Request, context: GatewayContext, next: Next) async throws -> Response {
        do {
            return try await next(request, context)
        } catch {
            let isLost = (error as? any HTTPResponseError)?.status == .notFound
            let failure = isLost ? .unrouted(request) : HTTPFailure(error)
            report(error, failure, context)
            let response =
                wantsPage(request) && failure.status == .notFound
                ? Self.page(failure)
                : Response.failure(failure, requestID: context.requestID)
            return failure.leavesBodyUnread ? response.closing(context.channel) : response
        }
    }

    private func report(_ error: any Error, _ failure: HTTPFailure, _ context: GatewayContext) {
        guard failure.status.code >= 500, failure.status != .notImplemented, !(error is CancellationError) else {
            return
        }
        // An error without a code may hold anything in its text, so only its type is written down.
        let reason = error is any CodedError ? failure.logged : String(reflecting: type(of: error))
        context.logger.error(
            "A request failed",
            metadata: [
                "http.route": .string(context.endpointPath ?? "unmatched"), "code": .string(failure.code),
                "reason": .string(reason),
            ]
        )
    }

    private func wantsPage(_ request: Request) -> Bool {
        !request.uri.path.hasPrefix("/api/") && request.headers[.accept]?.contains("text/html") == true
    }

    private static func page(_ failure: HTTPFailure) -> Response {
        let html = """
            <!doctype html>
            <html lang="en">
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>Not found · Aragora</title>
            <link rel="stylesheet" href="/page.css">
            <main class="lost">
            <h1>There is nothing here</h1>
            <p>The address may have been cut off. <a href="/">Ask the panel a question</a> instead.</p>
            </main>
            </html>

            """
        return .bytes(Array(html.utf8), contentType: "text/html; charset=utf-8", status: failure.status)
    }
}
