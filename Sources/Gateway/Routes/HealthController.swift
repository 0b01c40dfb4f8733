import CoreTypes
import HTTPTypes
import Hummingbird

/// What load balancers, orchestrators and Prometheus ask.
struct HealthController: Sendable {
    let health: any HealthAPI
    let metrics: @Sendable () -> String
    let access: AccessPolicy
    let isDemo: Bool
    let version: String
    let time: any TimeSource
    let startedAt: Timestamp
    /// Each check asks the database; how many at once is not for the askers to say.
    private let gate = ConcurrencyGate(limit: 32)

    func addRoutes(to router: Router<GatewayContext>) {
        for path: RouterPath in ["/health", "/api/health", "/api/v1/health"] {
            router.resource(path, [.get: report])
        }
        router.resource("/healthz", [.get: { _, _ in .json(["status": "alive"]) }])
        router.resource("/readyz", [.get: readiness])
        router.resource("/metrics", [.get: exposition])
    }

    /// The original's health document; 200 also where something is wrong, because a degraded gateway still answers.
    private func report(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let checks = try await check()
        let components = checks.map { check -> (String, JSONValue) in
            (check.check, ["status": check.ok ? "healthy" : "unhealthy", "detail": .string(check.detail)])
        }
        return .json([
            "status": checks.allSatisfy(\.ok) ? "healthy" : "degraded",
            "version": .string(version),
            "uptime_seconds": .integer((time.now() - startedAt).components.seconds),
            "mode": isDemo ? "demo" : "live",
            "components": .object(Dictionary(components, uniquingKeysWith: { first, _ in first })),
        ])
    }

    /// Whether this process should be given requests: 503 with the reasons where not.
    private func readiness(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let checks = try await check()
        let isReady = checks.allSatisfy(\.ok)
        return .json(
            [
                "status": isReady ? "ready" : "not_ready",
                "checks": .array(
                    checks.map { ["check": .string($0.check), "ok": .bool($0.ok), "detail": .string($0.detail)] }
                ),
            ],
            status: isReady ? .ok : .serviceUnavailable
        )
    }

    private func check() async throws(HTTPFailure) -> [(check: String, ok: Bool, detail: String)] {
        guard gate.enter() else { throw .overloaded }
        defer { gate.leave() }
        return await health.readiness()
    }

    private func exposition(_ request: Request, _ context: GatewayContext) async throws -> Response {
        try access.authorizeMetrics(request, context)
        return .bytes(Array(metrics().utf8), contentType: PrometheusRegistry.contentType)
    }
}
