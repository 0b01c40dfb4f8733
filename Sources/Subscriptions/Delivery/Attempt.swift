import CoreTypes

/// What came of one request to an endpoint.
struct Attempt: Sendable {
    /// The status of the answer; 0 where none came.
    let status: Int
    /// Why no answer came; empty where one did.
    let errorCode: String
    /// The first 16 KiB of the answer's body.
    let body: [UInt8]
    let retryAfter: Duration?
    let startedAt: Timestamp
    let duration: Duration

    /// A redirect is none: nobody signed for where it leads.
    var isDelivered: Bool { (200...299).contains(status) }

    /// Whether the endpoint is overburdened or away, so that everything for it has to slow down.
    var asksToSlowDown: Bool { [0, 429, 502, 503, 504].contains(status) }

    /// Whether this process broke it off, which says nothing about the endpoint.
    var isOurs: Bool { errorCode == "transport_cancelled" || errorCode == "transport_closed" }

    /// A word of a closed vocabulary, for metrics.
    var metricLabel: String {
        if isDelivered { return "delivered" }
        return status == 0 ? errorCode : "\(status / 100)xx"
    }
}

/// Says what becomes of a delivery after an attempt.
struct RetryPolicy: Sendable {
    /// What becomes of it.
    enum Decision: Hashable, Sendable {
        case delivered
        /// It is tried again.
        case retry(at: Timestamp, attempts: Int)
        case givenUp
        /// The endpoint said that it is gone for good.
        case gone
    }

    /// The pauses after the first, second … attempt (Standard Webhooks 1.0, "Retries"): ten attempts within 75 hours.
    static let schedule: [Duration] = [
        .seconds(5), .seconds(5 * 60), .seconds(30 * 60), .seconds(2 * 3600), .seconds(5 * 3600),
        .seconds(10 * 3600), .seconds(14 * 3600), .seconds(20 * 3600), .seconds(24 * 3600),
    ]
    /// How long an endpoint that asks for fewer requests without saying more is left alone.
    static let pauseAfterTooMany = Duration.seconds(5)

    /// Decides.
    /// - Parameters:
    ///   - failures: the attempts before this one.
    ///   - jitter: from 0 to 1; a pause becomes longer by up to a fifth of it.
    func decide(_ attempt: Attempt, failures: Int, isTest: Bool, now: Timestamp, jitter: Double) -> Decision {
        if attempt.isDelivered { return .delivered }
        if attempt.status == 410 { return .gone }
        if isTest { return .givenUp }
        let wait = attempt.retryAfter ?? .zero
        // It did not look at the message, so this does not count among the message's attempts.
        if attempt.status == 429 {
            return .retry(at: now + max(wait, Self.pauseAfterTooMany) * (1 + jitter / 5), attempts: failures)
        }
        guard failures < Self.schedule.count else { return .givenUp }
        return .retry(at: now + max(wait, Self.schedule[failures] * (1 + jitter / 5)), attempts: failures + 1)
    }
}
