import Channels
import CoreTypes
import DatabaseSupport
import Persistence
import Synchronization
import TestSupport
import Testing
import Transport

@testable import Subscriptions

/// A process whose database commits and whose answer is lost on the way delivers all the same.
@Suite(.timeLimit(.minutes(5))) struct LeaseTests {
    @Test(arguments: DatabaseEngine.allCases)
    func onlyTheHolderOfAnEndpointDeliversToIt(_ engine: DatabaseEngine) async throws {
        try await SubscriberHouse.with(engine) { house in
            let id = try await house.subscribe().endpoint.id
            try await house.publish(house.event("1"))
            let endpoints = house.endpoints
            let first = try #require(await house.claimed("one"))
            #expect(first.endpoint.fence == 1 && first.deliveries.count == 1)
            #expect(try await house.claimed("two")?.endpoint.fence == nil)
            // What is under way is not taken twice; what comes meanwhile is.
            let underWay = Set(first.deliveries.map(\.number))
            try await house.publish(house.event("2"))
            let further = try #require(await house.claimed("one", passing: underWay))
            #expect(further.endpoint.fence == 1 && further.deliveries.count == 1)
            #expect(underWay.isDisjoint(with: further.deliveries.map(\.number)))
            // Another process takes over what the first one does not prolong, and begins anew.
            house.time.advance(by: .seconds(9))
            let now = house.time.now()
            let renewed = try await house.database.write {
                try endpoints.renew(owner: "one", holding: [id], lease: .seconds(10), now: now, in: $0)
            }
            #expect(renewed == [id])
            house.time.advance(by: .seconds(10))
            let second = try #require(await house.claimed("two"))
            #expect(second.endpoint.fence == 2 && second.deliveries.count == 2)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func whatSomebodyElseMayHaveDeliveredIsNotSentFromMemory(_ engine: DatabaseEngine) async throws {
        try await SubscriberHouse.with(engine) { house in
            try await house.subscribe()
            try await house.publish(house.event("1"), house.event("2"))
            let (endpoint, deliveries) = try await house.claim("one")
            var lane = EndpointLane(endpoint, pace: EndpointPace())
            lane.add(deliveries, of: endpoint)
            lane.addWorkers(1)
            let now = house.time.now()
            guard case .send(let first, _) = lane.next(now: now) else {
                Issue.record("Nothing is sent.")
                return
            }
            let tried = attempt(503, at: now)
            lane.finish(tried, .retry(at: now + .seconds(5), attempts: 1), now: now, jitter: 0)
            // A claim that began before the answer does not end the pause.
            lane.add([], of: endpoint)
            #expect(lane.isHeld(now))
            #expect(lane.underWay == Set(deliveries.map(\.number)))
            house.time.advance(by: .seconds(10))
            let (again, _) = try await house.claim("two")
            lane.add([], of: again)
            #expect(lane.underWay == [first.number])
            lane.noteRecorded(first)
            #expect(lane.underWay.isEmpty && lane.appetite(now: house.time.now()) > 0)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func inOrderNothingIsTakenBeforeTheLastOneIsWrittenDown(_ engine: DatabaseEngine) async throws {
        try await SubscriberHouse.with(engine) { house in
            try await house.subscribe { $0.settings.isOrdered = true }
            for number in 1...3 { try await house.publish(house.event("\(number)")) }
            let (endpoint, deliveries) = try await house.claim("one")
            let now = house.time.now()
            var lane = EndpointLane(endpoint, pace: EndpointPace())
            #expect(lane.appetite(now: now) == 1)
            lane.add([deliveries[0]], of: endpoint)
            #expect(lane.appetite(now: now) == 0 && lane.vacancies(now: now) == 1)
            lane.addWorkers(1)
            guard case .send(let first, _) = lane.next(now: now) else {
                Issue.record("Nothing is sent.")
                return
            }
            let state = lane.finish(attempt(200, at: now), .delivered, now: now, jitter: 0)
            #expect(!state.isHungry && !state.hasVacancies)
            lane.noteRecorded(first)
            #expect(lane.appetite(now: now) == 1)
            // What is there while the endpoint is left alone employs nobody.
            lane.add([deliveries[1]], of: endpoint)
            guard case .send = lane.next(now: now) else {
                Issue.record("Nothing is sent.")
                return
            }
            lane.finish(attempt(503, at: now), .retry(at: now + .seconds(5), attempts: 1), now: now, jitter: 0)
            lane.add([deliveries[2]], of: endpoint)
            #expect(lane.isHeld(now) && lane.vacancies(now: now) == 0)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aFailureEndsNoReplayThatWasAskedForMeanwhile(_ engine: DatabaseEngine) async throws {
        try await SubscriberHouse.with(engine) { house in
            let id = try await house.subscribe().endpoint.id
            try await house.publish(house.event("1"))
            try await house.database.run("update webhooks set attempts = 9")
            let delivery = try #require(await house.claim("one").deliveries.first)
            #expect(try await house.deliveries.replay(.message(delivery.message), to: id, workspace: nil).count == 1)
            let ledger = DeliveryLedger(endpoints: house.endpoints, sink: house.sink, outbox: Outbox(time: house.time))
            let now = house.time.now()
            func record(_ status: Int, _ decision: RetryPolicy.Decision) async throws {
                let tried = attempt(status, at: now)
                let entry = AttemptRecorder.Entry(
                    delivery: delivery,
                    attempt: tried,
                    decision: decision,
                    heldUntil: nil,
                    isOrdered: false
                )
                _ = try await house.database.write { try ledger.record([entry], now: now, in: $0) }
            }
            try await record(500, .givenUp)
            #expect(try await house.counts() == DeliveryCounts(waiting: 1))
            // That it has arrived counts, whenever it was asked for.
            try await record(200, .delivered)
            #expect(try await house.counts() == DeliveryCounts(delivered: 1))
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func whoeverLostAnEndpointRecordsNothingOfItsDeliveries(_ engine: DatabaseEngine) async throws {
        try await SubscriberHouse.with(engine) { house in
            let endpoint = try await house.subscribe().endpoint
            try await house.publish(house.event("1"))
            let delivery = try #require(await house.claim("one").deliveries.first)
            house.time.advance(by: .seconds(10))
            _ = try await house.claim("two")
            let held = house.time.now() + .seconds(60)
            try await house.database.run("update webhook_configs set held_until = \(held)")
            let ledger = DeliveryLedger(endpoints: house.endpoints, sink: house.sink, outbox: Outbox(time: house.time))
            let now = house.time.now()
            let tried = attempt(200, at: now)
            let entry = AttemptRecorder.Entry(
                delivery: delivery,
                attempt: tried,
                decision: .delivered,
                heldUntil: nil,
                isOrdered: false
            )
            _ = try await house.database.write { try ledger.record([entry], now: now, in: $0) }
            // It arrived, but whoever holds the endpoint cannot know.
            #expect(try await house.counts() == DeliveryCounts(waiting: 1, delivered: 1))
            #expect(try await house.attempts(endpoint).count == 1)
            let rows = try await house.database.run("select held_until, delivery_count from webhook_configs")
            #expect(try rows.first?.timestampOrNil("held_until") == held)
            #expect(try rows.first?.integer("delivery_count") == 1)
        }
    }

    @Test func aHeartbeatAndARecordNeverWaitForEachOther() async throws {
        try await SubscriberHouse.with(.postgres) { house in
            for number in 0..<100 { try await house.subscribe("\(number)") }
            // The table's own order is not that of the ids.
            for row in try await house.database.run("select id from webhook_configs order by id desc") {
                try await house.database.run(
                    "update webhook_configs set updated_at = updated_at + 1 where id = \(try row.text("id"))"
                )
            }
            try await house.publish(house.event("1"))
            let (store, now) = (house.endpoints, house.time.now())
            let entries = try await house.claims("one", limit: 100).map { claim in
                AttemptRecorder.Entry(
                    delivery: try #require(claim.deliveries.first),
                    attempt: attempt(503, at: now),
                    decision: .retry(at: now, attempts: 0),
                    heldUntil: nil,
                    isOrdered: false
                )
            }
            #expect(entries.count == 100)
            let ids = entries.map(\.delivery.endpoint)
            let ledger = DeliveryLedger(endpoints: store, sink: house.sink, outbox: Outbox(time: house.time))
            // A transaction that met a deadlock is run once more.
            let runs = Shared(0)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for _ in 0..<40 {
                        _ = try await house.database.write { transaction in
                            runs.withLock { $0 += 1 }
                            return try ledger.record(entries, now: now, in: transaction)
                        }
                    }
                }
                group.addTask {
                    for _ in 0..<400 {
                        let kept = try await house.database.write { transaction in
                            runs.withLock { $0 += 1 }
                            return try store.renew(
                                owner: "one",
                                holding: ids,
                                lease: .seconds(10),
                                now: now,
                                in: transaction
                            )
                        }
                        #expect(kept.count == 100)
                    }
                }
                try await group.waitForAll()
            }
            #expect(runs.withLock { $0 } == 440)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aClaimWhoseAnswerIsLostIsMadeAgain(_ engine: DatabaseEngine) async throws {
        try await SubscriberHouse.with(engine) { house in
            try await house.subscribe()
            try await house.publish(house.event("1"))
            let losing = LosingDatabase(house.database)
            losing.arm()
            let deliverer = house.deliverer(database: losing)
            await #expect(throws: DatabaseError.self) { try await deliverer.deliverDue() }
            #expect(try await house.counts() == DeliveryCounts(waiting: 1))
            #expect(try await deliverer.deliverDue() == 1)
            #expect(try await house.counts() == DeliveryCounts(delivered: 1))
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aClaimForABusyEndpointIsMadeAgainToo(_ engine: DatabaseEngine) async throws {
        try await SubscriberHouse.with(engine) { house in
            try await house.subscribe()
            let receiver = SlowReceiver()
            let losing = LosingDatabase(house.database)
            let deliverer = house.deliverer(database: losing, transport: receiver)
            func publish(_ key: String) async throws {
                try await house.publish(house.event(key))
                await losing.notify(.outbox)
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await deliverer.run() }
                defer { group.cancelAll() }
                try await publish("1")
                try await eventually("the first message") { receiver.hasBegun("1") ? true : nil }
                losing.arm()
                try await publish("2")
                try await eventually("the lost answer") { losing.isArmed ? nil : true }
                // The endpoint is never at rest: one message ends when the next one is under way already.
                try await publish("3")
                house.time.advance(by: .seconds(2))
                receiver.finish("1")
                try await eventually("the second message") {
                    house.time.advance(by: .milliseconds(500))
                    return receiver.hasBegun("2") ? true : nil
                }
                #expect(receiver.timesBegun("1") == 1)
            }
        }
    }
}

/// An attempt that was answered at once.
private func attempt(_ status: Int, at moment: Timestamp) -> Attempt {
    Attempt(status: status, errorCode: "", body: [], retryAfter: nil, startedAt: moment, duration: .zero)
}

extension SubscriberHouse {
    fileprivate typealias Claim = (endpoint: ClaimedEndpoint, deliveries: [ClaimedDelivery])

    /// Takes the one endpoint to which something is due, with what is due to it.
    fileprivate func claim(_ owner: String) async throws -> Claim { try #require(await claimed(owner)) }

    /// The same; nil where nothing is due that the owner may have.
    fileprivate func claimed(_ owner: String, passing underWay: Set<Int64> = []) async throws -> Claim? {
        try await claims(owner, passing: underWay, limit: 10).first
    }

    /// All endpoints that the owner may have, with what is due to them.
    fileprivate func claims(_ owner: String, passing underWay: Set<Int64> = [], limit: Int) async throws -> [Claim] {
        let (endpoints, now) = (endpoints, time.now())
        return try await database.write { transaction in
            try endpoints.claim(
                owner: owner,
                passing: [],
                underWay: underWay,
                limit: limit,
                lease: .seconds(10),
                now: now,
                in: transaction
            ).taken.map { endpoint in
                let store = DeliveryStore()
                return (endpoint, try store.due(to: endpoint, passing: underWay, limit: 10, now: now, in: transaction))
            }
        }
    }
}

/// A database whose answer is lost once, after the commit of a claim that took something.
private final class LosingDatabase: WrappedDatabase {
    let whole: any Database
    private let armed = Mutex(false)

    init(_ whole: any Database) {
        self.whole = whole
    }

    var isArmed: Bool { armed.withLock { $0 } }

    func arm() { armed.withLock { $0 = true } }

    func write<Value: Sendable>(_ body: @Sendable (borrowing Transaction) throws -> Value) async throws -> Value {
        let value = try await whole.write(body)
        if let (taken, _, _, _) = value
            as? (
                [(ClaimedEndpoint, [ClaimedDelivery])], Timestamp?, [UnreadableEndpoint], Bool
            ),
            taken.contains(where: { !$0.1.isEmpty }),
            armed.withLock({ armed in
                defer { armed = false }
                return armed
            })
        {
            throw DatabaseError(.connection, "The connection is lost.")
        }
        return value
    }
}

/// An endpoint that answers a request when a test says so.
private final class SlowReceiver: HTTPTransport {
    private struct State {
        var begun: [String: Int] = [:]
        var waiting: [String: AsyncStream<Void>.Continuation] = [:]
    }

    private let state = Mutex(State())

    func hasBegun(_ key: String) -> Bool { timesBegun(key) > 0 }
    func timesBegun(_ key: String) -> Int { state.withLock { $0.begun[key, default: 0] } }

    func finish(_ key: String) {
        state.withLock { $0.waiting.removeValue(forKey: key) }?.finish()
    }

    func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPResponse {
        let key = request.json["data"]?["final_answer"]?.string?.suffix(1) ?? ""
        let (answers, continuation) = AsyncStream.makeStream(of: Void.self)
        state.withLock { state in
            state.begun[String(key), default: 0] += 1
            state.waiting[String(key)] = continuation
        }
        for await _ in answers {}
        return HTTPResponse(status: 200)
    }

    func stream<R: Sendable>(
        _ request: HTTPRequest,
        _ consume: (StreamingResponse) async throws -> R
    ) async throws -> R {
        let response = try await send(request)
        let body = HTTPBody { () throws(TransportError) -> [UInt8]? in nil }
        return try await consume(StreamingResponse(status: response.status, headers: [], body: body))
    }
}
