package import CoreTypes

/// What follows from the outcome of one step.
///
/// Pure: the same outcome at the same moment always has the same consequence.
package struct PartPolicy: Sendable {
    /// What follows.
    package enum Decision: Sendable {
        /// The step is done; on with the next one.
        case done(remoteID: String)
        /// Begin the step anew at the moment: it certainly has not been done, or may be done twice without harm.
        case again(at: Timestamp, countsAsFailure: Bool, PublishingFailure?)
        /// Ask the platform at the moment whether the step was done.
        case ask(at: Timestamp, PublishingFailure)
        /// Begin earlier steps anew, and then this one, at the moment.
        case redo(parts: [Int], at: Timestamp, PublishingFailure)
        case fail(PublishingFailure)
        /// Never to be known, never to be repeated.
        case loseTrack(PublishingFailure)
    }

    /// The delay after the first failure; doubles with each further one.
    var baseDelay = Duration.seconds(2)
    var maximumDelay = Duration.seconds(600)
    /// The tries that a step gets: with the longest delay between them, a platform may be away, or at work, for a day.
    var maximumAttempts = 150
    /// How often refused credentials are tried again.
    var credentialsRecheck = Duration.seconds(300)
    /// How long a platform gets to show what it may have taken before it is asked.
    var reconcileDelay = Duration.seconds(15)
    /// How long a platform is asked before a step counts as never to be known.
    var reconcileLimit = Duration.seconds(3600)

    /// The product's policy.
    package init() {}

    /// What follows from a try.
    /// - Parameters:
    ///   - attempts: the tries that went wrong before.
    ///   - jitter: from 0 up to, not including, 1.
    package func decide(
        _ outcome: PartOutcome,
        attempts: Int,
        isRepeatable: Bool,
        now: Timestamp,
        jitter: Double
    ) -> Decision {
        switch outcome {
        case .sent(let id): return .done(remoteID: id)
        case .waiting(let until):
            guard attempts + 1 < maximumAttempts else { return .fail(Self.neverReady) }
            return .again(at: max(until, now + delay(attempts + 1, jitter)), countsAsFailure: true, nil)
        case .lost(let parts, let failure):
            guard attempts + 1 < maximumAttempts else { return .fail(failure) }
            return .redo(parts: parts, at: now + delay(attempts + 1, jitter), failure)
        case .untraceable(let failure): return .loseTrack(failure)
        case .failed(let failure):
            switch failure.kind {
            case .limited(let until):
                return .again(at: max(until, now + .seconds(1)), countsAsFailure: false, failure)
            case .authentication:
                return .again(at: now + credentialsRecheck, countsAsFailure: false, failure)
            case .permanent: return .fail(failure)
            case .unknown where !isRepeatable: return .ask(at: now + reconcileDelay, failure)
            case .unknown, .transient:
                guard attempts + 1 < maximumAttempts else { return .fail(failure) }
                return .again(at: now + delay(attempts + 1, jitter), countsAsFailure: true, failure)
            }
        }
    }

    /// What follows from a platform's answer about a step of which nobody knew.
    /// - Parameter sentAt: when the step was on its way.
    package func decide(
        _ reconciliation: PartReconciliation,
        attempts: Int,
        sentAt: Timestamp,
        now: Timestamp
    ) -> Decision {
        switch reconciliation {
        case .sent(let id): return .done(remoteID: id)
        case .notSent:
            let failure = PublishingFailure(.transient, code: "not_sent", "The platform does not have it.")
            return attempts + 1 < maximumAttempts ? .again(at: now, countsAsFailure: true, failure) : .fail(failure)
        case .undecided(let until):
            let failure = PublishingFailure(.unknown, code: "undecided", "The platform cannot tell whether it has it.")
            guard now - sentAt < reconcileLimit else { return .loseTrack(failure) }
            return .ask(at: max(until, now + .seconds(1)), failure)
        case .impossible(let failure): return .loseTrack(failure)
        }
    }

    private static let neverReady = PublishingFailure(
        .permanent,
        code: "never_ready",
        "The platform has taken it and is still at work on it; it was asked for most of a day."
    )

    /// Half of the wait fixed, half by chance, so that many do not come back at once.
    private func delay(_ failures: Int, _ jitter: Double) -> Duration {
        let full = min(baseDelay * (1 << min(max(failures - 1, 0), 20)), maximumDelay)
        return full * (0.5 + 0.5 * min(max(jitter, 0), 1))
    }
}
