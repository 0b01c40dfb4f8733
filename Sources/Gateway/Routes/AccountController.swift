import CoreTypes
import HTTPTypes
import Hummingbird
import Publishing

/// Connects accounts: `GET /api/v1/integrations/<platform>/connect`, and the `callback` to which the platform sends the
/// browser back.
struct AccountController: Sendable {
    let connectors: [String: AccountConnector]

    /// Adds the way there, which is for those who may use the API.
    func addRoutes(toAPI api: RouterGroup<GatewayContext>) {
        for (platform, connector) in connectors {
            api.resource(
                RouterPath("/integrations/\(platform)/connect"),
                [
                    .get: { request, _ in
                        let workspace = QueryParameters(request.uri.query)["workspace"].map { WorkspaceID($0) }
                        let address = connector.begin(workspace: workspace ?? .local)
                        guard request.headers[.accept]?.contains("text/html") == true else {
                            return .json(["authorize_url": .string(address)], headers: [.cacheControl: "no-store"])
                        }
                        return Response(status: .found, headers: [.location: address, .cacheControl: "no-store"])
                    }
                ]
            )
        }
    }

    /// Adds the way back, for which nobody needs a key but the state that only those got who may use the API.
    func addRoutes(to router: Router<GatewayContext>) {
        for (platform, connector) in connectors {
            router.resource(
                RouterPath("/api/v1/integrations/\(platform)/callback"),
                [
                    .get: { request, _ in
                        Response(await connector.finish(query: QueryParameters(request.uri.query).pairs))
                    }
                ]
            )
        }
    }
}
