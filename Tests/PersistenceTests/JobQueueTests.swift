import CoreTypes
import DatabaseSupport
import Persistence
import Testing

@Suite struct JobQueueTests {
    private let queue = JobQueue()

    @Test(arguments: DatabaseEngine.allCases) func aJobIsClaimedOnce(engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { test in
            let database = test.database
            try await database.write { transaction in
                for number in 0..<30 { try JobQueue().enqueue(job("j\(number)"), now: start, in: transaction) }
            }
            let claimed = try await withThrowingTaskGroup(of: [ClaimedJob].self) { group in
                for worker in 0..<8 { group.addTask { try await database.claim("w\(worker)", limit: 7) } }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(claimed.count == 30)
            #expect(Set(claimed.map(\.id)).count == 30)
            #expect(claimed.allSatisfy { $0.fence == 1 && $0.attempts == 0 })
            #expect(try await database.claim("w9").isEmpty)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func urgentAndEarlyJobsGoFirst(engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { test in
            try await test.database.write { transaction in
                try queue.enqueue(job("late", at: start - .seconds(1)), now: start, in: transaction)
                try queue.enqueue(job("early", at: start - .seconds(9)), now: start, in: transaction)
                try queue.enqueue(job("urgent", priority: 5), now: start, in: transaction)
                try queue.enqueue(job("future", at: start + .seconds(1)), now: start, in: transaction)
                try queue.enqueue(job("other", type: "mail"), now: start, in: transaction)
                #expect(try queue.enqueue(job("late"), now: start, in: transaction) == false)
            }
            #expect(
                try await test.database.claim("w1", limit: 2).map(\.id)
                    == ["urgent", "early"].map(JobID.init(rawValue:))
            )
            #expect(try await test.database.claim("w1", limit: 9).map(\.id) == [JobID("late")])
        }
    }

    @Test(arguments: DatabaseEngine.allCases) func aLostLeaseChangesNothing(engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { test in
            let database = test.database
            let old = try #require(try await database.running(["j1"]).first)
            let later = start + .seconds(31)
            let new = try #require(try await database.claim("w2", at: later).first)
            #expect(new.fence == old.fence + 1)
            #expect(new.attempts == 0)

            let claim = old.claim
            let writes: [@Sendable (borrowing Transaction) throws -> Void] = [
                { try JobQueue().complete(claim, now: later, in: $0) },
                { _ = try JobQueue().fail(claim, error: "x", retryAt: nil, now: later, in: $0) },
                { try JobQueue().release(claim, runAt: later, now: later, in: $0) },
                { try JobQueue().assertHeld(claim, in: $0) },
            ]
            for write in writes {
                let error = await #expect(throws: DatabaseError.self) { try await database.write(write) }
                #expect(error?.reason == .leaseLost)
            }
            let beats = try await database.write { transaction in
                try JobQueue().heartbeat(
                    workerID: "w1",
                    jobs: [claim],
                    lease: .seconds(30),
                    now: later,
                    in: transaction
                ).map(\.id)
            }
            #expect(beats.isEmpty)
            try await database.write { try JobQueue().complete(new.claim, now: later, in: $0) }
            #expect(try await database.run("select status from job_queue").first?.text("status") == "completed")
        }
    }

