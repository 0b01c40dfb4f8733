package import Approvals
package import Channels
package import CoreTypes
import HTTPTypes
import Hummingbird
import HummingbirdCore
package import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
package import Subscriptions
import WebIntegration

/// The HTTP front of the product, ready to run in a service group.
///
/// Metrics are looked up when this is made, so the metrics system has to be set up before. On graceful shutdown it
/// stops accepting, ends the live streams, and returns when the requests in flight are answered.
package struct GatewayApplication: Service {
    private let application: Application<RouterResponder<GatewayContext>>
    private let place: (host: String, port: Int)
    private let time: any TimeSource
    /// Never shut down: the process ends with it, and what ends a connection late may still schedule on it.
    private static let eventLoops = MultiThreadedEventLoopGroup(numberOfThreads: 1)

    /// Wires the routes.
    /// - Parameters:
    ///   - subscriptions: the webhooks of programs; nil where there are none.
    ///   - keys: who knows the keys that programs show; nil where the token alone opens the API.
    ///   - approvals: where people are asked; nil leaves their routes out.
    ///   - metrics: gives the text of `/metrics`.
    ///   - onRunning: called with the port once connections are accepted.
    /// - Throws: where the built-in page cannot be made.
    package init(
        configuration: GatewayConfiguration,
        adapters: [any ChannelAdapter],
        browserRoutes: [any BrowserRoutes],
        intake: any Intake,
        debates: any DebateAPI,
        approvals: ApprovalService? = nil,
        health: any HealthAPI,
        subscriptions: SubscriptionService? = nil,
        keys: (any KeyAuthority)? = nil,
        publishing: PublishingParts? = nil,
        metrics: @escaping @Sendable () -> String,
        time: any TimeSource,
        ids: any IdentifierSource,
        logger: Logger,
        onRunning: @escaping @Sendable (Int) async -> Void = { _ in }
    ) throws {
        self.time = time
        place = (configuration.host, configuration.port)
        let bodyReader = BodyReader(time: time, timeout: configuration.bodyTimeout)
        let routes = GatewayRoutes(
            configuration: configuration,
            browserRoutes: browserRoutes,
            debates: debates,
            approvals: approvals,
            health: health,
            publishing: publishing,
            metrics: metrics,
            time: time,
            ids: ids,
            bodyReader: bodyReader,
            subscriptions: subscriptions,
            keys: keys
        )
        let desk = AdapterDesk(
            endpoints: AdapterEndpoint.table(of: adapters),
            intake: intake,
            budget: ByteBudget(limit: configuration.maximumHeldBytes),
            bodyTimeout: configuration.bodyTimeout,
            time: time,
            logger: logger
        )
        let dates = HTTPDates(time: time)
        let peers = PeerConnections(
            limit: max(1, configuration.maximumConnections / 4),
            time: time,
            logger: logger
        )
        application = Application(
            responder: try routes.router().buildResponder(),
            server: HTTPServerBuilder { responder in
                GatewayChannel(
                    responder: responder,
                    desk: desk,
                    dates: dates,
                    peers: peers,
                    idleTimeout: configuration.idleTimeout,
                    headTimeout: configuration.headTimeout,
                    maximumHeaderBytes: configuration.maximumHeaderBytes
                )
            },
            configuration: ApplicationConfiguration(
                address: .hostname(configuration.host, port: configuration.port),
                // Platforms deliver in bursts; what is not accepted at once waits here.
                backlog: 1024,
                availableConnectionsDelegate: .maximum(configuration.maximumConnections, logger: logger)
            ),
            onServerRunning: { await onRunning($0.localAddress?.port ?? 0) },
            eventLoopGroupProvider: .shared(Self.eventLoops),
            logger: logger
        )
    }

    package func run() async throws {
        do {
            try await runUntilDrained()
        } catch {
            throw ListenError(error, host: place.host, port: place.port) ?? error
        }
    }

    /// Serves, and on graceful shutdown lets the requests in flight end, but waits for no peer that does not read.
    private func runUntilDrained() async throws {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await application.run()
                return true
            }
            group.addTask {
                try await gracefulShutdown()
                try await time.sleep(for: Self.drain)
                return false
            }
            defer { group.cancelAll() }
            _ = try await group.next()
        }
    }

    /// How long requests in flight may take after a shutdown began.
    private static let drain = Duration.seconds(5)
}
