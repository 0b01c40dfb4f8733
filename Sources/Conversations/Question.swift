package import Channels
package import CoreTypes

/// A question that somebody wants debated.
package struct Question: Sendable {
    package var workspace: WorkspaceID
    package var task: String
    /// What the panel should know beside the question; empty for nothing.
    package var background: String
    package var options: DebateOptions
    package var platform: String
    /// The same for every event that tells of this question.
    package var originKey: String
    package var conversationKey: String
    /// How to answer; nil where the asker reads the journal (the page, a program, the terminal).
    package var address: Address?
    /// The platform's immutable id of the person.
    package var requestedBy: String
    /// How the person is called, where the platform told us.
    package var requesterName: String?
    /// Whom the end of the debate mentions; nil for a program, which would take that for a question.
    package var mention: String?
    /// What the request can be told from another one with the same origin by; nil where nobody compares.
    package var fingerprint: String?
    /// What the debate is found by, and what subscribers filter by.
    package var tags: [String]
    package var metadata: JSONValue

    /// Describes a question.
    package init(
        workspace: WorkspaceID,
        task: String,
        background: String = "",
        options: DebateOptions = DebateOptions(),
        platform: String,
        originKey: String,
        conversationKey: String,
        address: Address? = nil,
        requestedBy: String,
        requesterName: String? = nil,
        mention: String? = nil,
        fingerprint: String? = nil,
        tags: [String] = [],
        metadata: JSONValue = [:]
    ) {
        self.tags = tags
        self.workspace = workspace
        self.task = task
        self.background = background
        self.options = options
        self.platform = platform
        self.originKey = originKey
        self.conversationKey = conversationKey
        self.address = address
        self.requestedBy = requestedBy
        self.requesterName = requesterName
        self.mention = mention
        self.fingerprint = fingerprint
        self.metadata = metadata
    }
}

/// Why a question, or something asked of a debate, is not accepted.
package struct ConversationError: CodedError {
    /// The closed list of reasons.
    package enum Code: String, Sendable {
        case invalidQuestion = "invalid_question", invalidAgents = "invalid_agents", invalidOptions = "invalid_options"
        case notFound = "not_found", conflict, unreadable = "unreadable_record"
    }

    package let reason: Code
    package let description: String
    package var code: String { reason.rawValue }
    package var isRetryable: Bool { false }

    /// Describes a refusal, in words for the asker.
    package init(_ reason: Code, _ description: String) {
        self.reason = reason
        self.description = description
    }
}
