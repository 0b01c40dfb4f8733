import CoreTypes

/// Who has which connection: the pool's decisions without its connections, clock or continuations.
///
/// A caller that is granted a slot connects by itself; so the pool needs no task of its own. Idle connections past
/// their time are closed whenever anybody leases or releases.
struct PoolState<Connection: Sendable>: Sendable {
    /// The pool's limits.
    struct Limits: Sendable {
        var maximum: Int
        /// How many idle connections are kept past the idle timeout.
        var minimumIdle: Int
        var idleTimeout: Duration
        var lifetime: Duration
        /// The first pause after a failed connect; doubled with each further one up to a second.
        var backoff: Duration = .milliseconds(50)
    }

    /// A connection and when it was opened.
    struct Member: Sendable {
        let connection: Connection
        let openedAt: Timestamp
    }

    /// What a caller gets.
    enum Grant: Sendable {
        case use(Member)
        /// A slot for a connection that the caller opens.
        case connect
    }

    /// The answer to a caller.
    enum Decision: Sendable {
        case grant(Grant)
        case wait
        case refuse(DatabaseError)
    }

    /// What the pool has to do outside the lock.
    struct Actions: Sendable {
        var resume: [(waiter: Int, with: Result<Grant, DatabaseError>)] = []
        /// Connections that nobody uses any more.
        var close: [Connection] = []
    }

    private struct Idle {
        var member: Member
        var since: Timestamp
    }

    private let limits: Limits
    /// The last is the one that was used last.
    private var idle: [Idle] = []
    private(set) var leased = 0
    private(set) var connecting = 0
    private(set) var waiters: [Int] = []
    private var failures = 0
    /// Why the last attempt to connect failed, for callers that are refused without another one.
    private var lastFailure: DatabaseError?
    private var connectAgainAt = Timestamp(milliseconds: 0)
    private var isClosed = false

    init(limits: Limits) {
        self.limits = limits
    }

    /// A caller wants a connection.
    ///
    /// The caller that is told to wait is in the queue only with `enqueue`.
    mutating func lease(now: Timestamp) -> (decision: Decision, actions: Actions) {
        if isClosed { return (.refuse(Self.closed), Actions()) }
        let actions = Actions(close: takeExpired(now: now))
        if let last = idle.popLast() {
            leased += 1
            return (.grant(.use(last.member)), actions)
        }
        guard leased + connecting < limits.maximum else { return (.wait, actions) }
        if now < connectAgainAt {
            if leased + connecting > 0 { return (.wait, actions) }
            return (.refuse(unreachable), actions)
        }
        connecting += 1
        return (.grant(.connect), actions)
    }

    /// The same, for a caller that waits in the queue if it has to.
    mutating func enqueue(waiter: Int, now: Timestamp) -> (decision: Decision, actions: Actions) {
        let result = lease(now: now)
        if case .wait = result.decision { waiters.append(waiter) }
        return result
    }

    /// A waiter gave up or its time is over.
    /// - Returns: whether it was still waiting.
    mutating func remove(waiter: Int) -> Bool {
        guard let position = waiters.firstIndex(of: waiter) else { return false }
        waiters.remove(at: position)
        return true
    }

    /// A caller opened the connection it was granted a slot for.
    mutating func connected() {
        connecting -= 1
        leased += 1
        failures = 0
        lastFailure = nil
        connectAgainAt = Timestamp(milliseconds: 0)
    }

    /// A caller could not open it.
    /// - Parameter jitter: from 0 up to 1.
    mutating func connectFailed(_ error: DatabaseError, now: Timestamp, jitter: Double) -> Actions {
        connecting -= 1
        failures += 1
        lastFailure = error
        let pause = min(1000, Double(limits.backoff.milliseconds) * Double(1 << min(failures - 1, 10)))
        connectAgainAt = now + .milliseconds(Int64(pause * (0.5 + jitter / 2)))
        guard leased + connecting == 0 else { return Actions() }
        let refused = waiters
        waiters = []
        return Actions(resume: refused.map { ($0, .failure(error)) })
    }

    /// A caller gives its connection back.
    mutating func release(_ member: Member, isReusable: Bool, now: Timestamp) -> Actions {
        leased -= 1
        var actions = Actions(close: takeExpired(now: now))
        if isReusable, !isClosed, now < member.openedAt + limits.lifetime {
            if waiters.isEmpty {
                idle.append(Idle(member: member, since: now))
            } else {
                leased += 1
                actions.resume.append((waiters.removeFirst(), .success(.use(member))))
            }
            return actions
        }
        actions.close.append(member.connection)
        if !isReusable {
            // What ended this one has probably ended those that rest as well.
            actions.close += idle.map(\.member.connection)
            idle = []
        }
        if !waiters.isEmpty, !isClosed, leased + connecting < limits.maximum, now >= connectAgainAt {
            connecting += 1
            actions.resume.append((waiters.removeFirst(), .success(.connect)))
        } else if leased + connecting == 0 {
            let error = isClosed ? Self.closed : unreachable
            actions.resume += waiters.map { ($0, .failure(error)) }
            waiters = []
        }
        return actions
    }

    /// Nobody gets a connection any more; those that are leased are closed when they come back.
    mutating func close() -> Actions {
        isClosed = true
        let actions = Actions(
            resume: waiters.map { ($0, .failure(Self.closed)) },
            close: idle.map(\.member.connection)
        )
        idle = []
        waiters = []
        return actions
    }

    private mutating func takeExpired(now: Timestamp) -> [Connection] {
        guard let oldest = idle.first else { return [] }
        guard now >= oldest.since + limits.idleTimeout || now >= oldest.member.openedAt + limits.lifetime else {
            return []
        }
        var expired: [Connection] = []
        var kept: [Idle] = []
        for (position, entry) in idle.enumerated() {
            let isSpare = idle.count - position > limits.minimumIdle
            if now >= entry.member.openedAt + limits.lifetime || isSpare && now >= entry.since + limits.idleTimeout {
                expired.append(entry.member.connection)
            } else {
                kept.append(entry)
            }
        }
        idle = kept
        return expired
    }

    private var unreachable: DatabaseError {
        lastFailure ?? DatabaseError(.connection, "Postgres cannot be reached at the moment.")
    }

    private static var closed: DatabaseError { DatabaseError(.closed, "The database is closed.") }
}
