import Hummingbird
import Logging

/// Writes one line for each answered request: the route's template, never the query, the headers or the body.
struct AccessLogMiddleware: RouterMiddleware {
    /// What machines ask every few seconds is logged at debug.
    private static let quietRoutes: Set = [
        "/healthz", "/readyz", "/metrics", "/health", "/api/health", "/api/v1/health",
    ]

    func handle(_ request: Request, context: GatewayContext, next: Next) async throws -> Response {
        let start = ContinuousClock.now
        let response = try await next(request, context)
        let passed = (ContinuousClock.now - start).components
        let microseconds = passed.seconds * 1_000_000 + passed.attoseconds / 1_000_000_000_000
        let route = context.endpointPath ?? "unmatched"
        context.logger.log(
            level: Self.quietRoutes.contains(route) ? .debug : .info,
            "Request answered",
            metadata: [
                "http.method": .string(request.method.rawValue),
                "http.route": .string(route),
                "http.status": .stringConvertible(response.status.code),
                "duration_us": .stringConvertible(microseconds),
            ]
        )
        return response
    }
}
