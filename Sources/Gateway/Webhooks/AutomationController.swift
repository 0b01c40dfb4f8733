import CoreTypes
import HTTPTypes
import Hummingbird
import Persistence
import Subscriptions

/// What Zapier, Make and n8n need beside the API that everybody has: who am I, which events are there, what do they
/// look like, tell me from now on, and no more.
struct AutomationController: Sendable {
    let subscriptions: SubscriptionService
    let bodyReader: BodyReader
    let maximumBodyBytes: Int

    private static let platforms: Set = ["zapier", "make", "n8n"]

    func addRoutes(to api: RouterGroup<GatewayContext>) {
        api.resource("/integrations/{platform}/auth", [.get: identity])
        api.resource("/integrations/{platform}/events", [.get: events])
        api.resource("/integrations/{platform}/samples/{event}", [.get: sample])
        api.resource("/integrations/{platform}/hooks", [.get: list, .post: subscribe])
        api.resource("/integrations/{platform}/hooks/{id}", [.delete: unsubscribe])
    }

    private func platform(_ context: GatewayContext) throws(HTTPFailure) -> String {
        guard let name = context.parameters.get("platform"), Self.platforms.contains(name) else {
            throw .notFound("integration")
        }
        return name
    }

    /// Tests the credentials and names what they open.
    private func identity(_ request: Request, _ context: GatewayContext) async throws -> Response {
        _ = try platform(context)
        guard case .keyHolder(let key) = context.caller else {
            return .json(["success": true, "name": "operator", "workspace": .string(WorkspaceID.local.rawValue)])
        }
        return .json([
            "success": true, "name": .string(key.name), "workspace": .string(key.workspace.rawValue),
            "scopes": .strings(key.scopes.map(\.rawValue).sorted()),
        ])
    }

    /// The events that are told, for a list to choose from.
    private func events(_ request: Request, _ context: GatewayContext) async throws -> Response {
        _ = try platform(context)
        return .json(
            .array(
                EventCatalogue.all.filter(\.isTold).map {
                    ["id": .string($0.name), "value": .string($0.name), "label": .string($0.summary)]
                }
            )
        )
    }

    /// A list of one payload, as these platforms show it while something is being set up.
    private func sample(_ request: Request, _ context: GatewayContext) async throws -> Response {
        _ = try platform(context)
        guard let name = context.parameters.get("event"), let type = EventCatalogue.type(named: name) else {
            throw HTTPFailure.notFound("event")
        }
        return .json([type.example])
    }

    private func list(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let platform = try platform(context)
        let found = try await subscriptions.list(
            workspace: context.caller.workspace(in: QueryParameters(request.uri.query)),
            activeOnly: false,
            source: platform,
            limit: 1000,
            offset: 0
        )
        return .json(.array(found.items.map { WebhookDocument.endpoint($0) }))
    }

    /// Makes an endpoint for one trigger; each platform calls the address by another name.
    ///
    /// Asking again by the same key of idempotency gives the same one. So does asking for exactly the same without a
    /// key, and what became of it meanwhile is undone: whoever subscribes wants to hear of what happens.
    private func subscribe(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let platform = try platform(context)
        var fields = try QuestionReader().object(try await bodyReader.read(request, upTo: maximumBodyBytes))
        let address = ["hookUrl", "target_url", "webhook_url", "webhookUrl", "url"].lazy.compactMap { fields[$0] }.first
        fields["url"] = address
        if fields["events"] == nil { fields["events"] = fields["event"] }
        guard fields["events"] != nil else { throw HTTPFailure.invalid("`event` has to name an event.") }
        var draft = try WebhookReader().draft(fields, caller: context.caller)
        draft.source = platform
        if draft.name.isEmpty { draft.name = "\(platform): \(draft.settings.events.joined(separator: ", "))" }
        let key = try IdempotencyKey.read(request)
        draft.renewsRepeated = key == nil
        draft.idempotencyKey = "\(context.caller.rawValue):\(key.map { "key:\($0)" } ?? "hook:\(draft.hash)")"
        let created = try await subscriptions.create(draft)
        return .json(WebhookDocument.endpoint(created.endpoint, secret: created.receiverKey), status: .created)
    }

    private func unsubscribe(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let platform = try platform(context)
        let id = try WebhookController.id(context)
        let endpoint = try await subscriptions.find(id, workspace: context.caller.workspace)
        guard endpoint.source == platform else { throw HTTPFailure.notFound("hook") }
        try await subscriptions.delete(id, workspace: context.caller.workspace)
        return .json(["success": true, "id": .string(id.rawValue)])
    }
}
