import Approvals
import Channels
import CoreTypes
import Gateway
import Logging
import ServiceLifecycle
import Subscriptions
import TestSupport

/// A gateway on a free port for the length of a test.
struct GatewayHarness {
    var configuration = GatewayConfiguration(port: 0, version: "1.2.3")
    var debates = FakeDebates()
    var approvals: ApprovalService?
    var adapters: [any ChannelAdapter] = []
    var pages: [any BrowserRoutes] = []
    var intake: any Intake = FakeIntake(steps: Steps())
    var health = FakeHealth()
    var subscriptions: SubscriptionService?
    var keys: (any KeyAuthority)?
    var publishing: PublishingParts?
    var time: any TimeSource = ManualTime()

    /// Runs the gateway, then the body, then ends the gateway gracefully and waits for it.
    func run<R: Sendable>(_ body: (RawClient) async throws -> R) async throws -> R {
        try await run { client, _ in try await body(client) }
    }

    /// Runs the gateway and gives the body the means to shut it down early.
    func run<R: Sendable>(_ body: (RawClient, ServiceGroup) async throws -> R) async throws -> R {
        var configuration = configuration
        configuration.port = 0
        let (ports, found) = AsyncStream.makeStream(of: Int.self)
        var logger = Logger(label: "gateway-test")
        logger.logLevel = .critical
        let application = try GatewayApplication(
            configuration: configuration,
            adapters: adapters,
            browserRoutes: pages,
            intake: intake,
            debates: debates,
            approvals: approvals,
            health: health,
            subscriptions: subscriptions,
            keys: keys,
            publishing: publishing,
            metrics: { "fake_metric 1\n" },
            time: time,
            ids: SequentialIdentifiers(),
            logger: logger,
            onRunning: { found.yield($0) }
        )
        let group = ServiceGroup(configuration: .init(services: [.init(service: application)], logger: logger))
        return try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                defer { found.finish() }
                try await group.run()
            }
            var ports = ports.makeAsyncIterator()
            guard let port = await ports.next() else {
                try await tasks.waitForAll()
                throw CancellationError()
            }
            let result: Result<R, any Error>
            do {
                result = .success(try await body(RawClient(port: port), group))
            } catch {
                result = .failure(error)
            }
            // In order even then: a server that is cancelled with a connection that it has not looked at ends the process.
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
            return try result.get()
        }
    }
}

extension RawResponse {
    /// The body as JSON.
    var json: JSONValue {
        get throws { try JSONValue(parsing: body) }
    }
}
