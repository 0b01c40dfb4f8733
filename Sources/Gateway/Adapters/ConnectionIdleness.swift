import NIOCore

/// How long a connection's peer has been waited for.
///
/// A peer that is silent for too long is cut off, between its requests and in the middle of one; a peer that waits for
/// an answer is not. One that takes nothing of what it was answered is cut off as well. A new connection has less time:
/// the head of its first request is to be whole by then, whether its peer drips or is silent.
struct ConnectionIdleness {
    private let timeout: TimeAmount
    /// How long the peer may be silent now.
    private var patience: TimeAmount
    private var lastSign: NIODeadline
    /// Whether a request has begun to arrive and is not whole yet.
    private(set) var isReceiving = false
    private var unanswered = 0
    /// How much the peer has not taken yet, and since when it has taken none of it.
    private var untaken: (bytes: Int, since: NIODeadline)?

    init(timeout: TimeAmount, headTimeout: TimeAmount, now: NIODeadline) {
        self.timeout = timeout
        patience = min(timeout, headTimeout)
        lastSign = now
    }

    /// A request begins.
    mutating func begin(at now: NIODeadline) {
        unanswered += 1
        isReceiving = true
        patience = timeout
        lastSign = now
    }

    /// A part of a request's body has come.
    mutating func receive(at now: NIODeadline) { lastSign = now }

    /// A request is whole.
    mutating func receiveEnd() { isReceiving = false }

    /// A request was answered.
    mutating func answer(at now: NIODeadline) {
        unanswered = max(0, unanswered - 1)
        lastSign = now
    }

    /// The peer has taken so much that it can be sent more.
    mutating func take() { untaken = nil }

    /// Nothing will be answered any more: the peer has read enough to go.
    mutating func closeOutput(at now: NIODeadline) {
        unanswered = 0
        lastSign = now
    }

    /// When to look again; nil where the peer has been silent, or has taken nothing, for too long.
    /// - Parameters:
    ///   - isReading: whether what the peer sends is read; if not, its silence is ours.
    ///   - unsent: how many bytes wait for a peer that has to take some before it is sent more.
    mutating func nextLook(at now: NIODeadline, isReading: Bool = true, unsent: Int = 0) -> NIODeadline? {
        if unsent > 0 {
            let since = untaken.flatMap { unsent < $0.bytes ? nil : $0.since } ?? now
            untaken = (unsent, since)
            return now < since + timeout ? since + timeout : nil
        }
        if !isReading || (unanswered > 0 && !isReceiving) { return now + timeout }
        let end = lastSign + patience
        return now < end ? end : nil
    }
}
