import CoreTypes
import HTTPTypes
import Hummingbird
import Subscriptions

/// `/api/v1/webhooks`: endpoints of programs (the original's paths and shapes, engine inventory 12.4).
struct WebhookController: Sendable {
    let subscriptions: SubscriptionService
    let bodyReader: BodyReader
    let maximumBodyBytes: Int

    func addRoutes(to api: RouterGroup<GatewayContext>) {
        let log = WebhookLogController(
            deliveries: subscriptions.deliveries,
            bodyReader: bodyReader,
            maximumBodyBytes: maximumBodyBytes
        )
        api.resource("/webhooks", [.get: list, .post: create])
        api.resource("/webhooks/events", [.get: events])
        api.resource("/webhooks/events/categories", [.get: categories])
        api.resource("/webhooks/bulk", [.post: changeMany])
        api.resource("/webhooks/pause-all", [.post: { try await setStatusOfAll(.paused, $0, $1) }])
        api.resource("/webhooks/resume-all", [.post: { try await setStatusOfAll(.active, $0, $1) }])
        api.resource("/webhooks/queue/stats", [.get: log.statistics])
        api.resource("/webhooks/dead-letter", [.get: log.deadLetters])
        api.resource("/webhooks/dead-letter/{id}", [.get: log.deadLetter, .delete: log.forget])
        api.resource("/webhooks/dead-letter/{id}/retry", [.post: log.retry])
        api.resource("/webhooks/{id}", [.get: find, .patch: update, .delete: delete])
        api.resource("/webhooks/{id}/test", [.post: test])
        api.resource("/webhooks/{id}/rotate", [.post: rotate])
        api.resource("/webhooks/{id}/pause", [.post: { try await setStatus(.paused, $1) }])
        api.resource("/webhooks/{id}/resume", [.post: { try await setStatus(.active, $1) }])
        api.resource("/webhooks/{id}/replay", [.post: log.replay])
        api.resource("/webhooks/{id}/attempts", [.get: log.attempts])
    }

    /// The endpoint that a request's path names.
    static func id(_ context: GatewayContext) throws(HTTPFailure) -> EndpointID {
        guard let text = context.parameters.get("id"), (1...64).contains(text.utf8.count) else {
            throw .notFound("webhook")
        }
        return EndpointID(text)
    }

    private func list(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let query = QueryParameters(request.uri.query)
        let page = try ListPage(query, defaultLimit: 50)
        let found = try await subscriptions.list(
            workspace: context.caller.workspace(in: query),
            activeOnly: query["active_only"] == "true",
            limit: Int(page.limit),
            offset: Int(page.offset)
        )
        return .json(
            page.document(found.items.map { WebhookDocument.endpoint($0) }, named: "webhooks", total: found.total)
        )
    }

    private func create(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let fields = try QuestionReader().object(try await bodyReader.read(request, upTo: maximumBodyBytes))
        try WebhookReader().checkKeys(fields, isNew: true)
        var draft = try WebhookReader().draft(fields, caller: context.caller)
        draft.idempotencyKey = try IdempotencyKey.read(request).map { "\(context.caller.rawValue):\($0)" }
        let created = try await subscriptions.create(draft)
        return .json(
            [
                "success": true,
                "webhook": WebhookDocument.endpoint(created.endpoint, secret: created.receiverKey),
                "message": .string(
                    created.receiverKey == nil
                        ? "The webhook was made before; its secret was shown then."
                        : "Keep the secret: it is shown this once. With it receivers check where messages come from."
                ),
            ],
            status: .created,
            headers: [.location: "/api/v1/webhooks/\(created.endpoint.id)"]
        )
    }

    private func find(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let endpoint = try await subscriptions.find(try Self.id(context), workspace: context.caller.workspace)
        return .json(["webhook": WebhookDocument.endpoint(endpoint)])
    }

    private func update(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let fields = try QuestionReader().object(try await bodyReader.read(request, upTo: maximumBodyBytes))
        try WebhookReader().checkKeys(fields, isNew: false)
        let endpoint = try await subscriptions.update(
            try Self.id(context),
            workspace: context.caller.workspace,
            headers: try WebhookReader().headers(fields)
        ) {
            try WebhookReader().change(&$0, fields)
        }
        return .json(["webhook": WebhookDocument.endpoint(endpoint)])
    }

    private func delete(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let id = try Self.id(context)
        try await subscriptions.delete(id, workspace: context.caller.workspace)
        return .json(["success": true, "deleted": true, "webhook_id": .string(id.rawValue)])
    }

