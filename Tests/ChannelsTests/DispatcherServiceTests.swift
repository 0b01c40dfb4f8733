import ChannelSupport
import Channels
import CoreTypes
import DatabaseSupport
import Persistence
import TestSupport
import Testing

/// `run()` as processes run it, on the machine's clock; nothing here waits for time to pass.
@Suite(.timeLimit(.minutes(5))) struct DispatcherServiceTests {
    @Test(arguments: DatabaseEngine.allCases)
    func twoDispatchersSendEverythingOnceAndInOrder(engine: DatabaseEngine) async throws {
        try await OutboxHouse.with(engine) { house in
            let time = SystemTime()
            let outbox = Outbox(time: time)
            let total = 120
            let (delivered, told) = AsyncStream.makeStream(of: String.self)
            let hooks = DeliveryHooks(delivered: { message, _ in told.yield(message.key.rawValue) })
            let others = [house.database, try engine == .postgres ? house.test.open() : house.database]
            let dispatchers = others.enumerated().map { number, database in
                house.dispatcher("d\(number)", database: database, hooks: hooks, time: time)
            }
            await withTaskGroup(of: Void.self) { group in
                for dispatcher in dispatchers { group.addTask { await dispatcher.run() } }
                group.addTask {
                    for number in 0..<total {
                        let address = house.address("C\(number % 6)")
                        do {
                            try await house.database.write { transaction in
                                try outbox.post(
                                    Post(body: "\(number)", fallbackText: ""),
                                    to: address,
                                    key: OutboxKey("k\(number)"),
                                    in: transaction
                                )
                            }
                        } catch {
                            Issue.record(error)
                        }
                        await house.database.notify(.outbox)
                    }
                }
                group.addTask {
                    var keys: Set<String> = []
                    for await key in delivered {
                        keys.insert(key)
                        if keys.count == total { break }
                    }
                    for dispatcher in dispatchers { dispatcher.drain() }
                }
            }
            if engine == .postgres { await others[1].close() }
            #expect(house.channel.calls.count == total)
            #expect(Set(house.channel.calls).count == total)
            for channel in 0..<6 {
                let numbers = house.channel.messages.filter { $0.address.channel == "C\(channel)" }.map(\.payload)
                #expect(numbers == stride(from: channel, to: total, by: 6).map(String.init))
            }
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func drainingFinishesThePartAndHandsBackTheRest(engine: DatabaseEngine) async throws {
        try await OutboxHouse.with(engine, channel: ScriptedChannel(partSize: 5)) { house in
            let dispatcher = house.dispatcher(time: SystemTime())
            house.channel.script(.workThenRun { dispatcher.drain() })
            try await house.post("aaaa bbbb", key: "k")
            await dispatcher.run()
            #expect(house.channel.texts == ["aaaa "])
            #expect(try await house.status("k") == .queued)
            house.time.advance(by: .seconds(1))
            // Its lease was given back: nobody has to wait for the end of it.
            try await house.settle(house.dispatcher("next", time: SystemTime()))
            #expect(house.channel.texts == ["aaaa ", "bbbb"])
            #expect(house.channel.calls == ["post k#1", "post k#2"])
        }
    }

    @Test func cancellationEndsTheService() async throws {
        try await OutboxHouse.with(.sqlite) { house in
            let dispatcher = house.dispatcher(time: SystemTime())
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await dispatcher.run() }
                group.cancelAll()
            }
        }
    }
}
