package import CoreTypes

extension Address {
    /// The address as it stands in a JSON column.
    package var json: JSONValue {
        .record([
            "platform": .string(platform),
            "workspace": .string(workspace.rawValue),
            "channel": .string(channel),
            "thread": thread.map { .string($0) },
            "threadIsNew": threadIsNew ? true : nil,
            "threadOpenedBy": threadOpenedBy.map { .string($0.rawValue) },
            "person": person.map { .string($0) },
            "responseURL": responseURL.map { .string($0) },
            "responseURLExpires": responseURLExpires.map { .integer($0.rawValue) },
        ])
    }

    /// Reads what `json` wrote; nil where it is no address.
    ///
    /// What opens a form is never kept.
    package init?(json: JSONValue) {
        guard let platform = json["platform"]?.string, let workspace = json["workspace"]?.string,
            let channel = json["channel"]?.string
        else { return nil }
        self.init(
            platform: platform,
            workspace: WorkspaceID(workspace),
            channel: channel,
            thread: json["thread"]?.string,
            threadIsNew: json["threadIsNew"]?.bool ?? false,
            threadOpenedBy: json["threadOpenedBy"]?.string.map { OutboxKey($0) },
            person: json["person"]?.string,
            responseURL: json["responseURL"]?.string,
            responseURLExpires: json["responseURLExpires"]?.integer.map { Timestamp(milliseconds: $0) }
        )
    }
}
