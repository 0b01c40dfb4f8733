package import CoreTypes

/// Stops asking a provider that keeps failing, and lets one call at a time find out whether it has recovered.
///
/// Threshold 3, cooldown 60 s, one trial call, two successes to close: the constants of Aragora's breaker.
package struct CircuitBreaker: Sendable {
    /// What a call needs in order to report how it ended.
    package struct Permit: Sendable, Hashable {
        fileprivate let generation: Int
    }

    /// Whether a call may start.
    package enum Admission: Sendable, Hashable {
        case allowed(Permit)
        case refused(retryAfter: Duration)
    }

    private enum State {
        case closed(failures: Int)
        case open(until: Timestamp)
        case halfOpen(successes: Int, isTrying: Bool)
    }

    private let threshold: Int
    private let cooldown: Duration
    private let successesToClose: Int
    private var state = State.closed(failures: 0)
    /// Grows whenever the state changes its kind, so that a call that began before cannot decide about it.
    private var generation = 0

    /// Makes a closed breaker.
    package init(threshold: Int = 3, cooldown: Duration = .seconds(60), successesToClose: Int = 2) {
        self.threshold = threshold
        self.cooldown = cooldown
        self.successesToClose = successesToClose
    }

    /// Asks whether a call may start.
    package mutating func admit(now: Timestamp) -> Admission {
        if case .open(let until) = state {
            guard now >= until else { return .refused(retryAfter: until - now) }
            enter(.halfOpen(successes: 0, isTrying: false))
        }
        if case .halfOpen(let successes, let isTrying) = state {
            guard !isTrying else { return .refused(retryAfter: .seconds(1)) }
            state = .halfOpen(successes: successes, isTrying: true)
        }
        return .allowed(Permit(generation: generation))
    }

    /// Reports that a call worked.
    package mutating func succeeded(_ permit: Permit) {
        guard permit.generation == generation else { return }
        switch state {
        case .closed: state = .closed(failures: 0)
        case .halfOpen(let successes, _) where successes + 1 >= successesToClose: enter(.closed(failures: 0))
        case .halfOpen(let successes, _): state = .halfOpen(successes: successes + 1, isTrying: false)
        case .open: break
        }
    }

    /// Reports that a call failed for a reason that lies with the provider.
    package mutating func failed(_ permit: Permit, now: Timestamp) {
        guard permit.generation == generation else { return }
        switch state {
        case .closed(let failures) where failures + 1 < threshold: state = .closed(failures: failures + 1)
        case .closed, .halfOpen: enter(.open(until: now + cooldown))
        case .open: break
        }
    }

    /// Reports that a call ended without saying anything about the provider, such as a cancelled one.
    package mutating func abandoned(_ permit: Permit) {
        guard permit.generation == generation, case .halfOpen(let successes, _) = state else { return }
        state = .halfOpen(successes: successes, isTrying: false)
    }

    private mutating func enter(_ next: State) {
        state = next
        generation += 1
    }
}
