package import CoreTypes

/// One step of a publication, such as one post of a thread: a row before its first byte leaves.
package struct PublicationPart: Sendable {
    /// The five ends of a send, and the part that was taken back.
    package enum State: String, Sendable {
        case queued, sending, sent, failed, unknown, withdrawn
    }

    /// From 1.
    package let number: Int
    /// The platform's word for what is to be done, such as `post` or `media`.
    package let kind: String
    package let payload: JSONValue
    package var state: State
    /// Where the work on it stands, such as an upload's session; kept sealed.
    package var progress: JSONValue
    /// The platform's id of it.
    package var remoteID: String?
    /// How often it went wrong.
    package var attempts: Int
    package var errorCode: String?
    package var errorMessage: String?
    /// When it was on its way.
    package var sentAt: Timestamp?
}

/// A step as a platform plans it.
package struct PlannedPart: Sendable, Hashable {
    package var kind: String
    package var payload: JSONValue

    /// Describes a step.
    package init(kind: String, payload: JSONValue) {
        self.kind = kind
        self.payload = payload
    }
}
