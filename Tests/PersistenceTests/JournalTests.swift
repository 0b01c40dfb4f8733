import CoreTypes
import DatabaseSupport
import Synchronization
import Testing

@testable import Persistence

@Suite struct JournalTests {
    private func entry(_ number: Int) -> [UInt8] { Array(#"{"n":\#(number)}"#.utf8) }

    private func segment(_ debate: String, _ sequences: ClosedRange<Int>, fence: Int64 = 1) -> JournalSegment {
        JournalSegment(
            workspaceID: acme,
            debateID: DebateID(debate),
            claim: JobClaim(id: JobID(debate), fence: fence),
            firstSequence: sequences.lowerBound,
            count: sequences.count,
            lines: Array(sequences.map(entry).joined(separator: [UInt8(ascii: "\n")])),
            head: head(sequences.upperBound)
        )
    }

    /// Stands for the hash of an entry.
    private func head(_ number: Int) -> [UInt8] { [UInt8](repeating: UInt8(number), count: 32) }

    private func queue(debates: Int = 100, bytes: Int = 1 << 20) -> JournalQueue {
        JournalQueue(capacity: 3, maximumDebates: debates, maximumBytes: bytes)
    }

    @Test func segmentsThatFollowEachOtherBecomeOneRow() throws {
        var queue = queue()
        let first = try queue.add(segment("a", 1...2))
        _ = try queue.add(segment("b", 5...5))
        #expect(try queue.add(segment("a", 3...3)) === first)
        let group = queue.take()
        #expect(group.map(\.entry.debateID.rawValue) == ["a", "b"])
        #expect(group[0].ticket === first)
        #expect(group[0].entry.lastSequence == 3)
        #expect(group[0].entry.head == head(3))
        #expect(String(decoding: group[0].entry.bytes, as: UTF8.self) == "{\"n\":1}\n{\"n\":2}\n{\"n\":3}")
        #expect(queue.isEmpty && queue.take().isEmpty)
    }

    @Test func whatCannotBeJoinedWaitsForALaterCommit() throws {
        var queue = queue()
        for next in [segment("a", 1...1), segment("a", 2...2, fence: 2), segment("a", 9...9, fence: 2)] {
            _ = try queue.add(next)
        }
        _ = try queue.add(segment("b", 1...1))
        #expect(queue.take().map(\.entry.firstSequence) == [1, 1])
        #expect(queue.take().map(\.entry.firstSequence) == [2])
        #expect(queue.take().map(\.entry.firstSequence) == [9])
        #expect(queue.isEmpty)
    }

    @Test func aCommitHasItsLimitsAndSoHasTheQueue() throws {
        var queue = queue(debates: 2, bytes: 20)
        for debate in ["a", "b", "c"] { _ = try queue.add(segment(debate, 1...1)) }
        let error = #expect(throws: DatabaseError.self) { try queue.add(segment("d", 1...1)) }
        #expect(error?.reason == .full)
        _ = try queue.add(segment("a", 2...9))
        #expect(queue.take().map(\.entry.debateID.rawValue) == ["a"])
        #expect(queue.take().map(\.entry.debateID.rawValue) == ["b", "c"])
    }

    @Test(arguments: DatabaseEngine.allCases) func entriesComeBackInTheirOrder(engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { test in
            let debates = (0..<20).map { "d\($0)" }
            _ = try await test.database.running(debates)
            let writer = JournalWriter(test.database)
            try await running({ await writer.run() }) {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for debate in debates {
                        group.addTask {
                            var tickets: [CommitTicket<Void>] = []
                            var next = 1
                            for size in [1, 3, 2, 4] {
                                tickets.append(
                                    try writer.enqueue(self.segment(debate, next...(next + size - 1)))
                                )
                                next += size
                            }
                            for ticket in tickets { try await ticket.value() }
                        }
                    }
                    try await group.waitForAll()
                }
            }
            let store = JournalStore(test.database)
            for debate in debates {
                let rows = try await store.read(workspace: acme, debate: DebateID(debate))
                #expect(rows.map(\.sequence) == Array(1...10))
                #expect(rows.map(\.bytes) == (1...10).map(entry))
                #expect(rows.allSatisfy { $0.head == nil || $0.head == head($0.sequence) })
                #expect(rows.last?.head == head(10))
                let tail = try await store.read(workspace: acme, debate: DebateID(debate), after: 4, limit: 3)
                #expect(tail.map(\.sequence) == [5, 6, 7])
            }
            #expect(try await store.read(workspace: WorkspaceID("other"), debate: DebateID("d0")).isEmpty)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aLostLeaseIsRefusedForItsDebateAlone(engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { test in
            _ = try await test.database.running(["old", "good"])
            _ = try await test.database.write { transaction in
                try transaction.execute("update job_queue set fence = 2 where id = 'old'")
            }
            let writer = JournalWriter(test.database)
            func enqueue(_ debate: String, _ sequence: Int) throws -> CommitTicket<Void> {
                try writer.enqueue(segment(debate, sequence...sequence))
            }
            // All of them wait together, so that they are one group.
            let (good, old, more) = (try enqueue("good", 1), try enqueue("old", 1), try enqueue("good", 2))
            try await running({ await writer.run() }) {
                try await good.value()
                try await more.value()
                let error = await #expect(throws: DatabaseError.self) { try await old.value() }
                #expect(error?.reason == .leaseLost)
            }
            let store = JournalStore(test.database)
            #expect(try await store.read(workspace: acme, debate: DebateID("good")).count == 2)
            #expect(try await store.read(workspace: acme, debate: DebateID("old")).isEmpty)
        }
    }

    @Test(arguments: DatabaseEngine.allCases) func aJournalHasNoGapsAndNoTwins(engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { test in
            _ = try await test.database.running(["d"])
            let writer = JournalWriter(test.database)
            func append(_ sequence: Int) async throws {
                try await writer.append(segment("d", sequence...sequence))
            }
            try await running({ await writer.run() }) {
                try await append(1)
                for wrong in [1, 3, 7] {
                    let error = await #expect(throws: DatabaseError.self) { try await append(wrong) }
                    #expect(error?.reason == .uniqueViolation)
                }
                try await append(2)
            }
            #expect(try await JournalStore(test.database).read(workspace: acme, debate: DebateID("d")).count == 2)
        }
    }

    @Test("While the database is away, entries wait for it and are written once", arguments: DatabaseEngine.allCases)
    func outage(engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { test in
            _ = try await test.database.running(["d"])
            let absent = DatabaseError(.connection, "Away.")
            let absences: [(isCommitted: Bool, error: DatabaseError)] = [
                (false, absent), (true, .commitUnknown), (false, absent), (false, DatabaseError(.timeout, "Slow.")),
            ]
            let writer = JournalWriter(AbsentDatabase(test.database, absences: absences))
            try await running({ await writer.run() }) {
                try await writer.append(segment("d", 1...2))
                try await writer.append(segment("d", 3...3))
            }
            let rows = try await JournalStore(test.database).read(workspace: acme, debate: DebateID("d"))
            #expect(rows.map(\.sequence) == [1, 2, 3])
        }
    }

    @Test(arguments: DatabaseEngine.allCases) func aCommitWakesThoseWhoWatchTheDebate(engine: DatabaseEngine)
        async throws
    {
        try await withDatabase(engine) { test in
            _ = try await test.database.running(["d"])
            let wakeUps = test.database.wakeUps.subscribe(.debate(DebateID("d")))
            let writer = JournalWriter(test.database)
            try await running({ await writer.run() }) {
                try await writer.append(segment("d", 1...1))
                #expect(await wakeUps.next() == .debate(DebateID("d")))
            }
        }
    }

    /// While heartbeats lock many jobs at once, so do the journal's groups; neither waits for the other in a circle.
    @Test func heartbeatsAndJournalDoNotDeadlock() async throws {
        try await withDatabase(.postgres) { test in
            let database = test.database
            let debates = (0..<40).map { "d\($0)" }
            let claims = try await database.running(debates).map(\.claim)
            let writer = JournalWriter(database)
            try await running({ await writer.run() }) {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for debate in debates.shuffled() {
                        group.addTask {
                            for sequence in 1...20 {
                                try await writer.append(self.segment(debate, sequence...sequence))
                            }
                        }
                    }
                    for _ in 0..<2 {
                        group.addTask {
                            for round in 0..<50 {
                                let held = try await database.write { transaction in
                                    try JobQueue().heartbeat(
                                        workerID: "w1",
                                        jobs: claims.shuffled(),
                                        lease: .seconds(30),
                                        now: start + .milliseconds(Int64(round)),
                                        in: transaction
                                    ).count
                                }
                                #expect(held == 40)
                            }
                        }
                    }
                    try await group.waitForAll()
                }
            }
            let deadlocks = try await database.run(
                "select deadlocks from pg_stat_database where datname = current_database()"
            )
            #expect(try deadlocks.first?.integer("deadlocks") == 0)
        }
    }
}

/// A database whose first writes fail as they do while it is away, whether they were committed or not.
private final class AbsentDatabase: WrappedDatabase {
    let whole: any Database
    private let absences: Mutex<[(isCommitted: Bool, error: DatabaseError)]>

    init(_ whole: any Database, absences: [(isCommitted: Bool, error: DatabaseError)]) {
        self.whole = whole
        self.absences = Mutex(absences.reversed())
    }

    func write<Value: Sendable>(_ body: @Sendable (borrowing Transaction) throws -> Value) async throws -> Value {
        guard let absence = absences.withLock({ $0.popLast() }) else { return try await whole.write(body) }
        if absence.isCommitted { _ = try await whole.write(body) }
        throw absence.error
    }
}
