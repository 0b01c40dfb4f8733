package import CoreTypes

/// Keeps the edits of one message apart by the platform's shortest interval.
///
/// A value that is told the time.
///
/// What an edit that has to wait would have shown may be overtaken meanwhile; the outbox then sends the newer one only.
package struct EditThrottle: Sendable {
    private var nextEdit: [String: Timestamp] = [:]
    private var pruneAt = 1024

    /// Makes a throttle that has seen no edit yet.
    package init() {}

    /// The moment from which on a message may be edited; nil for at once.
    /// - Parameter message: names the message among all messages.
    package func wait(_ message: String, now: Timestamp) -> Timestamp? {
        nextEdit[message].flatMap { $0 > now ? $0 : nil }
    }

    /// Notes that a message is edited now.
    package mutating func count(_ message: String, interval: Duration, now: Timestamp) {
        if nextEdit.count > pruneAt {
            nextEdit = nextEdit.filter { $0.value > now }
            pruneAt = max(1024, 2 * nextEdit.count)
        }
        nextEdit[message] = now + interval
    }
}
