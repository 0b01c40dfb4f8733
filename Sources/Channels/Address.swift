package import CoreTypes

/// Everything that is needed to answer later: where, under which message, to whom, by which way.
package struct Address: Codable, Hashable, Sendable {
    package var platform: String
    package var workspace: WorkspaceID
    /// The platform's own id of the channel.
    package var channel: String
    /// The platform's own id of the thread's first message, where there is a thread already.
    package var thread: String?
    /// Whether `thread` names a message that nobody has replied to, as far as we know: a reply opens the thread, but
    /// nothing that one person alone sees is shown in it.
    package var threadIsNew: Bool
    /// The outbox row whose message is the thread's first one, where we are the ones who open it.
    package var threadOpenedBy: OutboxKey?
    /// The platform's own id of the person: the reader of an ephemeral answer, the partner of a direct message.
    package var person: String?
    /// A URL that takes answers for a while.
    package var responseURL: String?
    package var responseURLExpires: Timestamp?
    /// What opens a form; works once and for seconds only.
    package var trigger: String?

    /// Describes an address.
    package init(
        platform: String,
        workspace: WorkspaceID,
        channel: String,
        thread: String? = nil,
        threadIsNew: Bool = false,
        threadOpenedBy: OutboxKey? = nil,
        person: String? = nil,
        responseURL: String? = nil,
        responseURLExpires: Timestamp? = nil,
        trigger: String? = nil
    ) {
        self.platform = platform
        self.workspace = workspace
        self.channel = channel
        self.thread = thread
        self.threadIsNew = threadIsNew
        self.threadOpenedBy = threadOpenedBy
        self.person = person
        self.responseURL = responseURL
        self.responseURLExpires = responseURLExpires
        self.trigger = trigger
    }

    /// The same place for what comes behind a message of ours: its thread is new no more.
    package var followingUp: Address {
        var address = self
        address.threadIsNew = false
        return address
    }

    /// Whether the response URL takes answers at a moment.
    package func hasResponseURL(at moment: Timestamp) -> Bool {
        guard responseURL != nil, let responseURLExpires else { return false }
        return moment < responseURLExpires
    }
}
