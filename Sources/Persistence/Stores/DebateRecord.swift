package import CoreTypes

/// One row of the list of debates.
///
/// What was said in a debate stands in its journal, not here.
package struct DebateRecord: Sendable {
    /// Where a debate stands, in the words of the public API.
    package enum Status: String, Sendable, CaseIterable {
        case created, running, completed, failed, cancelled

        /// Whether nothing more will happen.
        package var isFinal: Bool {
            switch self {
            case .created, .running: false
            case .completed, .failed, .cancelled: true
            }
        }
    }

    package let id: DebateID
    /// Grows with each debate of the installation; people use it as the short name.
    package let number: Int64
    package let workspace: WorkspaceID
    package let task: String
    package var status: Status
    package let platform: String
    package let conversationKey: String
    /// How to answer, as JSON of the channel's address.
    package let address: JSONValue
    /// Panel and protocol, as the debate was asked for.
    package let settings: JSONValue
    /// The platform's immutable id of the person who asked.
    package let requestedBy: String
    package let isDemo: Bool
    package var title: String?
    package var tags: JSONValue
    package var metadata: JSONValue
    package let cancelRequested: Bool
    package let winner: String?
    package let confidence: Double?
    package let consensusReached: Bool?
    package let createdAt: Timestamp
    package let startedAt: Timestamp?
    package let finishedAt: Timestamp?

    init(_ row: Row) throws {
        id = try row.id("debate_id")
        number = try row.integer("debate_number")
        workspace = try row.id("workspace_id")
        task = try row.text("task")
        status = try row.word("status", of: "a debate")
        platform = try row.text("platform")
        conversationKey = try row.text("conversation_key")
        address = try row.json("address_json")
        settings = try row.json("settings_json")
        requestedBy = try row.text("requested_by")
        isDemo = try row.bool("demo")
        title = try row.textOrNil("title")
        tags = try row.json("tags_json")
        metadata = try row.textOrNil("metadata_json") == nil ? [:] : row.json("metadata_json")
        cancelRequested = try row.bool("cancel_requested")
        winner = try row.textOrNil("winner")
        confidence = try row.realOrNil("confidence")
        consensusReached = try row.boolOrNil("consensus_reached")
        createdAt = try row.timestamp("created_at")
        startedAt = try row.timestampOrNil("started_at")
        finishedAt = try row.timestampOrNil("finished_at")
    }
}

extension DebateRecord {
    /// The member of the metadata that holds what the gateway itself noted; callers cannot set it.
    package static let factsMember = "$aragora"

    /// What the gateway noted under a name.
    package func fact(_ name: String) -> JSONValue? {
        if let noted = metadata[Self.factsMember]?[name] { return noted }
        // Of chats, whose askers have no metadata, it may stand beside everything else.
        return platform == "web" ? nil : metadata[name]
    }

    /// Notes something that no caller may say in the gateway's place.
    package mutating func note(_ name: String, _ value: JSONValue) {
        var facts = metadata[Self.factsMember] ?? [:]
        facts[name] = value
        metadata[Self.factsMember] = facts
    }

    /// The metadata as its callers may see it.
    package var shownMetadata: JSONValue {
        var shown = metadata
        shown[Self.factsMember] = nil
        guard platform != "web" else { return shown }
        for name in ["message", "stopped_by", "unreachable"] { shown[name] = nil }
        return shown
    }
}

/// A debate that was just asked for.
package struct NewDebate: Sendable {
    package var id: DebateID
    package var workspace: WorkspaceID
    package var task: String
    package var platform: String
    package var originKey: String
    package var conversationKey: String
    package var address: JSONValue
    package var settings: JSONValue
    package var requestedBy: String
    package var isDemo: Bool
    package var tags: [String]
    package var metadata: JSONValue

    /// Describes a new debate.
    package init(
        id: DebateID,
        workspace: WorkspaceID,
        task: String,
        platform: String,
        originKey: String,
        conversationKey: String,
        address: JSONValue,
        settings: JSONValue,
        requestedBy: String,
        isDemo: Bool,
        tags: [String] = [],
        metadata: JSONValue = [:]
    ) {
        self.tags = tags
        self.id = id
        self.workspace = workspace
        self.task = task
        self.platform = platform
        self.originKey = originKey
        self.conversationKey = conversationKey
        self.address = address
        self.settings = settings
        self.requestedBy = requestedBy
        self.isDemo = isDemo
        self.metadata = metadata
    }
}

/// What a finished debate leaves in its row.
package struct DebateConclusion: Sendable {
    package var status: DebateRecord.Status
    package var winner: String?
    package var confidence: Double?
    package var consensusReached: Bool?

    /// Describes how a debate ended.
    package init(
        status: DebateRecord.Status,
        winner: String? = nil,
        confidence: Double? = nil,
        consensusReached: Bool? = nil
    ) {
        self.status = status
        self.winner = winner
        self.confidence = confidence
        self.consensusReached = consensusReached
    }
}
