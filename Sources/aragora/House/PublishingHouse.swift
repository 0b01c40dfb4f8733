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
        release: any PublicationRelease = ChatPreview(),
        events: any WorkspaceEventSink = NoSubscribers(),
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
                        speech: SpeechEndpoint(from: settings.values, transport: transport)
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

/// Shows what is to be published in the thread in which the debate was asked for; the operator releases it.
struct ChatPreview: PublicationRelease {
    let allowsOperator = true
    private let outbox = Outbox(time: SystemTime())

    func ask(for publication: Publication, preview: String, in transaction: borrowing Transaction) throws {
        guard let debate = publication.debate,
            let record = try DebateStore().find(debate, workspace: publication.workspace, in: transaction),
            let address = Address(json: record.address)
        else { return }
        let post = Post(
            title: "To be published on \(publication.platform == "x" ? "X" : "YouTube")",
            body: preview,
            footer: "Nothing is out yet. The operator releases it with: aragora publish release \(publication.id)",
            fallbackText: "A publication of the debate waits to be released."
        )
        try outbox.post(
            post,
            to: address,
            key: OutboxKey("\(publication.id)/preview/\(publication.version)"),
            in: transaction
        )
    }
}
