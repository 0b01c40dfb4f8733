import CoreTypes
import DatabaseSupport
import TestSupport
import Testing

@testable import Persistence

@Suite struct WakeUpTests {
    @Test func subscribersHearWhatTheyAskedFor() async {
        let wakeUps = WakeUps()
        let inbox = wakeUps.subscribe(.inbox, .jobs)
        let debate = wakeUps.subscribe(.debate(DebateID("a")))
        let all = wakeUps.subscribe(.inbox, .outbox, .jobs, .debates)
        let published: [WakeUp] = [.outbox, .debate(DebateID("b")), .inbox, .debate(DebateID("a")), .jobs]
        for wakeUp in published { wakeUps.publish(wakeUp) }
        #expect(await inbox.next() == .inbox)
        #expect(await inbox.next() == .jobs)
        #expect(await debate.next() == .debate(DebateID("a")))
        for wakeUp in published { #expect(await all.next() == wakeUp) }
    }

    @Test func aResyncReachesEverybody() async {
        let wakeUps = WakeUps()
        let debate = wakeUps.subscribe(.debate(DebateID("a")))
        let all = wakeUps.subscribe(.inbox, .outbox, .jobs, .debates)
        wakeUps.publishResync()
        #expect(await debate.next() == .debate(DebateID("a")))
        var heard: Set<WakeUp> = []
        for _ in 0..<4 { if let wakeUp = await all.next() { heard.insert(wakeUp) } }
        #expect(heard == [.inbox, .outbox, .jobs, .debate(DebateID("a"))])
    }

    @Test("Subscribers that are cancelled while they are woken hold nobody up", .timeLimit(.minutes(1)))
    func cancelling() async {
        let wakeUps = WakeUps()
        await withTaskGroup(of: Void.self) { publishers in
            publishers.addTask {
                for _ in 0..<20_000 {
                    wakeUps.publish(.jobs)
                    await Task.yield()
                }
            }
            for _ in 0..<2000 {
                await withTaskGroup(of: Void.self) { subscribers in
                    for _ in 0..<4 { subscribers.addTask { for await _ in wakeUps.subscribe(.jobs) {} } }
                    await Task.yield()
                    subscribers.cancelAll()
                }
            }
        }
    }

    @Test func payloadsCarryWhatTheyAreGiven() {
        let wakeUps: [WakeUp] = [.inbox, .outbox, .jobs] + (0..<600).map { .debate(DebateID("debate-number-\($0)")) }
        let texts = WakeUpPayload.texts(of: wakeUps, origin: "me")
        #expect(texts.count == 2)
        #expect(texts.allSatisfy { $0.utf8.count < 8000 })
        #expect(texts.flatMap(WakeUpPayload.wakeUps) == wakeUps)
        #expect(texts.allSatisfy { WakeUpPayload.isSent(by: "me", $0) && !WakeUpPayload.isSent(by: "m", $0) })
        #expect(WakeUpPayload.wakeUps(in: "inbox nonsense  debate:x") == [.inbox, .debate(DebateID("x"))])
        #expect(WakeUpPayload.isSent(by: "me", WakeUpPayload.probe(origin: "me")))
    }

    @Test func pollingIsFastWhereWakeUpsDoNotArrive() {
        let wakeUps = WakeUps(isPolling: true)
        #expect(wakeUps.pollInterval(normal: .seconds(5), whenBroken: .seconds(1)) == .seconds(1))
        wakeUps.notePolling(false)
        #expect(wakeUps.pollInterval(normal: .seconds(5), whenBroken: .seconds(1)) == .seconds(5))
    }

    @Test func anotherProcessIsWoken() async throws {
        try await withDatabase(.postgres) { test in
            let other = try test.open()
            let stream = other.wakeUps.subscribe(.outbox, .debate(DebateID("d")))
            try await running({ await other.runWakeUps() }) {
                try await running({ await test.database.runWakeUps() }) {
                    _ = try await eventually("both listeners") {
                        other.wakeUps.isPolling || test.database.wakeUps.isPolling ? nil : true
                    }
                    let wakeUps = stream
                    // The resync of the first connect comes first.
                    let resync = [await wakeUps.next(), await wakeUps.next()]
                    #expect(resync.contains(.outbox) && resync.contains(.debate(DebateID("d"))))
                    for _ in 0..<100 { await test.database.notify(.debate(DebateID("d"))) }
                    let first = await wakeUps.next()
                    #expect(first == .debate(DebateID("d")))
                    await test.database.notify(.outbox)
                    while let wakeUp = await wakeUps.next(), wakeUp != .outbox {}
                }
            }
            await other.close()
        }
    }

    @Test func aProcessThatDoesNotListenStillWakesOthers() async throws {
        try await withDatabase(.postgres) { test in
            let other = try test.open()
            try await running({ await other.runWakeUps() }) {
                _ = try await eventually("the listener") { other.wakeUps.isPolling ? nil : true }
                let wakeUps = other.wakeUps.subscribe(.jobs)
                await test.database.notify(.jobs)
                #expect(await wakeUps.next() == .jobs)
            }
            await other.close()
        }
    }

    @Test func aLostListenerComesBackAndResyncs() async throws {
        try await withDatabase(.postgres) { test in
            let database = test.database
            try await running({ await database.runWakeUps() }) {
                _ = try await eventually("the listener") { database.wakeUps.isPolling ? nil : true }
                let wakeUps = database.wakeUps.subscribe(.inbox)
                let ended = try await database.run(
                    """
                    select pg_terminate_backend(pid) as ended from pg_stat_activity
                    where datname = current_database() and query = 'listen aragora'
                    """
                )
                #expect(ended.count == 1)
                #expect(await wakeUps.next() == .inbox)
                _ = try await eventually("the listener's return") { database.wakeUps.isPolling ? nil : true }
            }
            #expect(database.wakeUps.isPolling)
        }
    }
}
