import ChannelSupport
import Channels
import CoreTypes
import DatabaseSupport
import Persistence
import TestSupport
import Testing

@Suite struct EditTests {
    @Test(arguments: DatabaseEngine.allCases)
    func anEditWaitsForItsMessage(engine: DatabaseEngine) async throws {
        try await OutboxHouse.with(engine) { house in
            house.channel.script(.answer(.transient(code: "http_503", description: "Later.")))
            try await house.post("one", key: "k")
            try await house.edit("k", body: "two", key: "e")
            let dispatcher = house.dispatcher()
            _ = try await dispatcher.sendDue()
            #expect(house.channel.calls == ["post k#1"])
            try await house.settle(dispatcher)
            #expect(house.channel.texts == ["two"])
            #expect(try await house.status("e") == .sent)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func anEditOfNothingFails(engine: DatabaseEngine) async throws {
        try await OutboxHouse.with(engine) { house in
            house.channel.script(.answer(.permanent(code: "gone", description: "Gone.")))
            try await house.post("one", key: "k")
            try await house.edit("k", body: "two", key: "e")
            try await house.edit("never", body: "two", key: "f")
            try await house.settle(house.dispatcher())
            #expect(try await house.errorCode("e") == "target_missing")
            #expect(try await house.errorCode("f") == "target_missing")
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func anUnclearEditIsRepeated(engine: DatabaseEngine) async throws {
        try await OutboxHouse.with(engine) { house in
            let dispatcher = house.dispatcher()
            try await house.post("one", key: "k")
            try await house.settle(dispatcher)
            house.channel.script(.workThenAnswer(.unknown(code: "timeout", description: "No answer.")))
            try await house.edit("k", body: "two", key: "e")
            try await house.settle(dispatcher)
            #expect(house.channel.calls == ["post k#1", "edit m1", "edit m1"])
            #expect(house.channel.texts == ["two"])
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aLongerTextPostsItsFurtherPartsOnce(engine: DatabaseEngine) async throws {
        try await OutboxHouse.with(engine, channel: ScriptedChannel(partSize: 5)) { house in
            let dispatcher = house.dispatcher()
            try await house.post("aaaa", key: "k")
            try await house.settle(dispatcher)
            house.channel.script(
                .workThenRun({}),
                .workThenAnswer(.unknown(code: "timeout", description: "No answer."))
            )
            try await house.edit("k", body: "bbbb cccc dddd", key: "e1")
            try await house.settle(dispatcher)
            #expect(house.channel.texts == ["bbbb ", "cccc ", "dddd"])
            #expect(house.channel.calls.filter { $0 == "post e1#2" }.count == 1)

            try await house.edit("k", body: "eeee ffff gggg hhhh", key: "e2")
            try await house.settle(dispatcher)
            #expect(house.channel.texts == ["eeee ", "ffff ", "gggg ", "hhhh"])

            try await house.edit("k", body: "iiii", key: "e3")
            try await house.settle(dispatcher)
            #expect(house.channel.texts == ["iiii", "—", "—", "—"])
            #expect(house.channel.messages.count == 4)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func partsThatShowWhatTheyAreToShowAreLeftAlone(engine: DatabaseEngine) async throws {
        try await OutboxHouse.with(engine, channel: ScriptedChannel(partSize: 5)) { house in
            let dispatcher = house.dispatcher()
            func calls(_ body: String, _ key: String) async throws -> [String] {
                let before = house.channel.calls.count
                try await house.edit("k", body: body, key: key, coalesceKey: "k")
                try await house.settle(dispatcher)
                return Array(house.channel.calls.dropFirst(before))
            }
            try await house.post("aaaa bbbb cccc", key: "k")
            try await house.settle(dispatcher)
            #expect(try await calls("aaaa bbbb dddd", "e1") == ["edit m3"])
            #expect(try await calls("aaaa bbbb dddd", "e2") == [])
            #expect(try await house.status("e2") == .sent)
            #expect(try await calls("aaaa eeee dddd", "e3") == ["edit m2"])
            #expect(try await calls("aaaa eeee dddd ffff", "e4") == ["edit m3", "post e4#4"])
            #expect(try await calls("aaaa eeee dddd gggg", "e5") == ["edit m4"])
            #expect(house.channel.texts == ["aaaa ", "eeee ", "dddd ", "gggg"])
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func whatAnUnclearEditLeftIsNotTakenForWhatWasThereBefore(engine: DatabaseEngine) async throws {
        try await OutboxHouse.with(engine, channel: ScriptedChannel(partSize: 5)) { house in
            let dispatcher = house.dispatcher()
            try await house.post("aaaa bbbb", key: "k")
            try await house.settle(dispatcher)
            house.channel.script(.workThenAnswer(.unknown(code: "timeout", description: "No answer.")))
            try await house.edit("k", body: "aaaa cccc", key: "e1", coalesceKey: "k")
            _ = try await dispatcher.sendDue()
            #expect(house.channel.texts == ["aaaa ", "cccc"])
            // It takes the place of the one that waits to be tried again.
            try await house.edit("k", body: "aaaa bbbb", key: "e2", coalesceKey: "k")
            try await house.settle(dispatcher)
            #expect(house.channel.texts == ["aaaa ", "bbbb"])
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aMessageThatIsAloneNowIsNotTakenForWhatItShowedAmongSeveral(engine: DatabaseEngine) async throws {
        try await OutboxHouse.with(engine, channel: ScriptedChannel(partSize: 5)) { house in
            let dispatcher = house.dispatcher()
            try await house.post("aaaa bbbb", key: "k")
            try await house.settle(dispatcher)
            // Of its second part nobody will ever know whether it arrived.
            let row = try #require(try await house.row("k"))
            var receipts = try PartReceipt.list(from: row.receiptsJSON)
            #expect(receipts.count == 2)
            receipts[1] = .waiting(house.time.now())
            receipts[1].state = .unknown
            let stored = try receipts.storedText()
            try await house.database.run(
                """
                update outbox set status = 4, available_at = \(OutboxStore.never), receipts_json = \(stored)
                where outbox_key = 'k'
                """
            )
            try await house.edit("k", body: "cccc", key: "e1")
            try await house.settle(dispatcher)
            try await house.edit("k", body: "aaaa dddd", key: "e2")
            try await house.settle(dispatcher)
            #expect(house.channel.calls == ["post k#1", "post k#2", "edit m1", "edit m1", "post e2#2"])
            #expect(house.channel.texts == ["aaaa ", "bbbb", "dddd"])
        }
    }

    @Test func thoseWhoWaitForOneLimitComeBackOnceEach() async throws {
        let limits = ChannelLimits(
            channelBurst: 1000,
            channelInterval: .zero,
            methodsPerMinute: ["edit": 50],
            editInterval: .zero
        )
        try await OutboxHouse.with(.sqlite, channel: ScriptedChannel(limits: limits)) { house in
            let counting = FaultyDatabase(house.database, writes: .max, loseAnswer: false)
            let dispatcher = house.dispatcher(database: counting)
            for number in 0..<200 { try await house.post("start", key: "k\(number)", to: house.address("C\(number)")) }
            try await house.settle(dispatcher)
            for number in 0..<50 {
                try await house.edit("k\(number)", body: "before", key: "b\(number)")
                _ = try await dispatcher.sendDue()
                house.time.advance(by: .milliseconds(1200))
            }
            for number in 0..<200 { try await house.edit("k\(number)", body: "now", key: "n\(number)") }
            let writes = counting.writesLeft
            for _ in 0..<50 {
                while try await dispatcher.sendDue() > 0 {}
                house.time.advance(by: .milliseconds(1200))
            }
            let sent = house.channel.texts.filter { $0 == "now" }.count
            #expect(sent == 50)
            #expect(writes - counting.writesLeft < 3 * (sent + 200))
            for _ in 0..<150 {
                while try await dispatcher.sendDue() > 0 {}
                house.time.advance(by: .milliseconds(1200))
            }
            #expect(house.channel.texts == Array(repeating: "now", count: 200))
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func editsKeepTheirDistanceAndOnlyTheNewestIsShown(engine: DatabaseEngine) async throws {
        let limits = ChannelLimits(
            channelBurst: 100,
            channelInterval: .zero,
            methodsPerMinute: [:],
            editInterval: .seconds(3)
        )
        try await OutboxHouse.with(engine, channel: ScriptedChannel(limits: limits)) { house in
            let dispatcher = house.dispatcher()
            try await house.post("start", key: "k")
            try await house.settle(dispatcher)
            for number in 1...10 {
                try await house.edit("k", body: "step \(number)", key: "e\(number)", coalesceKey: "k")
                _ = try await dispatcher.sendDue()
                house.time.advance(by: .milliseconds(100))
            }
            #expect(house.channel.texts == ["step 1"])
            try await house.settle(dispatcher)
            #expect(house.channel.texts == ["step 10"])
            #expect(house.channel.calls == ["post k#1", "edit m1", "edit m1"])
        }
    }
}
