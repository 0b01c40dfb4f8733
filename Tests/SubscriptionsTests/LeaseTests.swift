import CoreTypes
import DatabaseSupport
import Persistence
import Synchronization
import TestSupport
import Testing
import Transport

@testable import Subscriptions

/// A process whose database commits and whose answer is lost on the way delivers all the same.
@Suite(.timeLimit(.minutes(1))) struct LeaseTests {
    @Test(arguments: DatabaseEngine.allCases)
    func onlyTheHolderOfAnEndpointDeliversToIt(_ engine: DatabaseEngine) async throws {
        try await SubscriberHouse.with(engine) { house in
            let id = try await house.subscribe().endpoint.id
            try await house.publish(house.event("1"))
            let endpoints = house.endpoints
            @Sendable func claim(
                _ owner: String,
                passing underWay: Set<Int64> = [],
                in transaction: borrowing Transaction
            ) throws -> (fence: Int64, deliveries: [ClaimedDelivery])? {
                let now = house.time.now()
                let claimed = try endpoints.claim(
                    owner: owner,
                    passing: [],
                    limit: 10,
                    lease: .seconds(10),
                    now: now,
                    in: transaction
                )
                return try claimed.first.map { endpoint in
                    let store = DeliveryStore()
                    return (
                        endpoint.fence,
                        try store.due(to: endpoint, passing: underWay, limit: 10, now: now, in: transaction)
                    )
                }
            }
            let first = try #require(await house.database.write { try claim("one", in: $0) })
            #expect(first.fence == 1 && first.deliveries.count == 1)
            #expect(try await house.database.write { try claim("two", in: $0) } == nil)
            // What is under way is not taken twice; what comes meanwhile is.
            let underWay = Set(first.deliveries.map(\.number))
            try await house.publish(house.event("2"))
            let further = try #require(
                await house.database.write { try claim("one", passing: underWay, in: $0) }
            )
            #expect(further.fence == 1 && further.deliveries.count == 1)
            #expect(underWay.isDisjoint(with: further.deliveries.map(\.number)))
            // Another process takes over what the first one does not prolong, and begins anew.
            house.time.advance(by: .seconds(9))
            let now = house.time.now()
            let renewed = try await house.database.write {
                try endpoints.renew(owner: "one", holding: [id], lease: .seconds(10), now: now, in: $0)
            }
            #expect(renewed == [id])
            house.time.advance(by: .seconds(10))
            let second = try #require(await house.database.write { try claim("two", in: $0) })
            #expect(second.fence == 2 && second.deliveries.count == 2)
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
            }
        }
    }
}

/// A database whose answer is lost once, after the commit of a claim that took something.
private final class LosingDatabase: Database {
    private let whole: any Database
    private let armed = Mutex(false)

    init(_ whole: any Database) {
        self.whole = whole
    }

    var isArmed: Bool { armed.withLock { $0 } }

    func arm() { armed.withLock { $0 = true } }

    var dialect: Dialect { whole.dialect }
    var wakeUps: WakeUps { whole.wakeUps }

    func write<Value: Sendable>(_ body: @Sendable (borrowing Transaction) throws -> Value) async throws -> Value {
        let value = try await whole.write(body)
        if let (taken, _) = value as? ([(ClaimedEndpoint, [ClaimedDelivery])], Timestamp?), !taken.isEmpty,
            armed.withLock({ armed in
                defer { armed = false }
                return armed
            })
        {
            throw DatabaseError(.connection, "The connection is lost.")
        }
        return value
    }

    func read<Value: Sendable>(_ body: @Sendable (borrowing Transaction) throws -> Value) async throws -> Value {
        try await whole.read(body)
    }

    func run(_ statement: SQL) async throws -> [Row] { try await whole.run(statement) }
    func notify(_ wakeUp: WakeUp) async { await whole.notify(wakeUp) }
    func runWakeUps() async { await whole.runWakeUps() }
    func dedicated() -> any Database { self }
    func close() async {}
}

/// An endpoint that answers a request when a test says so.
private final class SlowReceiver: HTTPTransport {
    private struct State {
        var begun: Set<String> = []
        var waiting: [String: AsyncStream<Void>.Continuation] = [:]
    }

    private let state = Mutex(State())

    func hasBegun(_ key: String) -> Bool { state.withLock { $0.begun.contains(key) } }

    func finish(_ key: String) {
        state.withLock { $0.waiting.removeValue(forKey: key) }?.finish()
    }

    func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPResponse {
        let key = request.json["data"]?["final_answer"]?.string?.suffix(1) ?? ""
        let (answers, continuation) = AsyncStream.makeStream(of: Void.self)
        state.withLock { state in
            state.begun.insert(String(key))
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
