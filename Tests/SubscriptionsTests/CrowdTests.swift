import CoreTypes
import DatabaseSupport
import HTTPTypes
import Hummingbird
import NIOCore
import Persistence
import Subscriptions
import Synchronization
import TestSupport
import Testing
import Transport

/// Real requests to real endpoints: most are healthy, some hang, fail, or want to be left alone.
@Suite(.serialized, .timeLimit(.minutes(5))) struct CrowdTests {
    /// What arrived, by endpoint.
    private final class Arrivals: Sendable {
        private let ids = Mutex<[String: [String]]>([:])

        func note(_ id: String, at endpoint: String) {
            ids.withLock { $0[endpoint, default: []].append(id) }
        }

        func distinct(_ endpoint: String) -> Int { ids.withLock { Set($0[endpoint] ?? []).count } }
    }

    private func router(_ arrivals: Arrivals) -> Router<BasicRequestContext> {
        let router = Router()
        router.post("/{kind}/{name}") { request, context -> HTTPTypes.HTTPResponse.Status in
            let kind = context.parameters.get("kind") ?? ""
            let name = context.parameters.get("name") ?? ""
            _ = try await request.body.collect(upTo: 1 << 20)
            switch kind {
            case "hanging":
                try await Task.sleep(for: .seconds(600))
                return .ok
            case "failing": return .internalServerError
            case "crowded": return .tooManyRequests
            default:
                arrivals.note(HTTPField.Name("webhook-id").flatMap { request.headers[$0] } ?? "", at: name)
                return .ok
            }
        }
        return router
    }

    private func service(_ house: SubscriberHouse, _ guarding: AddressGuard) -> SubscriptionService {
        SubscriptionService(
            database: house.database,
            endpoints: house.endpoints,
            addressGuard: guarding,
            time: SystemTime(),
            identifiers: RandomIdentifiers()
        )
    }

    @Test(arguments: DatabaseEngine.allCases)
    func theHealthyGetEverything(_ engine: DatabaseEngine) async throws {
        let (healthy, events) = (14, 60)
        try await SubscriberHouse.with(engine) { house in
            let arrivals = Arrivals()
            let guarding = AddressGuard(allowing: ["127.0.0.1"].compactMap { CIDR($0) })
            let client = HTTPClient(
                configuration: HTTPClient.Configuration(addressGuard: guarding, usesProxies: false),
                logger: .silent
            )
            defer { client.shutdown() }
            try await withLocalServer(router(arrivals)) { port in
                let kinds = ["hanging", "failing", "crowded"].flatMap { [$0, $0] }
                for (number, kind) in (kinds + Array(repeating: "healthy", count: healthy)).enumerated() {
                    var draft = EndpointDraft(
                        workspace: house.workspace,
                        url: "http://127.0.0.1:\(port)/\(kind)/\(number)",
                        createdBy: "test"
                    )
                    draft.name = kind
                    _ = try await service(house, guarding).create(draft)
                }
                let sink = SubscriptionSink(
                    database: house.database,
                    endpoints: house.endpoints,
                    time: SystemTime()
                )
                let workspace = house.workspace
                func publish(_ range: Range<Int>) async throws {
                    for number in range {
                        let event = WorkspaceEvent(
                            workspaceID: workspace,
                            key: "\(number)",
                            type: "verdict",
                            occurredAt: SystemTime().now(),
                            data: ["number": .integer(Int64(number))]
                        )
                        try await house.database.write { try sink.publish(event, in: $0) }
                    }
                    await house.database.notify(.outbox)
                }
                /// Delivers until a condition holds, then dies without putting anything away.
                func live(as owner: String, until isDone: @Sendable @escaping () -> Bool) async throws {
                    var configuration = Deliverer.Configuration()
                    configuration.lease = .seconds(1)
                    let deliverer = house.deliverer(
                        owner,
                        time: SystemTime(),
                        transport: client,
                        configuration: configuration
                    )
                    try await withThrowingTaskGroup(of: Bool.self) { group in
                        group.addTask {
                            await deliverer.run()
                            return false
                        }
                        group.addTask {
                            try await eventually("all deliveries", timeout: .seconds(60)) { isDone() ? true : nil }
                        }
                        while let isDone = try await group.next(), !isDone {}
                        group.cancelAll()
                    }
                }
                let names = (kinds.count..<(kinds.count + healthy)).map { "\($0)" }
                try await publish(0..<(events / 2))
                try await live(as: "first") { names.allSatisfy { arrivals.distinct($0) >= events / 4 } }
                try await publish((events / 2)..<events)
                try await live(as: "second") { names.allSatisfy { arrivals.distinct($0) == events } }
            }
            for endpoint in try await house.service.list(workspace: nil, activeOnly: false, limit: 100, offset: 0).items
            where endpoint.name != "healthy" {
                #expect(endpoint.deliveryCount == 0)
                // They are asked now and then, not all the time.
                #expect(endpoint.failureCount < 60, "\(endpoint.name)")
            }
        }
    }

    @Test func namesOfThisMachineAreRefusedAtTheSocket() async throws {
        try await SubscriberHouse.with(.sqlite) { house in
            let arrivals = Arrivals()
            try await withLocalServer(router(arrivals)) { port in
                let open = AddressGuard(allowing: ["192.0.2.1"].compactMap { CIDR($0) })
                let client = HTTPClient(
                    configuration: HTTPClient.Configuration(addressGuard: AddressGuard(), usesProxies: false),
                    logger: .silent
                )
                defer { client.shutdown() }
                for (number, host) in ["localhost", "0x7f.1", "2130706433", "0", "127.1"].enumerated() {
                    var draft = EndpointDraft(
                        workspace: house.workspace,
                        url: "http://\(host):\(port)/healthy/\(number)",
                        createdBy: "test"
                    )
                    draft.name = host
                    // What the form of a URL shows is refused at once, and the rest when a connection is made.
                    guard let endpoint = try? await service(house, open).create(draft).endpoint else { continue }
                    try await house.publish(house.event("\(number)"))
                    _ = try await house.deliverer(transport: client).deliverDue()
                    let attempt = try #require(try await house.attempts(endpoint).first)
                    #expect(attempt.errorCode == "transport_refused_address", "\(host)")
                }
                for number in 0..<5 { #expect(arrivals.distinct("\(number)") == 0) }
            }
        }
    }
}
