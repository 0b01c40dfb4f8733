package import CoreTypes

/// When a failed call is tried again.
package struct RetryPolicy: Sendable {
    /// All tries together.
    package var maximumTries: Int
    /// The pause after the first failure; each further one doubles it.
    package var base: Duration
    /// The longest pause; who asks for a longer one is not waited for, unless `waitsUntilDeadline`.
    package var cap: Duration
    /// The part of a pause by which it is made longer or shorter at random.
    package var jitter: Double
    /// Whether a call that took too long is tried again; where a substitute waits, the time is better spent on it.
    package var retriesTimeouts = true
    /// Whether who asks for a longer pause is waited for as long as the call's deadline allows; where nobody can answer
    /// instead, the seat would be lost for the whole debate.
    package var waitsUntilDeadline = false

    /// Three tries, 1 s doubling up to 60 s, jitter of 30 % (the original's provider constants).
    package static let standard = RetryPolicy(maximumTries: 3, base: .seconds(1), cap: .seconds(60), jitter: 0.3)

    /// How long to wait before the next try, or nil where there is none.
    /// - Parameters:
    ///   - tries: How many tries have failed so far.
    ///   - error: How the last one failed.
    ///   - random: A number from 0 up to 1.
    package func pause(afterTries tries: Int, error: AgentError, random: Double) -> Duration? {
        guard tries < maximumTries, isWorthRetrying(error) else { return nil }
        let exponential = min(cap, base * (1 << min(tries - 1, 16)))
        let spread = exponential * (1 + jitter * (2 * random - 1))
        guard let asked = error.retryAfter else { return spread }
        // Never earlier than asked: the spread only adds to it.
        return asked > cap && !waitsUntilDeadline ? nil : asked + exponential * (jitter * random)
    }

    private func isWorthRetrying(_ error: AgentError) -> Bool {
        switch error.reason {
        case .timeout: retriesTimeouts
        case .rateLimited, .overloaded, .network: true
        // A bad answer is repeated by the airlock with a fresh key, and everything else would fail again.
        default: false
        }
    }
}