    @Test(arguments: DatabaseEngine.allCases) func heartbeatsKeepJobsAndTellOfCancelRequests(engine: DatabaseEngine)
        async throws
    {
        try await withDatabase(engine) { test in
            let database = test.database
            let jobs = try await database.running(["j1", "j2", "j3"])
            #expect(jobs.count == 3)
            try await database.write { transaction in
                let other = WorkspaceID("other")
                let asked = [
                    try queue.requestCancel(workspaceID: acme, id: JobID("j2"), now: start, in: transaction),
                    try queue.requestCancel(workspaceID: other, id: JobID("j3"), now: start, in: transaction),
                ]
                #expect(asked == [true, false])
            }
            let claims =
                jobs.map(\.claim) + [JobClaim(id: JobID("j1"), fence: 99), JobClaim(id: JobID("no"), fence: 1)]
            let beats = try await database.write { transaction in
                try JobQueue().heartbeat(
                    workerID: "w1",
                    jobs: claims,
                    lease: .seconds(30),
                    now: start + .seconds(20),
                    in: transaction
                ).map { Beat(id: $0.id.rawValue, isCancelRequested: $0.isCancelRequested) }
            }
            #expect(
                Set(beats) == [
                    Beat(id: "j1", isCancelRequested: false), Beat(id: "j2", isCancelRequested: true),
                    Beat(id: "j3", isCancelRequested: false),
                ]
            )
            #expect(try await database.claim("w2", at: start + .seconds(49)).isEmpty)
            #expect(try await database.claim("w2", at: start + .seconds(51)).count == 3)
        }
    }

    private struct Beat: Hashable, Sendable {
        let id: String
        let isCancelRequested: Bool
    }

    @Test(arguments: DatabaseEngine.allCases) func failuresEndAJobAtItsLimit(engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { test in
            let database = test.database
            try await database.write { transaction in
                _ = try JobQueue().enqueue(job("j1", maximumAttempts: 2), now: start, in: transaction)
            }
            let retryAt = start + .seconds(5)
            let first = try #require(try await database.claim("w1").first)
            let outcome = try await database.write { transaction in
                try JobQueue().fail(first.claim, error: "timeout", retryAt: retryAt, now: start, in: transaction)
            }
            #expect(outcome == .willRetry(at: retryAt))
            #expect(try await database.claim("w1").isEmpty)
            let second = try #require(try await database.claim("w1", at: retryAt).first)
            #expect(second.attempts == 1)
            let end = try await database.write { transaction in
                try JobQueue().fail(second.claim, error: "timeout", retryAt: retryAt, now: start, in: transaction)
            }
            #expect(end == .failed)
            #expect(try await database.claim("w1", at: start + .seconds(999)).isEmpty)
        }
    }

    @Test(arguments: DatabaseEngine.allCases) func aReleasedJobIsDueAgainWithoutAFailure(engine: DatabaseEngine)
        async throws
    {
        try await withDatabase(engine) { test in
            let database = test.database
            let claimed = try #require(try await database.running(["j1"]).first)
            _ = try await database.write { transaction in
                try JobQueue().release(claimed.claim, runAt: start + .seconds(5), now: start, in: transaction)
            }
            #expect(try await database.claim("w2").isEmpty)
            let again = try #require(try await database.claim("w2", at: start + .seconds(5)).first)
            #expect(again.attempts == 0)
            #expect(again.fence == 2)
        }
    }

    @Test(arguments: DatabaseEngine.allCases) func whatIsToStopDoesNotSleep(engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { test in
            let database = test.database
            let claimed = try #require(try await database.running(["j1"]).first)
            let isToStop = try await database.write { transaction in
                try JobQueue().requestCancel(workspaceID: acme, id: JobID("j1"), now: start, in: transaction)
                return try JobQueue().release(
                    claimed.claim,
                    runAt: start + .seconds(3600),
                    now: start,
                    in: transaction
                )
            }
            #expect(isToStop)
            #expect(try await database.claim("w2").first?.isCancelRequested == true)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aJobThatKillsItsWorkersIsGivenUpInTheEnd(engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { test in
            let database = test.database
            try await database.write { transaction in
                _ = try JobQueue().enqueue(job("j1", maximumAttempts: 2), now: start, in: transaction)
            }
            var now = start
            var deaths = 0
            while true {
                let claimed = try #require(try await database.claim("w\(deaths)", at: now).first)
                if claimed.isExhausted { break }
                deaths += 1
                now = now + .seconds(31)
            }
            #expect(deaths == 199)
        }
    }

    @Test func aHeldClaimIsNotTakenOver() async throws {
        try await withDatabase(.postgres) { test in
            let claimed = try #require(try await test.database.running(["j1"]).first)
            let other = try test.open()
            let result = try await blocking(on: other) { transaction in
                try JobQueue().assertHeld(claimed.claim, in: transaction)
            } while: {
                try await test.database.claim("w2", at: start + .seconds(60)).count
            }
            #expect(result.outside == 0)
            #expect(try await test.database.claim("w2", at: start + .seconds(60)).count == 1)
            await other.close()
        }
    }
}
