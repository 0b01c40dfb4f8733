import CoreTypes
import HTTPTypes
import Hummingbird
import Subscriptions

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// What became of deliveries: attempts, dead letters, replays.
struct WebhookLogController: Sendable {
    let deliveries: DeliveryService
    let bodyReader: BodyReader
    let maximumBodyBytes: Int

    /// `GET /webhooks/{id}/attempts`: the newest first; of one message where `message_id` names it.
    func attempts(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let query = QueryParameters(request.uri.query)
        let page = try ListPage(query, defaultLimit: 50)
        let attempts = try await deliveries.attempts(
            of: try WebhookController.id(context),
            workspace: context.caller.workspace,
            message: query["message_id"].map { MessageID($0) },
            limit: Int(page.limit),
            offset: Int(page.offset)
        )
        return .json(
            page.document(attempts.items.map(WebhookDocument.attempt), named: "attempts", total: attempts.total)
        )
    }

    /// `POST /webhooks/{id}/replay`: one message, what happened between two moments, or all that failed since one.
    func replay(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let fields = try QuestionReader().object(try await bodyReader.read(request, upTo: maximumBodyBytes))
        let selection = try selection(fields)
        let replayed = try await deliveries.replay(
            selection,
            to: try WebhookController.id(context),
            workspace: context.caller.workspace
        )
        return .json(
            .record([
                "success": true, "count": .integer(Int64(replayed.count)),
                "waiting_for": replayed.isPaused ? "resume" : nil,
            ]),
            status: .accepted
        )
    }

    private func selection(_ fields: JSONValue) throws(HTTPFailure) -> Replay {
        try fields.refuseMembers(beside: ["failed_since", "message_id", "since", "until"], of: "a replay")
        let message = try fields.textMember("message_id").map { MessageID($0) }
        let (since, until) = (try moment(fields, "since"), try moment(fields, "until"))
        let failedSince = try moment(fields, "failed_since")
        switch (message, since, until, failedSince) {
        case (let message?, nil, nil, nil): return .message(message)
        case (nil, let since?, let until, nil):
            return .range(since: since, until: until ?? Timestamp(milliseconds: .max))
        case (nil, nil, nil, let since?): return .failedSince(since)
        default:
            throw .invalid("Say one of these: `message_id`, `since` with `until` or without it, or `failed_since`.")
        }
    }

    /// `GET /webhooks/dead-letter`.
    func deadLetters(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let query = QueryParameters(request.uri.query)
        let page = try ListPage(query, defaultLimit: 50)
        let found = try await deliveries.deadLetters(
            workspace: context.caller.workspace(in: query),
            endpoint: query["webhook_id"].map { EndpointID($0) },
            limit: Int(page.limit),
            offset: Int(page.offset)
        )
        return .json(
            page.document(found.items.map(WebhookDocument.deadLetter), named: "dead_letters", total: found.total)
        )
    }

    /// `GET /webhooks/dead-letter/{id}`: with the payload.
    func deadLetter(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let letter = try await deliveries.deadLetter(try number(context), workspace: context.caller.workspace)
        var document = WebhookDocument.deadLetter(letter)
        document["payload"] = try JSONValue(parsing: letter.body)
        return .json(["delivery": document])
    }

    /// `POST /webhooks/dead-letter/{id}/retry`.
    func retry(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let number = try number(context)
        let isPaused = try await deliveries.retry(deadLetter: number, workspace: context.caller.workspace)
        return .json(
            .record([
                "success": true, "delivery_id": .string(String(number)),
                "message": .string(
                    isPaused
                        ? "The delivery is tried again when the webhook is resumed." : "The delivery is tried again."
                ),
                "waiting_for": isPaused ? "resume" : nil,
            ]),
            status: isPaused ? .accepted : .ok
        )
    }

    /// `DELETE /webhooks/dead-letter/{id}`.
    func forget(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let number = try number(context)
        try await deliveries.forget(deadLetter: number, workspace: context.caller.workspace)
        return .json(["success": true, "deleted": true, "delivery_id": .string(String(number))])
    }

    /// `GET /webhooks/queue/stats`.
    func statistics(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let workspace = context.caller.workspace(in: QueryParameters(request.uri.query))
        let counts = try await deliveries.counts(workspace: workspace)
        return .json([
            "pending": .integer(Int64(counts.waiting)), "delivered": .integer(Int64(counts.delivered)),
            "dead_letter": .integer(Int64(counts.givenUp)),
        ])
    }

    private func number(_ context: GatewayContext) throws(HTTPFailure) -> Int64 {
        guard let number = context.parameters.get("id").flatMap({ Int64($0) }) else { throw .notFound("dead letter") }
        return number
    }

    /// A moment as ISO 8601, or as seconds since 1970; nil where nothing is said.
    private func moment(_ fields: JSONValue, _ name: String) throws(HTTPFailure) -> Timestamp? {
        guard let value = fields[name] else { return nil }
        if let seconds = value.double, abs(seconds) < 1e12 { return Timestamp(milliseconds: Int64(seconds * 1000)) }
        guard let text = value.string, text.utf8.count <= 40,
            let date = (try? Date(text, strategy: .iso8601))
                ?? (try? Date(text, strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true)))
        else { throw .invalid("`\(name)` has to be a moment such as 2026-01-31T09:05:00Z, or seconds since 1970.") }
        return Timestamp(milliseconds: Int64((date.timeIntervalSince1970 * 1000).rounded()))
    }
}
