package import CoreTypes

extension DebateRecord {
    /// The channel that a debate came from, such as `slack:C012345`: how events are filtered.
    package var channel: String? {
        guard let channel = address["channel"]?.string else { return nil }
        return "\(platform):\(channel)"
    }

    /// The debate's tags: its own, and those that its metadata names.
    package var tagNames: [String] {
        var names: [String] = []
        for tag in (tags.array ?? []) + (metadata["tags"]?.array ?? []) {
            if let name = tag.string, !names.contains(name) { names.append(name) }
        }
        return names
    }

    /// Something that happened in this debate.
    /// - Parameter suffix: names it among all that happens in the debate, such as `debate_end`.
    package func event(_ type: String, key suffix: String? = nil, at moment: Timestamp, data: [String: JSONValue])
        -> WorkspaceEvent
    {
        let identity: [String: JSONValue] = [
            "debate_id": .string(id.rawValue), "number": .integer(number), "task": .string(task),
        ]
        return WorkspaceEvent(
            workspaceID: workspace,
            key: "\(id)/\(suffix ?? type)",
            type: type,
            occurredAt: moment,
            debateID: id,
            channel: channel,
            tags: tagNames,
            data: .object(identity.merging(data) { $1 })
        )
    }
}
