import NIOCore

extension Channel {
    /// Closes the connection behind the answer that was its last, whatever the peer is still sending.
    ///
    /// The second of patience lets the peer read the answer: closing at once while data is arriving resets the
    /// connection, and the answer would be lost (RFC 9112, section 9.6).
    func closeSoon() {
        eventLoop.scheduleTask(in: .seconds(1)) { self.close(promise: nil) }
    }
}
