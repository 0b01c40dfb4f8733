import ChannelSupport
import Channels
import CoreTypes
import DatabaseSupport
import Logging
import Persistence
import Synchronization
import TestSupport
import Testing

/// Breaks the connection to the database while it commits; nobody knows then whether it did.
@Suite struct DispatcherOutageTests {
    /// Sends what is due over a database that breaks once.
    private func send(_ house: OutboxHouse, over database: any Database, _ adapters: [any ChannelAdapter]) async throws
    {
        let dispatcher = house.dispatcher(database: database, adapters: adapters)
        async let taken = dispatcher.sendDue()
        // One sleeper keeps the lease, the other one waits for the database.
        await house.time.waitForSleepers(2)
        house.time.advance(by: .seconds(1))
        #expect(try await taken == 1)
    }

    @Test(arguments: DatabaseEngine.allCases, [false, true])
    func aLetterArrivesOnceWhoeverHeardOfTheCommit(engine: DatabaseEngine, commits: Bool) async throws {
        // The first write claims the row, the second one says that it is on its way, the third one ends it.
        for number in 2...3 {
            try await OutboxHouse.with(engine) { house in
                try await house.post("one", key: "k")
                let breaking = BreakingDatabase(house.database, at: number, commits: commits)
                try await send(house, over: breaking, [LimitedChannel(house.channel)])
                #expect(house.channel.calls == ["post k#1"], "broken at write \(number)")
                #expect(try await house.status("k") == .sent)
                #expect(house.ends.delivered.map(\.key) == ["k"])
            }
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aLongOutageBeforeTheFirstByteIsNoUncertainSend(engine: DatabaseEngine) async throws {
        try await OutboxHouse.with(engine) { house in
            try await house.post("one", key: "k")
            let breaking = BreakingDatabase(house.database, at: 2, commits: true, staysAway: true)
            let dispatcher = house.dispatcher(database: breaking, adapters: [LimitedChannel(house.channel)])
            async let taken = dispatcher.sendDue()
            for _ in 0..<9 {
                await house.time.waitForSleepers(2)
                house.time.advance(by: .seconds(5))
            }
            #expect(try await taken == 1)
            #expect(try await house.status("k") == .sending)
            #expect(house.channel.calls == [])
            breaking.mend()
            #expect(try await dispatcher.sendDue() == 1)
            #expect(house.channel.calls == ["post k#1"])
            #expect(try await house.status("k") == .sent)
        }
    }

    @Test(arguments: DatabaseEngine.allCases, [false, true])
    func aMessageLearnsOnceOfEachFurtherPart(engine: DatabaseEngine, commits: Bool) async throws {
        for number in 2...5 {
            try await OutboxHouse.with(engine, channel: ScriptedChannel(partSize: 5)) { house in
                try await house.post("aaaa", key: "k")
                try await house.settle(house.dispatcher())
                try await house.edit("k", body: "bbbb cccc dddd", key: "e")
                let breaking = BreakingDatabase(house.database, at: number, commits: commits)
                try await send(house, over: breaking, [house.channel])
                #expect(house.channel.texts == ["bbbb ", "cccc ", "dddd"], "broken at write \(number)")
                let receipts = try #require(try await house.row("k")).receiptsJSON
                #expect(try PartReceipt.list(from: receipts).messageIDs == ["m1", "m2", "m3"])
            }
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aMinuteWithoutTheDatabaseIsTwoLinesAndFewAttempts(engine: DatabaseEngine) async throws {
        try await OutboxHouse.with(engine) { house in
            let time = ManualTime(isAutomatic: true)
            let lines = KeptLog.Lines()
            let absent = AbsentDatabase(house.database, for: .seconds(60), time)
            let dispatcher = house.dispatcher(database: absent, time: time, logger: lines.logger)
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await dispatcher.run() }
                for await _ in absent.returns { break }
                dispatcher.drain()
            }
            #expect(lines.levels == [.error, .notice], "\(lines.all)")
            #expect(lines.all.first?.contains("The database is away.") == true, "\(lines.all)")
            #expect(absent.refusals < 40)
        }
    }
}

/// A database that is away for a while from the beginning of a test.
private final class AbsentDatabase: WrappedDatabase {
    let whole: any Database
    /// Tells of each write that comes after that.
    let returns: AsyncStream<Void>
    private let told: AsyncStream<Void>.Continuation
    private let end: Timestamp
    private let time: ManualTime
    private let count = Mutex(0)

    init(_ whole: any Database, for duration: Duration, _ time: ManualTime) {
        self.whole = whole
        self.time = time
        end = time.now() + duration
        (returns, told) = AsyncStream.makeStream(of: Void.self)
    }

    /// How many writes were refused.
    var refusals: Int { count.withLock { $0 } }

    func write<Value: Sendable>(_ body: @Sendable (borrowing Transaction) throws -> Value) async throws -> Value {
        guard time.now() >= end else {
            count.withLock { $0 += 1 }
            throw DatabaseError(.connection, "The database is away.")
        }
        let value = try await whole.write(body)
        told.yield()
        return value
    }
}
