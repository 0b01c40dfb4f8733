import CoreTypes

/// What one process has to do for one endpoint: a value that is told the time and says what comes next.
struct EndpointLane: Sendable {
    /// What comes next.
    enum Step: Sendable {
        case send(ClaimedDelivery, to: ClaimedEndpoint)
        /// The endpoint's rate is used up until then.
        case wait(until: Timestamp)
        case rest
    }

    private(set) var claimed: ClaimedEndpoint
    private(set) var pace: EndpointPace
    private(set) var workers = 0
    /// What is next stands last.
    private var queue: [ClaimedDelivery] = []
    /// The numbers of what was taken and is not written down yet.
    private(set) var underWay: Set<Int64> = []
    /// How many messages are taken beforehand, for each request that may be open.
    private var ahead = Self.leastAhead
    private var sending = 0
    /// Attempts that are not written down yet.
    private var unrecorded: Int { underWay.count - queue.count - sending }
    /// Until when nothing is sent.
    private(set) var heldUntil: Timestamp?
    /// When the endpoint's rate allows the next request.
    private var nextAllowed = Timestamp(rawValue: 0)
    /// Whether the lease is gone or the endpoint must not be delivered to any more.
    private(set) var isClosed = false
    private var idleSince: Timestamp?

    private static let leastAhead = 8
    private static let mostAhead = 32

    init(_ claimed: ClaimedEndpoint, pace: EndpointPace) {
        self.claimed = claimed
        self.pace = pace
    }

    private var settings: EndpointSettings { claimed.endpoint.settings }
    private var window: Int { settings.isOrdered ? 1 : min(pace.window, settings.concurrency) }

    /// How many more messages it can take; none while it has to slow down.
    func appetite(now: Timestamp) -> Int {
        guard !isClosed, !isHeld(now) else { return 0 }
        let most = pace.failuresInARow > 0 || settings.isOrdered ? window : window * ahead
        // What is not written down yet takes no place, unless that takes long, or the next one waits for it anyway.
        guard unrecorded <= most * 2, !isAwaiting else { return 0 }
        let free = most - queue.count - sending
        // Not for every single one, but as long as there is something left to send.
        return free * 2 >= most ? free : 0
    }

    /// Whether the next message waits for what came of the one before.
    private var isAwaiting: Bool { settings.isOrdered && (sending > 0 || unrecorded > 0) }

    /// How many more workers it has work for, which they can begin with at once.
    func vacancies(now: Timestamp) -> Int {
        isClosed || isHeld(now) || isAwaiting ? 0 : max(0, min(queue.count, window - workers))
    }

    /// How long an endpoint is kept after its last message, in case another one comes.
    private static let lingering = Duration.seconds(1)

    /// Whether the endpoint can be given back: nothing is under way, and nothing was for a while.
    mutating func isLeavable(now: Timestamp) -> Bool {
        guard sending == 0, unrecorded == 0, workers == 0 else {
            idleSince = nil
            return false
        }
        if isClosed || isHeld(now) { return true }
        guard queue.isEmpty else {
            idleSince = nil
            return false
        }
        let since = idleSince ?? now
        idleSince = since
        return now - since >= Self.lingering
    }

    func isHeld(_ now: Timestamp) -> Bool { heldUntil.map { $0 > now } ?? false }

    /// Takes what was claimed, and the endpoint as it is now.
    mutating func add(_ deliveries: [ClaimedDelivery], of endpoint: ClaimedEndpoint) {
        if endpoint.fence != claimed.fence {
            // Somebody else held it meanwhile, and may have delivered what was not begun.
            underWay.subtract(queue.map(\.number))
            queue = []
        }
        claimed = endpoint
        // A lane that ran dry takes more at once: an endpoint that is fast costs few transactions.
        if queue.isEmpty, deliveries.count > window { ahead = min(ahead * 2, Self.mostAhead) }
        queue.insert(contentsOf: deliveries.reversed(), at: 0)
        underWay.formUnion(deliveries.map(\.number))
    }

    mutating func addWorkers(_ count: Int) {
        workers += count
    }

    /// Says what a worker does next; at `rest` it goes home.
    mutating func next(now: Timestamp) -> Step {
        guard !isClosed, !isHeld(now), !queue.isEmpty, sending < window, !isAwaiting else {
            workers -= 1
            return .rest
        }
        if let rate = settings.deliveriesPerSecond {
            guard nextAllowed <= now else { return .wait(until: nextAllowed) }
            // Rounded up: the rate is the most, never the least.
            nextAllowed = max(nextAllowed, now) + .milliseconds((1000 + rate - 1) / rate)
        }
        sending += 1
        return .send(queue.removeLast(), to: claimed)
    }

    /// Takes in what came of an attempt.
    /// - Parameter decision: what becomes of the message; an ordered lane waits for its next attempt.
    /// - Returns: until when nothing is sent, and whether it can take more messages or more workers.
    @discardableResult
    mutating func finish(
        _ attempt: Attempt,
        _ decision: RetryPolicy.Decision,
        now: Timestamp,
        jitter: Double
    ) -> (heldUntil: Timestamp?, isHungry: Bool, hasVacancies: Bool) {
        sending -= 1
        let hold = pace.note(attempt, maximum: settings.concurrency, now: now, jitter: jitter)
        heldUntil = attempt.isDelivered ? nil : hold ?? heldUntil
        if settings.isOrdered, case .retry(let moment, _) = decision {
            heldUntil = max(heldUntil ?? moment, moment)
        }
        if decision == .gone { isClosed = true }
        return (heldUntil, appetite(now: now) > 0, vacancies(now: now) > 0)
    }

    /// Takes in that this process broke an attempt off.
    mutating func abandon(_ delivery: ClaimedDelivery) {
        sending -= 1
        underWay.remove(delivery.number)
        isClosed = true
    }

    /// Takes in that an attempt was written down.
    mutating func noteRecorded(_ delivery: ClaimedDelivery) {
        underWay.remove(delivery.number)
    }

    /// Stops: what was not begun is left to whoever holds the endpoint next.
    mutating func close() {
        isClosed = true
    }
}
