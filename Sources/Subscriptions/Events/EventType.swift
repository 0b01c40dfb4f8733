package import CoreTypes

/// A type of event that programs may subscribe to, with all that they need to read it.
package struct EventType: Sendable {
    /// A member of the event's `data`.
    struct Member: Sendable {
        let name: String
        /// The JSON type.
        let type: String
        let meaning: String
        let example: JSONValue
        var isRequired = true

        /// Whether thin payloads have it too: what names something, and how far that has come.
        static func isThin(_ name: String) -> Bool {
            thinNames.contains(name) || name.hasSuffix("_id")
        }

        private static let thinNames: Set = [
            "id", "number", "sequence", "round", "status", "state", "delegator", "delegate",
        ]
    }

    package let name: String
    package let category: String
    package let summary: String
    /// Grows when a member is taken away or changes its meaning, never for one that is added.
    package let version: Int64
    /// Whether something in this program tells of it; the others are names of the original that may be subscribed to
    /// already.
    package let isTold: Bool
    let members: [Member]

    init(
        _ name: String,
        _ category: String,
        _ summary: String,
        isTold: Bool = true,
        version: Int64 = 1,
        _ members: [Member] = []
    ) {
        self.name = name
        self.category = category
        self.summary = summary
        self.isTold = isTold
        self.version = version
        self.members = members
    }

    /// The JSON Schema (draft 2020-12) of the whole payload.
    package var schema: JSONValue { schema(of: members) }

    /// The same for endpoints that want thin payloads.
    package var thinSchema: JSONValue { schema(of: members.filter { Member.isThin($0.name) }) }

    private func schema(of members: [Member]) -> JSONValue {
        let properties = members.map { member in
            (member.name, ["type": .string(member.type), "description": .string(member.meaning)] as JSONValue)
        }
        return [
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": .string(name),
            "description": .string(summary),
            "type": "object",
            "required": ["id", "type", "version", "timestamp", "workspace_id", "data"],
            "properties": [
                "id": ["type": "string", "description": "the same for every attempt; also the header webhook-id"],
                "type": ["const": .string(name)],
                "event": ["const": .string(name)],
                "delivery_id": ["type": "string"],
                "version": ["const": .integer(version)],
                "timestamp": ["type": "string", "format": "date-time"],
                "workspace_id": ["type": "string"],
                "debate_id": ["type": "string"],
                "channel": ["type": "string", "description": "where the debate was asked, such as slack:C012345"],
                "tags": ["type": "array", "items": ["type": "string"]],
                "data": [
                    "type": "object",
                    "required": .strings(members.filter(\.isRequired).map(\.name)),
                    "properties": .object(Dictionary(properties, uniquingKeysWith: { first, _ in first })),
                ],
            ],
        ]
    }

    /// A payload as it might arrive.
    package var example: JSONValue { payload(\.body) }

    /// The same at endpoints that want thin payloads.
    package var thinExample: JSONValue { payload(\.thinBody) }

    private func payload(_ form: KeyPath<EventMessage, String>) -> JSONValue {
        let data = Dictionary(members.map { ($0.name, $0.example) }, uniquingKeysWith: { first, _ in first })
        let message = EventMessage(WorkspaceExample.event(name, data: .object(data)))
        return (try? JSONValue(parsing: message[keyPath: form])) ?? [:]
    }

    /// As the public API lists it.
    package var document: JSONValue {
        [
            "name": .string(name), "description": .string(summary), "category": .string(category),
            "version": .integer(version), "available": .bool(isTold), "schema": schema, "example": example,
            "thin_schema": thinSchema, "thin_example": thinExample,
        ]
    }
}
