package import Channels
package import CoreTypes

/// Where verified events go before anybody acknowledges them.
package protocol Intake: Sendable {
    /// Commits rows to the inbox and returns when they are durable; twins of stored rows are no error.
    /// - Throws: a `CodedError` where nothing was stored; the platform then gets no acknowledgement and tries again.
    func append(_ entries: [Reception.Entry], platform: String, receivedAt: Timestamp) async throws
}
