package import CoreTypes
import Crypto
package import Persistence

/// An event as its receivers get it.
///
/// `type`, `timestamp` and `data` are those of Standard Webhooks; `event` and `delivery_id` are the names of the
/// original.
package struct EventMessage: Sendable {
    /// The type of what an endpoint's owner sends to try it.
    static let testType = "webhook.test"

    package let id: MessageID
    package let event: WorkspaceEvent
    /// The whole payload.
    package let body: String
    /// The payload with nothing but ids, for receivers that fetch the rest.
    package let thinBody: String

    /// Gives an event its form; the same event always has the same id.
    package init(_ event: WorkspaceEvent) {
        let id = Self.id(of: event.key, in: event.workspaceID)
        self.id = id
        self.event = event
        body = Self.body(of: event, id: id, data: event.data)
        thinBody = Self.body(of: event, id: id, data: Self.thinned(event.data))
    }

    /// The id of the message about an event.
    package static func id(of key: String, in workspace: WorkspaceID) -> MessageID {
        let digest = SHA256.hash(data: Array("\(workspace)\n\(key)".utf8))
        return MessageID("msg_" + hexadecimal(digest.prefix(16)))
    }

    private static func body(of event: WorkspaceEvent, id: MessageID, data: JSONValue) -> String {
        JSONValue.record([
            "id": .string(id.rawValue),
            "type": .string(event.type),
            "event": .string(event.type),
            "delivery_id": .string(id.rawValue),
            "version": .integer(EventCatalogue.version(of: event.type)),
            "timestamp": .string(event.occurredAt.iso8601),
            "workspace_id": .string(event.workspaceID.rawValue),
            "debate_id": event.debateID.map { .string($0.rawValue) },
            "channel": event.channel.map { .string($0) },
            "tags": event.tags.isEmpty ? nil : .strings(event.tags),
            "data": data,
        ]).text
    }

    private static func thinned(_ data: JSONValue) -> JSONValue {
        .object((data.object ?? [:]).filter { EventType.Member.isThin($0.key) })
    }
}
