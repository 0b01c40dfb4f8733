import Channels
import Conversations
import CoreTypes
import Gateway
import Logging
import Persistence
import Publishing
import Transport
import XIntegration
import YouTubeIntegration

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Everything that publishing needs, wired together.
struct PublishingHouse: Sendable {
    let desk: PublicationDesk
    let worker: PublicationWorker
    let connectors: [AccountConnector]

    /// Wires the platforms that are configured.
    /// - Throws: `PublishingConfigurationError`.
    init(
        settings: Settings,
        database: any Database,
        sealer: Sealer,
        transport: HTTPClient,
        release: any PublicationRelease,
        events: any WorkspaceEventSink,
        time: any TimeSource,
        identifiers: any IdentifierSource,
        logger: Logger
    ) throws {
        var platforms: [any PublishingPlatform] = []
        var connectors: [AccountConnector] = []
        func connect(_ provider: OAuth2Provider, _ identify: @escaping AccountConnector.Identify) {
            connectors.append(
                AccountConnector(
                    provider: provider,
                    database: database,
                    sealer: sealer,
                    transport: transport,
                    time: time,
                    identifiers: identifiers,
                    logger: logger,
                    identify: identify
                )
            )
        }
        if let x = try XConfiguration(from: settings.values, publicURL: try settings.publicURL()) {
            platforms.append(
                XPlatform(
                    configuration: x,
                    database: database,
                    sealer: sealer,
                    transport: transport,
                    time: time,
                    identifiers: identifiers
                )
            )
            if let provider = x.provider {
                connect(provider) { try await XPlatform.identify($0, apiURL: x.apiURL, transport: transport) }
            }
        }
        if let youtube = try YouTubeConfiguration(from: settings.values, publicURL: try settings.publicURL()) {
            let tools = VideoTools(searchPath: ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin")
            platforms.append(
                YouTubePlatform(
                    configuration: youtube,
                    database: database,
                    sealer: sealer,
                    transport: transport,
                    renderer: VideoRenderer(
                        tools: tools,
                        directory: "\(settings.dataDirectory)/publications",
                        speech: SpeechEndpoint(from: settings.values, transport: transport),
                        time: time
                    ),
                    tools: tools,
                    time: time,
                    identifiers: identifiers
                )
            )
            if youtube.redirectURL != nil {
                connect(youtube.provider) {
                    try await YouTubePlatform.identify($0, apiURL: youtube.apiURL, transport: transport)
                }
            }
        }
        self.connectors = connectors
        desk = PublicationDesk(
            database: database,
            platforms: platforms,
            sealer: sealer,
            release: release,
            events: events,
            time: time,
            identifiers: identifiers
        )
        worker = PublicationWorker(desk: desk, owner: identifiers.next(), time: time, logger: logger)
    }

    /// What the HTTP front needs.
    var parts: PublishingParts { PublishingParts(desk: desk, connectors: connectors) }

    /// The lines of `aragora doctor`.
    func diagnose() async -> [Finding] {
        guard !desk.platforms.isEmpty else {
            return [
                Finding(
                    .fine,
                    "Publishing",
                    "Neither X nor YouTube is configured.",
                    remedy: "integrations/x/README.md and integrations/youtube/README.md have the steps."
                )
            ]
        }
        var findings: [Finding] = []
        for (_, platform) in desk.platforms.sorted(by: { $0.key < $1.key }) { findings += await platform.diagnose() }
        return findings
    }
}
