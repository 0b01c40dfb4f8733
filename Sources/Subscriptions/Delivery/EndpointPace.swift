import CoreTypes

/// How fast an endpoint takes messages, as far as it has shown.
///
/// It begins carefully, grows with every success, and falls back to one request at a time, with pauses between, as
/// soon as the endpoint is overburdened or away.
struct EndpointPace: Hashable, Sendable {
    /// The requests that may be open at once.
    private(set) var window = 4
    private(set) var failuresInARow = 0

    /// So many failures in a row are one bad message and no bad endpoint.
    private static let tolerated = 3
    /// The longest pause between two attempts at an endpoint that fails.
    private static let longestPause = Duration.seconds(60)

    /// Begins with an endpoint of which nothing is known.
    init() {}

    /// Takes in what came of an attempt.
    /// - Parameter maximum: the most requests that the endpoint's owner allows.
    /// - Returns: until when the endpoint is left alone; nil where it need not be.
    mutating func note(_ attempt: Attempt, maximum: Int, now: Timestamp, jitter: Double) -> Timestamp? {
        guard !attempt.isDelivered else {
            failuresInARow = 0
            window = min(maximum, window + 1)
            return nil
        }
        failuresInARow += 1
        window = attempt.asksToSlowDown ? 1 : max(1, window / 2)
        let excess = attempt.asksToSlowDown ? failuresInARow : failuresInARow - Self.tolerated
        guard excess > 0 else { return nil }
        let pause = min(Self.longestPause, .seconds(1 << min(excess - 1, 10))) * (1 + jitter / 5)
        return now + max(pause, attempt.retryAfter ?? .zero)
    }
}
