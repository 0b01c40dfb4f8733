import CoreTypes
import DatabaseSupport
import Persistence
import Subscriptions
import Synchronization
import TestSupport
import Transport

/// A database, endpoints in memory, and the room between them.
struct SubscriberHouse: Sendable {
    let test: TestDatabase
    let time: ManualTime
    let receiver: ScriptedReceiver
    let identifiers = SequentialIdentifiers()
    let endpoints: EndpointStore
    var addressGuard = AddressGuard()
    let workspace = WorkspaceID("chat:T1")

    var database: any Database { test.database }
    var sink: SubscriptionSink { SubscriptionSink(database: database, endpoints: endpoints, time: time) }

    /// Opens a house, and removes it afterwards.
    static func with(
        _ engine: DatabaseEngine,
        receiver: ScriptedReceiver = ScriptedReceiver(),
        _ body: (SubscriberHouse) async throws -> Void
    ) async throws {
        try await withDatabase(engine) { test in
            let key = Secret("test:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")
            try await body(
                SubscriberHouse(
                    test: test,
                    time: ManualTime(),
                    receiver: receiver,
                    endpoints: EndpointStore(sealer: try Sealer(keys: key))
                )
            )
        }
    }

    var service: SubscriptionService {
        SubscriptionService(
            database: database,
            endpoints: endpoints,
            addressGuard: addressGuard,
            places: OwnerPlaces(platforms: ["chat": true, "mail": false]),
            time: time,
            identifiers: identifiers
        )
    }

    var deliveries: DeliveryService { service.deliveries }

    func deliverer(
        _ owner: String = "one",
        database: (any Database)? = nil,
        time: (any TimeSource)? = nil,
        transport: (any HTTPTransport)? = nil,
        configuration: Deliverer.Configuration = Deliverer.Configuration()
    ) -> Deliverer {
        Deliverer(
            database: database ?? self.database,
            endpoints: endpoints,
            sink: sink,
            transport: transport ?? receiver,
            owner: owner,
            configuration: configuration,
            time: time ?? self.time,
            jitter: FixedJitter(0),
            logger: .silent
        )
    }

    /// Makes an endpoint at `https://receiver.example/<name>`.
    @discardableResult
    func subscribe(
        _ name: String = "hook",
        workspace: WorkspaceID? = nil,
        _ change: (inout EndpointDraft) -> Void = { _ in }
    ) async throws -> SubscriptionService.Created {
        var draft = EndpointDraft(
            workspace: workspace ?? self.workspace,
            url: "https://receiver.example/\(name)",
            createdBy: "test"
        )
        change(&draft)
        return try await service.create(draft)
    }

    func event(
        _ key: String,
        _ type: String = "verdict",
        workspace: WorkspaceID? = nil,
        channel: String? = nil,
        tags: [String] = []
    ) -> WorkspaceEvent {
        WorkspaceEvent(
            workspaceID: workspace ?? self.workspace,
            key: key,
            type: type,
            occurredAt: time.now(),
            debateID: DebateID("d1"),
            channel: channel,
            tags: tags,
            data: ["debate_id": "d1", "final_answer": .string("Forty-two: \(key)"), "status": "completed"]
        )
    }

    func publish(_ events: WorkspaceEvent...) async throws {
        let sink = sink
        for event in events {
            try await database.write { try sink.publish(event, in: $0) }
        }
    }

    func attempts(_ endpoint: Endpoint) async throws -> [AttemptRecord] {
        try await deliveries.attempts(of: endpoint.id, workspace: nil, limit: 1000, offset: 0).items
    }

    func counts() async throws -> DeliveryCounts { try await deliveries.counts(workspace: nil) }

    func reload(_ endpoint: Endpoint) async throws -> Endpoint {
        try await service.find(endpoint.id, workspace: nil)
    }
}

/// A value that several tasks share.
final class Shared<Value: Sendable>: Sendable {
    private let value: Mutex<Value>

    init(_ value: Value) {
        self.value = Mutex(value)
    }

    func withLock<Answer: Sendable>(_ body: (inout Value) -> Answer) -> Answer {
        value.withLock { value in body(&value) }
    }
}

/// Endpoints in memory: they answer what a test says.
final class ScriptedReceiver: HTTPTransport {
    typealias Answer = @Sendable (HTTPRequest) throws(TransportError) -> HTTPResponse

    private let state: Mutex<(answer: Answer, requests: [HTTPRequest])>

    init(_ answer: @escaping Answer = { _ throws(TransportError) in HTTPResponse(status: 200) }) {
        state = Mutex((answer, []))
    }

    var requests: [HTTPRequest] { state.withLock { $0.requests } }
    /// The ids of the messages, in the order of their arrival.
    var ids: [String] { requests.compactMap { $0.header("webhook-id") } }

    func answer(_ answer: @escaping Answer) {
        state.withLock { $0.answer = answer }
    }

    func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPResponse {
        let answer = state.withLock { state in
            state.requests.append(request)
            return state.answer
        }
        return try answer(request)
    }

    func stream<R: Sendable>(
        _ request: HTTPRequest,
        _ consume: (StreamingResponse) async throws -> R
    ) async throws -> R {
        let response = try await send(request)
        let pieces = Shared(response.body.isEmpty ? [] : [response.body])
        let body = HTTPBody { () throws(TransportError) -> [UInt8]? in
            pieces.withLock { $0.isEmpty ? nil : $0.removeFirst() }
        }
        return try await consume(
            StreamingResponse(status: response.status, headers: response.headers, body: body)
        )
    }
}

extension HTTPRequest {
    /// The first header of this name.
    func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    var json: JSONValue { (try? JSONValue(parsing: body)) ?? [:] }
}
