import HTTPTypes
import Hummingbird

/// The first to see a request: platform events go the short way, everything else to the router.
struct FrontResponder: HTTPResponder {
    let endpoints: [String: [String: AdapterEndpoint]]
    let adapters: AdapterResponder
    let router: RouterResponder<GatewayContext>

    func respond(to request: Request, context: GatewayContext) async throws -> Response {
        if let methods = endpoints[request.uri.path], let endpoint = methods[request.method.rawValue] {
            return await adapters.respond(to: request, at: endpoint, context: context)
        }
        return try await withTaskExecutorPreference(globalConcurrentExecutor) {
            try await router.respond(to: request, context: context)
        }
    }
}
