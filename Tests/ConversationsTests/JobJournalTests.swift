import CoreTypes
import DatabaseSupport
import Debates
import Persistence
import TestSupport
import Testing

@testable import Conversations

/// A debate's journal under its job's claim.
@Suite(.timeLimit(.minutes(5))) struct JobJournalTests {
    private static let start = Timestamp(milliseconds: 0)

    private func claim(_ database: any Database, at now: Timestamp) async throws -> ClaimedJob {
        let jobs = try await database.write { transaction in
            let job = NewJob(workspaceID: .local, id: JobID("d1"), type: "debate", payload: [:], runAt: Self.start)
            try JobQueue().enqueue(job, now: Self.start, in: transaction)
            return try JobQueue().claim(
                types: ["debate"],
                workerID: "one",
                limit: 1,
                lease: .seconds(30),
                now: now,
                in: transaction
            )
        }
        return try #require(jobs.first)
    }

    /// Otherwise its models would be asked, and paid, for a debate that can be written down no more.
    @Test(arguments: DatabaseEngine.allCases)
    func whatWasRefusedEndsTheRunWithItsNextEntries(engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { test in
            let job = try await claim(test.database, at: Self.start)
            _ = try await claim(test.database, at: Self.start + .seconds(60))
            let writer = Persistence.JournalWriter(test.database)
            let journal = JobJournal(writer: writer, job: job, debate: DebateID("d1"))
            var debate = Debates.JournalWriter()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await writer.run() }
                let error = try await eventually("the refusal") { () async throws -> DatabaseError? in
                    var lines = JournalLines()
                    let entry = debate.append(.roundStart(round: 1, total: 2), at: Self.start, to: &lines)
                    do {
                        try journal.append([entry], lines: lines)
                        return nil
                    } catch {
                        return error as? DatabaseError
                    }
                }
                #expect(error.reason == .leaseLost)
                group.cancelAll()
            }
        }
    }
}
