import Agents
import Approvals
import ArgumentParser
import Conversations
import CoreMetrics
import CoreTypes
import Gateway
import Logging
import Persistence
import Publishing
import ServiceLifecycle
import Subscriptions
import Transport
import UnixSignals

/// `aragora serve`: the gateway.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Runs the gateway: the page, the API, the chat platforms and the debates.",
        discussion: """
            Without any settings it keeps its state in the folder .nomic and debates with offline demo agents. SIGTERM \
            drains: it stops accepting, hands back what it was working on, and exits within 30 seconds.
            """
    )

    @Option(help: "The address to listen on. Anything but this machine itself needs ARAGORA_API_TOKEN.")
    var host: String?

    @Option(help: "The port to listen on; 0 takes a free one.")
    var port: Int?

    @Flag(help: "Brings the schema of a Postgres database up to date first; SQLite always is.")
    var migrate = false

    /// How long a drain may take before tasks are cancelled; `DrainLimit` says when the process ends regardless.
    private static let drain = Duration.seconds(20)

    func run() async throws {
        try await reportingErrors {
            let settings = try Settings.loadFromProcess()
            let registry = PrometheusRegistry(help: metricsHelp)
            MetricsSystem.bootstrap(registry)
            try refuseMistakes(settings)
            let host = host ?? settings.values["ARAGORA_HOST"] ?? "127.0.0.1"
            if let port, !(0...65_535).contains(port) { throw SettingsError("--port takes a number from 0 to 65535.") }
            let port = try port ?? settings.integer("ARAGORA_PORT", in: 0...65_535) ?? 8080
            try refuseOpenDoor(host, settings)
            let logger = House.logger(level: try settings.logLevel())
            let lock = try lockFile(settings)
            let house = try await House.open(settings, logger: logger, migrate: migrate ? .automatically : .refuse)
            await house.sealAnew(logger)
            let needsToken = try house.isPublic && settings.apiToken == nil
            let gateway = try GatewayApplication(
                configuration: GatewayConfiguration(
                    host: host,
                    port: port,
                    apiToken: settings.apiToken,
                    version: Aragora.version
                ),
                adapters: house.adapters,
                browserRoutes: house.browserRoutes,
                intake: InboxIntake(writer: house.inboxWriter),
                debates: house.debates,
                approvals: house.approvals,
                health: Readiness(house: house),
                subscriptions: house.subscribers.service,
                keys: StoredKeys(database: house.database, time: house.time),
                publishing: house.publishing.parts,
                metrics: { registry.render() },
                time: house.time,
                ids: house.identifiers,
                logger: logger,
                onRunning: { port in
                    printNow("listening on http://\(host.contains(":") ? "[\(host)]" : host):\(port)")
                    if house.agents.isDemo {
                        printNow(
                            "no model key is set: offline demo agents debate, not AI models (see `aragora doctor`)"
                        )
                    }
                    if needsToken {
                        printNow(
                            "no ARAGORA_API_TOKEN is set: behind a proxy that forwards no headers, everybody who reaches it "
                                + "may use API and page (see `aragora doctor`)"
                        )
                    }
                }
            )
            try await serve(house, gateway, logger)
            house.shutdown()
            await house.database.close()
            // Held until here: the file is nobody else's while this process serves it.
            withExtendedLifetime(lock) {}
        }
    }

    private func serve(_ house: House, _ gateway: GatewayApplication, _ logger: Logger) async throws {
        // Started in this order and stopped in the reverse one: after the limit of it all is set, first nothing new is
        // accepted, and last the database goes.
        let services: [any Service] = [
            Work { await house.database.runWakeUps() },
            Work { await house.journalWriter.run() },
            Work { await house.inboxWriter.run() },
            Senders(dispatcher: house.dispatcher, deliverer: house.subscribers.deliverer),
            Work { await house.subscribers.feed.run() },
            Work { await house.jobWorker.run() },
            Work { await house.inboxWorker.run() },
            Work { await house.publishing.worker.run() },
            Work { await house.approvalClock.run() },
            Work { await KnownWorkspaces(house: house).run() },
            Work { await GaugeReporter(house: house).run() },
            Work { await Forgetting(house: house).run() },
            gateway,
            DrainLimit(),
        ]
        var configuration = ServiceGroupConfiguration(
            services: services.map {
                .init(
                    service: $0,
                    successTerminationBehavior: .gracefullyShutdownGroup,
                    failureTerminationBehavior: .gracefullyShutdownGroup
                )
            },
            gracefulShutdownSignals: [.sigterm, .sigint],
            logger: logger
        )
        // Without a longest duration of the cancellation, which would end the process by a trap.
        configuration.maximumGracefulShutdownDuration = Self.drain
        try await ServiceGroup(configuration: configuration).run()
        logger.info("Stopped; what was under way is finished or handed back.")
    }

    /// Tells of everything that is wrong with the settings, before anything is opened or changed.
    private func refuseMistakes(_ settings: Settings) throws {
        var mistakes = settings.mistakes()
        let logger = House.logger(level: .critical)
        let transport = HTTPClient(logger: logger)
        defer { transport.shutdown() }
        do throws(AgentConfigurationError) {
            _ = try AgentRegistry(configuration: settings.values, transport: transport, logger: logger)
        } catch {
            if !mistakes.contains(error.description) { mistakes.append(error.description) }
        }
        guard mistakes.isEmpty else { throw SettingsError(mistakes.joined(separator: "\nerror: ")) }
    }

    /// Without a token, only programs on this machine may get in.
    private func refuseOpenDoor(_ host: String, _ settings: Settings) throws {
        let isLoopback = host == "localhost" || host == "::1" || host.hasPrefix("127.")
        guard isLoopback || settings.apiToken != nil else {
            throw SettingsError(
                "Listening on \(host) would let anybody use the API. Set ARAGORA_API_TOKEN to a long random text "
                    + "(such as the output of `openssl rand -hex 32`), or listen on 127.0.0.1."
            )
        }
    }

    private func lockFile(_ settings: Settings) throws -> ProcessLock? {
        guard case .sqlite(let path) = try settings.database() else { return nil }
        try createFolder(parent(of: path))
        return try ProcessLock(databasePath: path)
    }
}

/// A piece of work that runs until the gateway drains; then its task is cancelled and it puts its things away.
private struct Work: Service {
    let work: @Sendable () async -> Void

    func run() async throws {
        await cancelWhenGracefulShutdown { await work() }
    }
}
