package import CoreTypes
package import Persistence

/// What follows from the outcome of one call.
///
/// Pure: the same outcome at the same moment always has the same consequence.
package struct OutcomePolicy: Sendable {
    /// What was called, and how often before.
    package struct Attempt: Sendable {
        package var operation: SendOperation
        /// The tries that went wrong before this one; waiting for a rate limit is none.
        package var failures: Int
        /// Whether the platform can be asked what became of this one.
        package var canReconcile: Bool

        /// Describes a try.
        package init(operation: SendOperation, failures: Int, canReconcile: Bool) {
            self.operation = operation
            self.failures = failures
            self.canReconcile = canReconcile
        }
    }

    /// What follows.
    package enum Decision: Sendable, Hashable {
        case sent(messageID: String)
        /// The part certainly did not arrive: again at the moment, after so many failures.
        case retry(at: Timestamp, failures: Int, OutboxNote)
        /// As `retry`, and everything else in the scope waits as well.
        case slowDown(until: Timestamp, RateLimitScope, OutboxNote)
        /// As `retry`, and the whole workspace waits until somebody mends the credentials.
        case holdWorkspace(until: Timestamp, OutboxNote)
        case fail(OutboxNote)
        /// Ask the platform at the moment.
        case reconcile(at: Timestamp, OutboxNote)
        /// Never to be known, never to be repeated.
        case leaveUnknown(OutboxNote)
    }

    /// The delay after the first failure; doubles with each further one.
    package var baseDelay = Duration.seconds(1)
    package var maximumDelay = Duration.seconds(300)
    /// The tries that a part gets: with the longest delay between them, a platform may be away for a day.
    package var maximumAttempts = 300
    /// How often what follows from a delivery is tried to be written together with it.
    package var maximumHookAttempts = 8
    /// How often a workspace's credentials are tried again.
    package var credentialsRecheck = Duration.seconds(60)
    /// How long a platform gets to make an unclear send visible before it is asked.
    package var reconcileDelay = Duration.seconds(2)
    /// How long a platform is asked before a send counts as never to be known; what is behind it waits as long.
    package var reconcileLimit = Duration.seconds(3600)
    /// The longest wait that a platform may ask for.
    package var maximumRetryAfter = Duration.seconds(24 * 3600)

    /// The product's policy.
    package init() {}

    /// What follows from a call.
    /// - Parameter jitter: from 0 up to, not including, 1.
    package func decide(_ outcome: SendOutcome, _ attempt: Attempt, now: Timestamp, jitter: Double) -> Decision {
        switch outcome {
        case .sent(let messageID):
            return .sent(messageID: messageID)
        case .rateLimited(let retryAfter, let scope):
            let wait = min(max(retryAfter, .milliseconds(100)), maximumRetryAfter)
            let note = OutboxNote(code: "rate_limited", message: "The platform asked us to wait.")
            return .slowDown(until: now + wait, scope, note)
        case .transient(let code, let description):
            return retry(attempt, OutboxNote(code: code, message: description), now: now, jitter: jitter)
        case .permanent(let code, let description):
            return .fail(OutboxNote(code: code, message: description))
        case .authentication(let code, let description):
            let note = OutboxNote(code: OutboxStore.authentication, message: "\(code): \(description)")
            return .holdWorkspace(until: now + credentialsRecheck, note)
        case .unknown(let code, let description):
            let note = OutboxNote(code: code, message: description)
            if attempt.operation == .edit { return retry(attempt, note, now: now, jitter: jitter) }
            return attempt.canReconcile ? .reconcile(at: now + reconcileDelay, note) : .leaveUnknown(note)
        }
    }

    /// What follows from a platform's answer about a send that was unclear.
    /// - Parameter sentAt: when the part was on its way.
    package func decide(
        _ reconciliation: Reconciliation,
        _ attempt: Attempt,
        sentAt: Timestamp,
        now: Timestamp,
        jitter: Double
    ) -> Decision {
        switch reconciliation {
        case .sent(let messageID):
            return .sent(messageID: messageID)
        case .notSent:
            let note = OutboxNote(code: "not_sent", message: "The platform does not have the message.")
            return retry(attempt, note, now: now, jitter: jitter)
        case .undecided(let retryAfter):
            guard now - sentAt < reconcileLimit else {
                return .leaveUnknown(
                    OutboxNote(code: "undecided", message: "The platform could not tell whether it has the message.")
                )
            }
            let note = OutboxNote(
                code: "undecided",
                message: "The platform cannot tell yet whether it has the message."
            )
            return .reconcile(at: now + min(max(retryAfter, .seconds(1)), .seconds(300)), note)
        case .impossible(let reason):
            return .leaveUnknown(OutboxNote(code: "cannot_reconcile", message: reason))
        }
    }

    private func retry(_ attempt: Attempt, _ note: OutboxNote, now: Timestamp, jitter: Double) -> Decision {
        let failures = attempt.failures + 1
        guard failures < maximumAttempts else { return .fail(note) }
        return .retry(at: now + delay(failures: failures, jitter: jitter), failures: failures, note)
    }

    /// The wait after so many failures: half of it fixed, half by chance, so that many do not come back at once.
    package func delay(failures: Int, jitter: Double) -> Duration {
        let doublings = min(max(failures - 1, 0), 20)
        let full = min(baseDelay * (1 << doublings), maximumDelay)
        return full * (0.5 + 0.5 * min(max(jitter, 0), 1))
    }
}
