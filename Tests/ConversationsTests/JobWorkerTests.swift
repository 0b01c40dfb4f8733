import Channels
import Conversations
import CoreTypes
import DatabaseSupport
import Persistence
import Synchronization
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5))) struct JobWorkerTests {
    /// A failure of a job.
    private struct Failure: CodedError {
        let code = "failure"
        let description = "It did not work."
        let isRetryable: Bool
    }

    /// What happened, in order.
    private final class Notes: Sendable {
        private let state = Mutex<[String]>([])
        func add(_ note: String) { state.withLock { $0.append(note) } }
        var all: [String] { state.withLock { $0 } }
    }

    private func enqueue(_ house: ConversationHouse, _ names: String...) async throws {
        let (workspace, now) = (house.workspace, house.time.now())
        try await house.database.write { transaction in
            for name in names {
                let job = NewJob(workspaceID: workspace, id: JobID(name), type: "test", payload: [:], runAt: now)
                try JobQueue().enqueue(job, now: now, in: transaction)
            }
        }
        await house.database.notify(.jobs)
    }

    private func handler(
        _ house: ConversationHouse,
        _ notes: Notes,
        run: @Sendable @escaping (ClaimedJob, AsyncStream<JobWorker.Signal>) async throws -> Void
    ) -> [String: JobWorker.Handler] {
        let (database, time) = (house.database, house.time)
        return [
            "test": JobWorker.Handler(
                run: { job, signals in
                    notes.add("run \(job.id)")
                    try await run(job, signals)
                    try await database.write { transaction in
                        let claim = JobClaim(id: job.id, fence: job.fence)
                        try JobQueue().complete(claim, now: time.now(), in: transaction)
                    }
                },
                giveUp: { job, reason, _ in notes.add("give up \(job.id): \(reason)") }
            )
        ]
    }

    @Test(arguments: DatabaseEngine.allCases)
    func workersThatHaveNothingToDoGiveSignsOfLife(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            let notes = Notes()
            let (jobs, inbox, dispatcher) = house.idleWorkers { notes.add($0) }
            try await house.alongside([jobs.run, inbox.run, dispatcher.run]) {
                try await house.polled {
                    house.time.advance(by: .seconds(1))
                    return ["jobs", "inbox", "dispatcher"].allSatisfy { name in
                        notes.all.count { $0 == name } >= 3
                    }
                }
            }
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func whatMayWorkLaterIsTriedFiveTimes(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            let notes = Notes()
            let worker = house.worker(
                "one",
                handlers: handler(house, notes) { _, _ in throw Failure(isRetryable: true) }
            )
            try await enqueue(house, "a")
            try await house.alongside([worker.run]) {
                for attempt in 1...4 {
                    try await house.wait {
                        try await house.count("job_queue", where: "status = 'pending' and attempts = \(attempt)") == 1
                    }
                    #expect(notes.all.count == attempt)
                    // A pause of 1.5 s that doubles each time.
                    house.time.advance(by: .milliseconds(Int64(1500 << (attempt - 1))))
                }
                try await house.wait { try await house.openJobs() == 0 }
            }
            #expect(notes.all == Array(repeating: "run a", count: 5) + ["give up a: It did not work."])
            #expect(try await house.count("job_queue", where: "status = 'failed'") == 1)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func whatNeverWorksIsGivenUpAtOnce(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            let notes = Notes()
            let worker = house.worker(
                "one",
                handlers: handler(house, notes) { _, _ in throw Failure(isRetryable: false) }
            )
            try await enqueue(house, "a")
            try await house.alongside([worker.run]) { try await house.wait { try await house.openJobs() == 0 } }
            #expect(notes.all == ["run a", "give up a: It did not work."])
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func noMoreRunsThanThereIsRoomFor(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            let (notes, gate) = (Notes(), Gate())
            let most = Mutex(0)
            let running = Mutex(0)
            let handlers = handler(house, notes) { _, _ in
                let now = running.withLock { running in
                    running += 1
                    return running
                }
                most.withLock { $0 = max($0, now) }
                try await gate.wait()
                running.withLock { $0 -= 1 }
            }
            let worker = house.worker("one", handlers: handlers, capacity: 2)
            try await enqueue(house, "a", "b", "c", "d", "e")
            try await house.alongside([worker.run]) {
                await gate.waitForCalls(2)
                await house.database.notify(.jobs)
                #expect(worker.running == 2)
                gate.open()
                try await house.wait { try await house.openJobs() == 0 }
            }
            #expect(most.withLock { $0 } == 2)
            #expect(Set(notes.all) == ["run a", "run b", "run c", "run d", "run e"])
            #expect(notes.all.count == 5)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aRequestToStopReachesTheJobAtTheHeartbeat(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            let notes = Notes()
            let handlers = handler(house, notes) { _, signals in
                for await _ in signals { break }
                notes.add("told to stop")
            }
            let worker = house.worker("one", handlers: handlers)
            try await enqueue(house, "a")
            try await house.alongside([worker.run]) {
                try await house.polled { notes.all == ["run a"] }
                let (workspace, now) = (house.workspace, house.time.now())
                try await house.database.write { transaction in
                    _ = try JobQueue().requestCancel(workspaceID: workspace, id: JobID("a"), now: now, in: transaction)
                }
                await house.time.waitForSleepers(2)
                house.time.advance(by: .seconds(2))
                try await house.wait { try await house.openJobs() == 0 }
            }
            #expect(notes.all == ["run a", "told to stop"])
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func heartbeatsKeepALeaseForAsLongAsTheJobRuns(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            let (notes, gate) = (Notes(), Gate())
            let worker = house.worker("one", handlers: handler(house, notes) { _, _ in try await gate.wait() })
            let rival = house.worker("two", handlers: handler(house, notes) { _, _ in })
            try await enqueue(house, "a")
            try await house.alongside([worker.run]) {
                await gate.waitForCalls(1)
                for beat in 1...10 {
                    await house.time.waitForSleepers(2)
                    house.time.advance(by: .seconds(2))
                    let until = Timestamp(milliseconds: 1_750_000_000_000) + .seconds(2 * beat + 9)
                    try await house.polled {
                        try await house.count("job_queue", where: "lease_until = \(until)") == 1
                    }
                }
                try await house.alongside([rival.run]) {
                    gate.open()
                    try await house.wait { try await house.openJobs() == 0 }
                }
            }
            #expect(notes.all == ["run a"])
        }
    }
}
