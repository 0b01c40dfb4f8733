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
    func whatIsHeldUnknowinglyIsNotHeld(_ engine: DatabaseEngine) async throws {
        try await SubscriberHouse.with(engine) { house in
            let id = try await house.subscribe().endpoint.id
            try await house.publish(house.event("1"))
            let (endpoints, lease) = (house.endpoints, Duration.seconds(10))
            @Sendable func claim(
                holding: Set<EndpointID>,
                in transaction: borrowing Transaction
            ) throws -> (fence: Int64, deliveries: Int)? {
                let now = house.time.now()
                return try endpoints.claim(
                    owner: "one",
                    holding: holding,
                    passing: [],
                    limit: 10,
                    lease: lease,
                    now: now,
                    in: transaction
                ).first.map {
                    ($0.fence, try DeliveryStore().claim($0, limit: 10, now: now, in: transaction).count)
                }
            }
            @Sendable func renew(_ holding: [EndpointID], in transaction: borrowing Transaction) throws
                -> Set<EndpointID>
            {
                try endpoints.renew(
                    owner: "one",
                    holding: holding,
                    lease: lease,
                    now: house.time.now(),
                    in: transaction
                )
            }
            #expect(try await house.database.write { try claim(holding: [], in: $0)?.deliveries } == 1)
            // It does not know of it, so it does not prolong it.
            house.time.advance(by: .seconds(9))
            #expect(try await house.database.write { try renew([], in: $0) }.isEmpty)
            #expect(try await house.database.write { try renew([EndpointID("other")], in: $0) }.isEmpty)
            house.time.advance(by: .seconds(1))
            let again = try await house.database.write { try claim(holding: [], in: $0) }
            #expect(again?.fence == 2 && again?.deliveries == 1)
            // It knows of it: it stays as it is.
            #expect(try await house.database.write { try renew([id], in: $0) } == [id])
            try await house.publish(house.event("2"))
            let further = try await house.database.write { try claim(holding: [id], in: $0) }
            #expect(further?.fence == 2 && further?.deliveries == 1)
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
            #expect(try await house.counts() == DeliveryCounts(sending: 1))
            house.time.advance(by: .seconds(10))
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
