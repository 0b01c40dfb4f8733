package import CoreTypes

/// What a platform or a program sent, verified and not yet looked at.
package struct InboxEntry: Sendable {
    package let workspaceID: WorkspaceID
    /// Made of the platform's own identifiers: the same for every delivery of one event.
    package let eventKey: String
    package let platform: String
    /// Which of the platform's payloads this is, as the adapter calls it.
    package let shape: String
    /// Events of one conversation are handled in the order of their arrival.
    package let conversationKey: String
    package let body: [UInt8]
    package let receivedAt: Timestamp
    /// When it may be handled, at the earliest.
    package let availableAt: Timestamp

    /// Describes an event; it may be handled at once unless `availableAt` says otherwise.
    package init(
        workspaceID: WorkspaceID,
        eventKey: String,
        platform: String,
        shape: String,
        conversationKey: String,
        body: [UInt8],
        receivedAt: Timestamp,
        availableAt: Timestamp? = nil
    ) {
        self.workspaceID = workspaceID
        self.eventKey = eventKey
        self.platform = platform
        self.shape = shape
        self.conversationKey = conversationKey
        self.body = body
        self.receivedAt = receivedAt
        self.availableAt = availableAt ?? receivedAt
    }
}
