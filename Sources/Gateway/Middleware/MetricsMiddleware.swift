import Hummingbird
import Synchronization

/// Counts requests and times them by route, method and status; never by path, which anybody can invent.
final class MetricsMiddleware: RouterMiddleware {
    private struct Key: Hashable {
        let route: String
        let method: String
    }

    private static let methods: Set = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]

    private let table = Mutex<[Key: RequestMetrics]>([:])

    func handle(_ request: Request, context: GatewayContext, next: Next) async throws -> Response {
        let start = ContinuousClock.now
        let response = try await next(request, context)
        metrics(request, context).record(status: response.status.code, since: start)
        return response
    }

    private func metrics(_ request: Request, _ context: GatewayContext) -> RequestMetrics {
        let method = request.method.rawValue
        let key = Key(
            route: context.endpointPath ?? "unmatched",
            method: Self.methods.contains(method) ? method : "OTHER"
        )
        return table.withLock { table in
            if let metrics = table[key] { return metrics }
            let metrics = RequestMetrics(route: key.route, method: key.method)
            table[key] = metrics
            return metrics
        }
    }
}
