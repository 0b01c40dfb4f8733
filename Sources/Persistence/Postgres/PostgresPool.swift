import CoreTypes
import Synchronization

/// Lends connections, at most so many at a time; callers wait in the order in which they came.
final class PostgresPool: Sendable {
    typealias State = PoolState<PostgresConnection>

    private struct Guarded {
        var state: State
        var continuations: [Int: CheckedContinuation<State.Grant, any Error>] = [:]
        var nextWaiter = 0
    }

    private let url: Secret
    private let preparesStatements: Bool
    private let executor: DispatchQueueExecutor?
    private let leaseTimeout: Duration
    private let time: any TimeSource
    private let jitter: any JitterSource
    private let guarded: Mutex<Guarded>

    init(
        url: Secret,
        preparesStatements: Bool,
        executor: DispatchQueueExecutor? = nil,
        limits: State.Limits,
        leaseTimeout: Duration,
        time: any TimeSource,
        jitter: any JitterSource
    ) {
        self.url = url
        self.preparesStatements = preparesStatements
        self.executor = executor
        self.leaseTimeout = leaseTimeout
        self.time = time
        self.jitter = jitter
        guarded = Mutex(Guarded(state: State(limits: limits)))
    }

    /// Lends a connection; it has to be given back with `release`.
    /// - Throws: `DatabaseError`: `timeout` where none came free in time, `connection` where Postgres cannot be
    ///   reached, `closed`; or `CancellationError`.
    func lease() async throws -> State.Member {
        while true {
            let grant: State.Grant
            switch perform({ $0.lease(now: time.now()) }) {
            case .grant(let immediate): grant = immediate
            case .refuse(let error): throw error
            case .wait: grant = try await wait()
            }
            switch grant {
            case .connect: return try await connect()
            case .use(let member):
                if member.connection.isSilent { return member }
                giveBack(member, isReusable: false)
            }
        }
    }

    /// Takes a connection back; one that is not in order is closed.
    func release(_ member: State.Member) {
        giveBack(member, isReusable: member.connection.isReusable)
    }

    /// Closes what is idle now and what is leased when it comes back.
    func close() {
        apply { $0.close() }
    }

    private func giveBack(_ member: State.Member, isReusable: Bool) {
        apply { $0.release(member, isReusable: isReusable, now: time.now()) }
    }

    private func connect() async throws -> State.Member {
        do {
            let connection = try await PostgresConnection.open(
                url: url,
                preparesStatements: preparesStatements,
                executor: executor ?? DispatchQueueExecutor(label: "aragora.postgres")
            )
            guarded.withLock { $0.state.connected() }
            return State.Member(connection: connection, openedAt: time.now())
        } catch {
            let failure = error as? DatabaseError ?? DatabaseError(.connection, "Postgres cannot be reached.")
            apply { $0.connectFailed(failure, now: time.now(), jitter: jitter.next()) }
            throw failure
        }
    }

    private func wait() async throws -> State.Grant {
        let waiter = guarded.withLock { guarded in
            guarded.nextWaiter += 1
            return guarded.nextWaiter
        }
        return try await withThrowingTaskGroup(of: State.Grant?.self) { group in
            group.addTask { try await self.stand(waiter) }
            group.addTask {
                // Where it is cancelled, the one who stands decides: he may have been given a connection already.
                guard (try? await self.time.sleep(for: self.leaseTimeout)) != nil else { return nil }
                self.leave(waiter, DatabaseError(.timeout, "No connection to Postgres came free in time."))
                return nil
            }
            defer { group.cancelAll() }
            while let grant = try await group.next() {
                if let grant { return grant }
            }
            throw CancellationError()
        }
    }

    /// Stands in the queue until it is this waiter's turn.
    private func stand(_ waiter: Int) async throws -> State.Grant {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let answer: Result<State.Grant, any Error>? = guarded.withLock { guarded in
                    if Task.isCancelled { return .failure(CancellationError()) }
                    switch guarded.state.enqueue(waiter: waiter, now: time.now()).decision {
                    case .grant(let grant): return .success(grant)
                    case .refuse(let error): return .failure(error)
                    case .wait:
                        guarded.continuations[waiter] = continuation
                        return nil
                    }
                }
                if let answer { continuation.resume(with: answer) }
            }
        } onCancel: {
            leave(waiter, CancellationError())
        }
    }

    private func leave(_ waiter: Int, _ error: any Error) {
        let continuation = guarded.withLock { guarded in
            guarded.state.remove(waiter: waiter) ? guarded.continuations.removeValue(forKey: waiter) : nil
        }
        continuation?.resume(throwing: error)
    }

    private func perform(_ change: (inout State) -> (decision: State.Decision, actions: State.Actions))
        -> State.Decision
    {
        // The connections to close leave the lock before they are let go, because closing speaks to the server.
        let result = guarded.withLock { change(&$0.state) }
        return result.decision
    }

    private func apply(_ change: (inout State) -> State.Actions) {
        let (resumed, closed) = guarded.withLock { guarded in
            let actions = change(&guarded.state)
            let resumed = actions.resume.compactMap { entry in
                guarded.continuations.removeValue(forKey: entry.waiter).map { ($0, entry.with) }
            }
            return (resumed, actions.close)
        }
        for (continuation, result) in resumed { continuation.resume(with: result) }
        withExtendedLifetime(closed) {}
    }
}
