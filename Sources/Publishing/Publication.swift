package import CoreTypes

/// The kind of a publication's id.
package enum PublicationKind {}

/// One publication, unique in the whole installation.
package typealias PublicationID = Identifier<PublicationKind>

/// Something that goes out to the public: a post, a thread or a video.
package struct Publication: Sendable {
    package let workspace: WorkspaceID
    package let id: PublicationID
    /// `x` or `youtube`.
    package let platform: String
    package let debate: DebateID?
    package var state: PublicationState
    /// Grows with every change.
    package let version: Int64
    /// What is published, in the platform's own words.
    package let content: JSONValue
    /// SHA-256 of the content: what a release is bound to.
    package let contentHash: String
    package let requestedBy: String
    package let releasedBy: String?
    /// The id of the request that people answer before it goes out; nil where nobody was asked.
    package let approval: String?
    /// Where it can be seen.
    package let url: String?
    package let errorCode: String?
    package let errorMessage: String?
    package let availableAt: Timestamp
    package let createdAt: Timestamp
    package let updatedAt: Timestamp
}

/// A publication that somebody just asked for.
package struct NewPublication: Sendable {
    package var workspace: WorkspaceID
    package var platform: String
    package var debate: DebateID?
    /// The same for every try of the same request: it makes one publication.
    package var originKey: String
    package var content: JSONValue
    package var requestedBy: String

    /// Describes a publication.
    package init(
        workspace: WorkspaceID,
        platform: String,
        debate: DebateID? = nil,
        originKey: String,
        content: JSONValue,
        requestedBy: String
    ) {
        self.workspace = workspace
        self.platform = platform
        self.debate = debate
        self.originKey = originKey
        self.content = content
        self.requestedBy = requestedBy
    }
}
