package import Channels
package import CoreTypes

/// Where verified events go before anybody acknowledges them.
package protocol Intake: Sendable {
    /// Commits rows to the inbox; twins of stored rows are no error. Returns at once.
    /// - Parameter completion: called once, from any thread: with nil when the rows are durable, or with why they
    ///   are not; the platform then gets no acknowledgement and tries again.
    func append(
        _ entries: [Reception.Entry],
        platform: String,
        receivedAt: Timestamp,
        completion: @escaping @Sendable ((any Error)?) -> Void
    )
}
