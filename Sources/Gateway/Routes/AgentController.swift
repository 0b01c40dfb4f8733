import CoreTypes
import Hummingbird

/// `GET /api/v1/agents`: who may sit on a panel.
struct AgentController: Sendable {
    let debates: any DebateAPI

    func list(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let page = try ListPage(QueryParameters(request.uri.query), defaultLimit: 100)
        let agents = debates.panel.map { agent -> JSONValue in
            [
                "name": .string(agent.name), "provider": .string(agent.provider), "model": .string(agent.model),
                "demo": .bool(agent.isDemo),
            ]
        }
        var document = page.document(page.slice(agents), named: "agents", total: agents.count)
        document["demo"] = .bool(debates.isDemo)
        return .json(document)
    }
}