    /// `POST /webhooks/{id}/test`: 502 where the endpoint does not take the message, as the public client expects.
    private func test(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let attempt = try await subscriptions.deliveries.test(try Self.id(context), workspace: context.caller.workspace)
        let isDelivered = attempt?.isDelivered ?? false
        let message =
            switch attempt {
            case nil: "The test waits behind other messages; the attempts will show it."
            case let attempt? where attempt.isDelivered: "The endpoint took the test."
            case let attempt? where attempt.status > 0: "The endpoint answered \(attempt.status)."
            case let attempt?: "The endpoint did not answer (\(attempt.errorCode))."
            }
        return .json(
            .record([
                "success": .bool(isDelivered),
                "status_code": attempt.flatMap { $0.status == 0 ? nil : .integer(Int64($0.status)) },
                "message": .string(message),
                "error": isDelivered ? nil : .string(message),
                "code": isDelivered ? nil : "not_delivered",
                "trace_id": isDelivered ? nil : .string(context.requestID),
                "attempt": attempt.map { WebhookDocument.attempt($0) },
            ]),
            status: isDelivered ? .ok : .badGateway
        )
    }

    private func rotate(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let body = try await bodyReader.read(request, upTo: maximumBodyBytes)
        let fields = body.isEmpty ? [:] : try QuestionReader().object(body)
        let wanted = try WebhookReader().rotation(fields)
        let rotated = try await subscriptions.rotate(
            try Self.id(context),
            workspace: context.caller.workspace,
            to: wanted.secret,
            scheme: wanted.scheme,
            overlap: wanted.overlap
        )
        let former =
            if rotated.hasLostFormer {
                "The former one could not be read and signs no more; `headers` went with it: PATCH them in again."
            } else if let end = rotated.formerSignsUntil {
                "The former one signs along until \(end.iso8601)."
            } else {
                "No former secret signs any more: give the receiver the new one now."
            }
        return .json([
            "success": true,
            "webhook": WebhookDocument.endpoint(rotated.endpoint, secret: rotated.receiverKey),
            "message": .string("Keep the new secret: it is shown this once. \(former)"),
        ])
    }

    private func setStatus(_ status: Endpoint.Status, _ context: GatewayContext) async throws -> Response {
        let endpoint = try await subscriptions.setStatus(
            status,
            of: try Self.id(context),
            workspace: context.caller.workspace
        )
        return .json(["success": true, "webhook": WebhookDocument.endpoint(endpoint)])
    }

    private func setStatusOfAll(_ status: Endpoint.Status, _ request: Request, _ context: GatewayContext) async throws
        -> Response
    {
        let workspace = context.caller.workspace(in: QueryParameters(request.uri.query))
        let count = try await subscriptions.setStatusOfAll(status, workspace: workspace)
        return .json(["success": true, "count": .integer(Int64(count)), "status": .string(status.rawValue)])
    }

    /// The most webhooks of one call.
    private static let mostAtOnce = 100

    /// `POST /webhooks/bulk`: pauses, resumes or deletes the webhooks that it names, each for itself.
    private func changeMany(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let fields = try QuestionReader().object(try await bodyReader.read(request, upTo: maximumBodyBytes))
        try fields.refuseMembers(beside: ["action", "webhook_ids"], of: "a call for many")
        let workspace = context.caller.workspace(in: QueryParameters(request.uri.query))
        let change: (EndpointID) async throws -> Void
        switch fields["action"]?.string {
        case "pause": change = { _ = try await subscriptions.setStatus(.paused, of: $0, workspace: workspace) }
        case "resume": change = { _ = try await subscriptions.setStatus(.active, of: $0, workspace: workspace) }
        case "delete": change = { try await subscriptions.delete($0, workspace: workspace) }
        default: throw HTTPFailure.invalid("`action` is pause, resume or delete.")
        }
        let ids = fields["webhook_ids"]?.array?.compactMap(\.string) ?? []
        guard (1...Self.mostAtOnce).contains(ids.count), ids.count == fields["webhook_ids"]?.array?.count else {
            throw HTTPFailure.invalid("`webhook_ids` has to be a list of 1 to \(Self.mostAtOnce) ids.")
        }
        var results: [JSONValue] = []
        var count: Int64 = 0
        for id in ids {
            var result: JSONValue = ["webhook_id": .string(id), "success": true]
            do {
                try await change(EndpointID(id))
                count += 1
            } catch let error as SubscriptionError {
                result["success"] = false
                result["error"] = .string(error.description)
            }
            results.append(result)
        }
        return .json([
            "success": .bool(count == Int64(ids.count)), "count": .integer(count), "results": .array(results),
        ])
    }

    private func events(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let page = try ListPage(QueryParameters(request.uri.query), defaultLimit: 200)
        let all = EventCatalogue.all
        let events = all.dropFirst(Int(page.offset)).prefix(Int(page.limit)).map(\.document)
        return .json(page.document(events, named: "events", total: all.count))
    }

    private func categories(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let byCategory = Dictionary(grouping: EventCatalogue.all, by: \.category)
        let categories = byCategory.sorted { $0.key < $1.key }.map { category, events -> JSONValue in
            ["name": .string(category), "events": .strings(events.map(\.name))]
        }
        return .json(["categories": .array(categories), "count": .integer(Int64(categories.count))])
    }
}
