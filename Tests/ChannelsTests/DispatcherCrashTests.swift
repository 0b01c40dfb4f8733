import ChannelSupport
import Channels
import CoreTypes
import DatabaseSupport
import Persistence
import TestSupport
import Testing

/// Kills a dispatcher at each of its writes, before and after the commit, and lets another one take over.
@Suite struct DispatcherCrashTests {
    @Test(arguments: DatabaseEngine.allCases, [false, true])
    func whereverADispatcherDiesEverythingIsSentOnce(engine: DatabaseEngine, loseAnswer: Bool) async throws {
        for writes in 0..<40 {
            let channel = ScriptedChannel(partSize: 5)
            var isThrough = false
            try await OutboxHouse.with(engine, channel: channel) { house in
                try await house.post("aaaa bbbb cccc", key: "k")
                try await house.post("dddd", key: "l")
                let faulty = FaultyDatabase(house.database, writes: writes, loseAnswer: loseAnswer)
                let dying = house.dispatcher("dying", database: faulty)
                for _ in 0..<5 { _ = try? await dying.sendDue() }
                isThrough = !faulty.hasFailed
                house.time.advance(by: .seconds(31))
                try await house.settle(house.dispatcher("heir"))
                #expect(house.channel.texts == ["aaaa ", "bbbb ", "cccc", "dddd"], "dead at write \(writes)")
                #expect(try await house.status("k") == .sent)
                #expect(try await house.status("l") == .sent)
                #expect(house.ends.delivered.map(\.key).contains("k"))
            }
            if isThrough { return }
        }
        Issue.record("The dispatcher never got through.")
    }

    @Test(arguments: DatabaseEngine.allCases, [false, true])
    func wherePlatformsCannotBeAskedNothingIsSentTwice(engine: DatabaseEngine, loseAnswer: Bool) async throws {
        for writes in 0..<20 {
            var isThrough = false
            try await OutboxHouse.with(engine) { house in
                let adapters = [LimitedChannel(house.channel)]
                try await house.post("one", key: "k")
                try await house.post("two", key: "l")
                let faulty = FaultyDatabase(house.database, writes: writes, loseAnswer: loseAnswer)
                let dying = house.dispatcher("dying", database: faulty, adapters: adapters)
                for _ in 0..<5 { _ = try? await dying.sendDue() }
                isThrough = !faulty.hasFailed
                house.time.advance(by: .seconds(31))
                try await house.settle(house.dispatcher("heir", adapters: adapters))
                #expect(Set(house.channel.calls).count == house.channel.calls.count, "dead at write \(writes)")
                for key in ["k", "l"] {
                    let status = try #require(try await house.status(key))
                    #expect([.sent, .unknown].contains(status))
                    #expect(status == .unknown || house.channel.messages.contains { $0.key == "\(key)#1" })
                }
            }
            if isThrough { return }
        }
        Issue.record("The dispatcher never got through.")
    }

    @Test(arguments: DatabaseEngine.allCases)
    func anAnswerThatAFormerVersionBeganIsNeverRepeated(engine: DatabaseEngine) async throws {
        try await OutboxHouse.with(engine) { house in
            try await house.answer("psst", key: "k", to: house.address("D1"))
            let row = try #require(try await house.claim("former", lease: .seconds(10)).first)
            let (store, now) = (house.store, house.time.now())
            var begun = PartReceipt.waiting(now)
            begun.state = .sending
            let receipts = try [begun].storedText()
            try await house.database.write { transaction in
                try store.markSending(
                    row.claim,
                    partsJSON: #"[{"payload":{"text":"psst"}}]"#,
                    receiptsJSON: receipts,
                    now: now,
                    in: transaction
                )
            }
            house.time.advance(by: .seconds(11))
            try await house.settle(house.dispatcher())
            #expect(house.channel.calls.isEmpty)
            #expect(try await house.status("k") == .unknown)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aDispatcherThatLostItsLeaseChangesNothing(engine: DatabaseEngine) async throws {
        try await OutboxHouse.with(engine) { house in
            try await house.post("one", key: "k")
            let heir = house.dispatcher("heir")
            house.channel.script(
                .workThenRun {
                    // The first dispatcher is frozen in the middle of its call until another one has taken over.
                    _ = try? await house.database.run("update outbox set lease_until = 0, lease_owner = 'frozen'")
                    house.time.advance(by: .seconds(5))
                    _ = try? await heir.sendDue()
                }
            )
            // Whoever is frozen sends no sign of life: its first one is far behind the time that passes here.
            var configuration = Dispatcher.Configuration()
            configuration.lease = .seconds(3600)
            _ = try await house.dispatcher("frozen", configuration: configuration).sendDue()
            #expect(try await house.status("k") == .sent)
            #expect(house.channel.calls == ["post k#1", "reconcile k#1"])
            #expect(house.ends.delivered.count == 1)
        }
    }
}
