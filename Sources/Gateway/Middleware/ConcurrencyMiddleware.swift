import Hummingbird

/// Turns requests away before the gateway drowns in them; whoever is let in is answered in good time.
struct ConcurrencyMiddleware: RouterMiddleware {
    let gate: ConcurrencyGate

    func handle(_ request: Request, context: GatewayContext, next: Next) async throws -> Response {
        guard gate.enter() else { throw HTTPFailure.overloaded }
        defer { gate.leave() }
        return try await next(request, context)
    }
}
