import CoreTypes
import Subscriptions

/// Webhooks as the public API shows them.
enum WebhookDocument {
    /// An endpoint; its secret only where it has just been made.
    static func endpoint(_ endpoint: Endpoint, secret: Secret? = nil) -> JSONValue {
        .record([
            "id": .string(endpoint.id.rawValue),
            "workspace": .string(endpoint.workspace.rawValue),
            "url": .string(endpoint.url),
            "name": .string(endpoint.name),
            "description": .string(endpoint.details),
            "source": .string(endpoint.source),
            "secret": secret.map { .string($0.reveal()) },
            "events": .strings(endpoint.settings.events),
            "channels": .strings(endpoint.settings.channels),
            "tags": .strings(endpoint.settings.tags),
            "payload": .string(endpoint.settings.isThin ? "thin" : "full"),
            "ordered": .bool(endpoint.settings.isOrdered),
            "legacy_signature": .bool(endpoint.settings.addsLegacySignature),
            "rate_limit": endpoint.settings.deliveriesPerSecond.map { .integer(Int64($0)) },
            "concurrency": .integer(Int64(endpoint.settings.concurrency)),
            "notify": endpoint.settings.notifyPlace.map { .string($0) },
            "active": .bool(endpoint.status == .active),
            "status": .string(endpoint.status.rawValue),
            "status_reason": endpoint.statusReason.map { .string($0) },
            "error": endpoint.damage.map { .string($0) },
            "health": .string(health(endpoint)),
            "failing_since": endpoint.failingSince.map { .string($0.iso8601) },
            "delivery_count": .integer(endpoint.deliveryCount),
            "failure_count": .integer(endpoint.failureCount),
            "last_delivery_at": endpoint.lastDeliveryAt.map { .string($0.iso8601) },
            "last_delivery_status": endpoint.lastDeliveryStatus.map { .integer(Int64($0)) },
            "created_by": .string(endpoint.createdBy),
            "created_at": .string(endpoint.createdAt.iso8601),
            "updated_at": .string(endpoint.updatedAt.iso8601),
        ])
    }

    private static func health(_ endpoint: Endpoint) -> String {
        if endpoint.damage != nil { return "damaged" }
        return switch endpoint.status {
        case .disabled: "disabled"
        case .paused: "paused"
        case .active:
            if endpoint.failingSince != nil { "failing" } else { endpoint.lastDeliveryAt == nil ? "new" : "healthy" }
        }
    }

    /// One attempt.
    static func attempt(_ attempt: AttemptRecord) -> JSONValue {
        .record([
            "id": .integer(attempt.number),
            "webhook_id": .string(attempt.endpoint.rawValue),
            "message_id": .string(attempt.message.rawValue),
            "event": .string(attempt.type),
            "attempted_at": .string(attempt.attemptedAt.iso8601),
            "duration_ms": .integer(attempt.duration.milliseconds),
            "success": .bool(attempt.isDelivered),
            "status_code": attempt.status == 0 ? nil : .integer(Int64(attempt.status)),
            "error": attempt.errorCode.isEmpty ? nil : .string(attempt.errorCode),
            "response_body": .string(String(decoding: attempt.body, as: UTF8.self)),
        ])
    }

    /// A delivery that was given up, without its payload.
    static func deadLetter(_ letter: DeadLetter) -> JSONValue {
        .record([
            "id": .string(String(letter.number)),
            "delivery_id": .string(String(letter.number)),
            "webhook_id": .string(letter.endpoint.rawValue),
            "message_id": .string(letter.message.rawValue),
            "event": .string(letter.type),
            "attempts": .integer(Int64(letter.attempts)),
            "last_status_code": letter.lastStatus.flatMap { $0 == 0 ? nil : .integer(Int64($0)) },
            "last_error": letter.lastError.map { .string($0) },
            "created_at": .string(letter.createdAt.iso8601),
            "dead_at": .string(letter.givenUpAt.iso8601),
        ])
    }
}
