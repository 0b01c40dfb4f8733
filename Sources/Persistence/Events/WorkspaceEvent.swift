package import CoreTypes

/// Something that happened in a workspace and that programs may want to hear of.
package struct WorkspaceEvent: Sendable, Hashable {
    package let workspaceID: WorkspaceID
    /// Names this event for ever; a receiver recognises a repetition by it.
    package let key: String
    /// What happened, such as `debate_end` or `approval.decided`.
    package let type: String
    package let occurredAt: Timestamp
    /// The debate it belongs to.
    package let debateID: DebateID?
    /// The channel it came from, as the conversation key begins, such as `slack:C012345`.
    package let channel: String?
    /// The debate's tags.
    package let tags: [String]
    /// What a receiver gets, as a JSON object.
    package let data: JSONValue

    /// Makes an event.
    package init(
        workspaceID: WorkspaceID,
        key: String,
        type: String,
        occurredAt: Timestamp,
        debateID: DebateID? = nil,
        channel: String? = nil,
        tags: [String] = [],
        data: JSONValue
    ) {
        self.workspaceID = workspaceID
        self.key = key
        self.type = type
        self.occurredAt = occurredAt
        self.debateID = debateID
        self.channel = channel
        self.tags = tags
        self.data = data
    }
}

/// Where rooms say what happened, in the transaction that makes it true.
package protocol WorkspaceEventSink: Sendable {
    /// Writes down what follows from an event for those who subscribed to it.
    /// - Throws: `DatabaseError`; the transaction then fails as a whole.
    func publish(_ event: WorkspaceEvent, in transaction: borrowing Transaction) throws
}

/// A sink for gateways to which nobody can subscribe.
package struct NoSubscribers: WorkspaceEventSink {
    /// Makes the sink.
    package init() {}

    package func publish(_ event: WorkspaceEvent, in transaction: borrowing Transaction) throws {}
}
