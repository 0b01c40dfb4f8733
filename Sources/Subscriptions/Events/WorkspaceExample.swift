import CoreTypes
import Persistence

/// A workspace that is nobody's, for examples.
enum WorkspaceExample {
    static func event(_ type: String, data: JSONValue) -> WorkspaceEvent {
        let debate = data["debate_id"]?.string
        return WorkspaceEvent(
            workspaceID: .local,
            key: "example/\(type)",
            type: type,
            occurredAt: Timestamp(milliseconds: 1_767_225_600_000),
            debateID: debate.map { DebateID($0) },
            channel: debate == nil ? nil : "slack:C012345",
            data: data
        )
    }
}
