package import CoreTypes
import Persistence

extension Publication {
    /// The publication as the API and its events show it.
    package var json: JSONValue {
        .record([
            "id": .string(id.rawValue),
            "workspace": .string(workspace.rawValue),
            "platform": .string(platform),
            "debate_id": debate.map { .string($0.rawValue) },
            "state": .string(state.rawValue),
            "version": .integer(version),
            "content_hash": .string(contentHash),
            "requested_by": .string(requestedBy),
            "released_by": releasedBy.map { .string($0) },
            "approval_id": approval.map { .string($0) },
            "url": url.map { .string($0) },
            "error": errorCode.map { code in
                ["code": .string(code), "message": .string(errorMessage ?? "")]
            },
            "created_at": .string(createdAt.iso8601),
            "updated_at": .string(updatedAt.iso8601),
        ])
    }

    /// What subscribers are told when the publication comes into its state.
    var event: WorkspaceEvent {
        WorkspaceEvent(
            workspaceID: workspace,
            key: "publication/\(id)/\(version)",
            type: "publication.\(state.rawValue)",
            occurredAt: updatedAt,
            debateID: debate,
            data: json
        )
    }
}

extension PublicationPart {
    /// The step as the API shows it; its session stays hidden.
    package var json: JSONValue {
        .record([
            "number": .integer(Int64(number)),
            "kind": .string(kind),
            "state": .string(state.rawValue),
            "remote_id": remoteID.map { .string($0) },
            "attempts": .integer(Int64(attempts)),
            "error": errorCode.map { code in ["code": .string(code), "message": .string(errorMessage ?? "")] },
            "sent_at": sentAt.map { .string($0.iso8601) },
        ])
    }
}
