import CoreTypes
import DatabaseSupport
import Persistence
import Testing

@Suite struct InboxTests {
    @Test(arguments: DatabaseEngine.allCases) func fiftyTwinsBecomeOneRow(engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { test in
            let writer = InboxWriter(test.database)
            try await running({ await writer.run() }) {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<50 { group.addTask { try await writer.append(event("e1")) } }
                    try await group.waitForAll()
                }
            }
            #expect(try await test.database.run("select * from inbox").count == 1)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func twinsOfSeveralProcessesBecomeOneRow(engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { test in
            let one = InboxWriter(test.database)
            let two = InboxWriter(try test.open())
            try await running({ await one.run() }) {
                try await running({ await two.run() }) {
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        for number in 0..<200 {
                            group.addTask { try await one.append(event("e\(number)")) }
                            group.addTask { try await two.append(event("e\(199 - number)")) }
                        }
                        try await group.waitForAll()
                    }
                }
            }
            #expect(try await test.database.run("select * from inbox").count == 200)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func theSameKeyInAnotherWorkspaceIsAnotherEvent(engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { test in
            let writer = InboxWriter(test.database)
            try await running({ await writer.run() }) {
                try await writer.append(event("e1"))
                try await writer.append(event("e1", workspace: WorkspaceID("slack:T2")))
                try await writer.append(event("e1"))
            }
            #expect(try await test.database.run("select * from inbox").count == 2)
        }
    }

    @Test(arguments: DatabaseEngine.allCases) func aFailedCommitAcknowledgesNothing(engine: DatabaseEngine) async throws
    {
        try await withDatabase(engine) { test in
            let writer = InboxWriter(test.database)
            try await running({ await writer.run() }) {
                try await test.database.run("alter table inbox rename to away")
                await #expect(throws: DatabaseError.self) { try await writer.append(event("e1")) }
                try await test.database.run("alter table away rename to inbox")
                try await writer.append(event("e1"))
            }
        }
    }

    @Test func tooManyWaitingEventsAreRefused() async throws {
        let writer = InboxWriter(try SQLiteDatabase(inMemory: SystemTime()), capacity: 0)
        let error = await #expect(throws: DatabaseError.self) { try await writer.append(event("e1")) }
        #expect(error?.reason == .full)
        #expect(error?.isRetryable == true)
    }

    @Test(arguments: DatabaseEngine.allCases)
    func whatWaitsAtTheEndIsWrittenAndNothingAfter(engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { test in
            let writer = InboxWriter(test.database)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<100 { group.addTask { try await writer.append(event("e\(number)")) } }
                let service = Task { await writer.run() }
                _ = try await group.next()
                service.cancel()
                await service.value
                // The others were in the queue, or came after its end and were told so.
                var stored = 1
                var refused = 0
                while let result = await group.nextResult() {
                    switch result {
                    case .success: stored += 1
                    case .failure(let error):
                        #expect((error as? DatabaseError)?.reason == .closed)
                        refused += 1
                    }
                }
                #expect(stored + refused == 100)
                #expect(try await test.database.run("select * from inbox").count == stored)
            }
            await #expect(throws: DatabaseError.self) { try await writer.append(event("late")) }
        }
    }

    @Test(arguments: DatabaseEngine.allCases) func aCommitWakesTheWorkers(engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { test in
            let wakeUps = test.database.wakeUps.subscribe(.inbox)
            let writer = InboxWriter(test.database)
            try await running({ await writer.run() }) {
                try await writer.append(event("e1"))
                #expect(await wakeUps.next() == .inbox)
            }
        }
    }

    /// Stores events, each in a commit of its own, in this order.
    private func store(_ entries: [InboxEntry], in database: any Database) async throws {
        let writer = InboxWriter(database, maximumRows: 1)
        try await running({ await writer.run() }) {
            for entry in entries { try await writer.append(entry) }
        }
    }

    @Test(arguments: DatabaseEngine.allCases) func eventsAreClaimedInTheirOrder(engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { test in
            try await store(
                (0..<6).map { event("e\($0)", conversation: "C\($0 % 2)", body: [UInt8($0)]) },
                in: test.database
            )
            let store = InboxStore()
            let first = try await test.database.write { transaction in
                let rows = try store.claim(limit: 4, now: start, in: transaction)
                try store.complete(ids: rows.map(\.id), in: transaction)
                return rows
            }
            #expect(first.map(\.eventKey) == ["e0", "e1", "e2", "e3"])
            #expect(first.map(\.body) == [[0], [1], [2], [3]])
            #expect(first.first?.workspaceID == acme)
            let second = try await test.database.write { try store.claim(limit: 4, now: start, in: $0) }
            #expect(second.map(\.eventKey) == ["e4", "e5"])
            let bodies = try await test.database.run("select body from inbox where status = 1")
            let areEmpty = try bodies.allSatisfy { try $0.blob("body").isEmpty }
            #expect(areEmpty)
            let counts = try await test.database.read { try store.counts(in: $0) }
            #expect(counts.waiting == 2)
            #expect(counts.givenUp == 0)
            #expect(counts.longestWait(at: start + .seconds(3)) == .seconds(3))
            let rest = try await test.database.write { transaction in
                try store.complete(ids: second.map(\.id), in: transaction)
                return try store.counts(in: transaction)
            }
            #expect(rest.longestWait(at: start + .seconds(3)) == .zero)
        }
    }

    @Test(arguments: DatabaseEngine.allCases) func aRetryHoldsItsConversationBack(engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { test in
            try await store(
                [event("a1", conversation: "A"), event("a2", conversation: "A"), event("b1", conversation: "B")],
                in: test.database
            )
            let store = InboxStore()
            func claim(at moment: Timestamp) async throws -> [InboxRow] {
                try await test.database.write { try store.claim(limit: 10, now: moment, in: $0) }
            }
            let id = try #require(try await claim(at: start).first?.id)
            let retryAt = start + .seconds(10)
            try await test.database.write { transaction in
                try store.fail(id: id, error: "boom", retryAt: retryAt, giveUp: false, in: transaction)
            }
            #expect(try await claim(at: start).map(\.eventKey) == ["b1"])
            let later = try await claim(at: retryAt)
            #expect(later.map(\.eventKey) == ["a1", "a2", "b1"])
            #expect(later.first?.attempts == 1)
            try await test.database.write { transaction in
                try store.fail(id: id, error: "boom", retryAt: retryAt, giveUp: true, in: transaction)
            }
            #expect(try await claim(at: retryAt).map(\.eventKey) == ["a2", "b1"])
            let givenUp = try await test.database.read { try store.counts(in: $0).givenUp }
            #expect(givenUp == 1)
        }
    }

    @Test func aHeldConversationIsPassedOverAsAWhole() async throws {
        try await withDatabase(.postgres) { test in
            try await store(
                [event("a1", conversation: "A"), event("a2", conversation: "A"), event("b1", conversation: "B")],
                in: test.database
            )
            let other = try test.open()
            let held = try await blocking(on: other) { transaction in
                try InboxStore().claim(limit: 1, now: start, in: transaction).map(\.eventKey)
            } while: {
                try await test.database.write { try InboxStore().claim(limit: 10, now: start, in: $0) }
            }
            #expect(held.inside == ["a1"])
            #expect(held.outside.map(\.eventKey) == ["b1"])
            await other.close()
        }
    }

    /// Many workers handle many conversations: each event once, each conversation in its order.
    @Test(arguments: DatabaseEngine.allCases) func concurrentWorkersKeepTheOrder(engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { test in
            let database = test.database
            let writer = InboxWriter(database)
            try await running({ await writer.run() }) {
                for number in 0..<120 {
                    try await writer.append(
                        event("e\(number)", conversation: "C\(number % 7)", body: [UInt8(number)])
                    )
                }
            }
            try await database.run("create table handled (position bigint, conversation text, event bigint)")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for worker in 0..<6 {
                    group.addTask {
                        var now = start
                        while try await database.run("select 1 as x from inbox where status = 0 limit 1").isEmpty
                            == false
                        {
                            now = now + .milliseconds(1)
                            let moment = now
                            try await database.write { transaction in
                                let rows = try InboxStore().claim(limit: 5, now: moment, in: transaction)
                                for row in rows {
                                    try transaction.execute(
                                        """
                                        insert into handled (position, conversation, event) values (
                                            (select count(*) from handled where conversation = \(row.conversationKey)),
                                            \(row.conversationKey), \(Int(row.body[0]))
                                        )
                                        """
                                    )
                                }
                                if let last = rows.last, worker == 0, last.attempts == 0 {
                                    try InboxStore().fail(
                                        id: last.id,
                                        error: "again",
                                        retryAt: moment,
                                        giveUp: false,
                                        in: transaction
                                    )
                                    try transaction.execute("delete from handled where event = \(Int(last.body[0]))")
                                    try InboxStore().complete(ids: rows.dropLast().map(\.id), in: transaction)
                                } else {
                                    try InboxStore().complete(ids: rows.map(\.id), in: transaction)
                                }
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
            let handled = try await database.run(
                "select conversation, event from handled order by conversation, position"
            )
            #expect(handled.count == 120)
            var last: [String: Int64] = [:]
            for row in handled {
                let (conversation, event) = (try row.text("conversation"), try row.integer("event"))
                #expect(event > last[conversation, default: -1])
                last[conversation] = event
            }
        }
    }

    @Test(arguments: DatabaseEngine.allCases) func oldFinishedEventsAreForgotten(engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { test in
            try await store([event("a"), event("b", at: start + .seconds(5)), event("c")], in: test.database)
            let pruned = try await test.database.write { transaction in
                let rows = try InboxStore().claim(limit: 2, now: start + .seconds(5), in: transaction)
                try InboxStore().complete(ids: rows.map(\.id), in: transaction)
                return try InboxStore().prune(receivedBefore: start + .seconds(1), limit: 10, in: transaction)
            }
            #expect(pruned == 1)
            #expect(try await test.database.run("select event_key from inbox").count == 2)
        }
    }
}
