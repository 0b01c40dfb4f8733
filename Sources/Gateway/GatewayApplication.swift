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
import WebIntegration

/// The HTTP front of the product, ready to run in a service group.
///
/// Metrics are looked up when this is made, so the metrics system has to be set up before. On graceful shutdown it
/// stops accepting, ends the live streams, and returns when the requests in flight are answered.
package struct GatewayApplication: Service {
    private let application: Application<FrontResponder>
    private let eventLoops = MultiThreadedEventLoopGroup(numberOfThreads: 1)

    /// Wires the routes.
    /// - Parameters:
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
        metrics: @escaping @Sendable () -> String,
        time: any TimeSource,
        ids: any IdentifierSource,
        logger: Logger,
        onRunning: @escaping @Sendable (Int) async -> Void = { _ in }
    ) throws {
        let bodyReader = BodyReader(time: time, timeout: configuration.bodyTimeout)
        let routes = GatewayRoutes(
            configuration: configuration,
            browserRoutes: browserRoutes,
            debates: debates,
            approvals: approvals,
            health: health,
            metrics: metrics,
            time: time,
            ids: ids,
            bodyReader: bodyReader
        )
        let responder = FrontResponder(
            endpoints: AdapterEndpoint.table(of: adapters),
            adapters: AdapterResponder(intake: intake, bodyReader: bodyReader, time: time),
            router: try routes.router().buildResponder()
        )
        application = Application(
            responder: responder,
            server: .http1(configuration: Self.channel(configuration)),
            configuration: ApplicationConfiguration(
                address: .hostname(configuration.host, port: configuration.port),
                // Platforms deliver in bursts; what is not accepted at once waits here.
                backlog: 1024,
                availableConnectionsDelegate: .maximum(configuration.maximumConnections, logger: logger)
            ),
            onServerRunning: { await onRunning($0.localAddress?.port ?? 0) },
            eventLoopGroupProvider: .shared(eventLoops),
            logger: logger
        )
    }

    package func run() async throws {
        let result: Result<Void, any Error>
        do {
            let executor = EventLoopExecutor(eventLoops.next())
            result = .success(
                try await withTaskExecutorPreference(executor) { try await runUntilDrained() }
            )
        } catch {
            result = .failure(error)
        }
        try await eventLoops.shutdownGracefully()
        try result.get()
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
                try await Task.sleep(for: Self.drain)
                return false
            }
            defer { group.cancelAll() }
            _ = try await group.next()
        }
    }

    /// How long requests in flight may take after a shutdown began.
    private static let drain = Duration.seconds(5)

    private static func channel(_ configuration: GatewayConfiguration) -> HTTP1Channel.Configuration {
        HTTP1Channel.Configuration(
            idleTimeout: .milliseconds(configuration.idleTimeout.milliseconds),
            httpDecoderConfiguration: .init(
                maxHeaderFieldSize: configuration.maximumHeaderBytes,
                maxHeaderListSize: configuration.maximumHeaderBytes,
                maxHeaderFieldCount: 100
            )
        )
    }
}
