import CoreTypes
import DatabaseSupport
import Emulators
import Foundation
import Persistence
import Publishing
import Synchronization
import TestSupport
import Testing
import Transport
import XIntegration
import YouTubeIntegration

/// Events as they are published, for tests to look at.
final class RecordedEvents: WorkspaceEventSink {
    private let list = Mutex<[WorkspaceEvent]>([])

    var types: [String] { list.withLock { $0.map(\.type) } }
    var keys: [String] { list.withLock { $0.map(\.key) } }

    func publish(_ event: WorkspaceEvent, in transaction: borrowing Transaction) throws {
        list.withLock { $0.append(event) }
    }
}

/// One process that publishes: a desk, a worker and the platforms, over a database that others share.
struct PublishingProcess {
    let life: Life
    let desk: PublicationDesk
    let worker: PublicationWorker
}

/// A database, an emulated platform and a clock, with any number of processes.
struct PublishingWorld {
    let database: any Database
    let time: ManualTime
    let transport: any HTTPTransport
    let settings: [String: String]
    let directory: String
    let events = RecordedEvents()

    var sealer: Sealer { get throws { try Sealer(keys: testKeys) } }

    /// Starts a process.
    /// - Parameters:
    ///   - lastStep: the step at which it dies; nil for one that lives.
    ///   - chunkBytes: the size of an upload's pieces.
    func process(dyingAt lastStep: Int? = nil, chunkBytes: Int? = nil) throws -> PublishingProcess {
        let life = Life(until: lastStep)
        let database = MortalDatabase(base: database, life: life)
        let transport = MortalTransport(base: transport, life: life)
        let sealer = try sealer
        let identifiers = RandomIdentifiers(time: time)
        var platforms: [any PublishingPlatform] = []
        if let x = try XConfiguration(from: settings, publicURL: "https://aragora.example.com") {
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
        }
        if var youtube = try YouTubeConfiguration(from: settings, publicURL: "https://aragora.example.com") {
            if let chunkBytes { youtube.chunkBytes = chunkBytes }
            let tools = VideoTools(searchPath: "/usr/bin:/bin")
            platforms.append(
                YouTubePlatform(
                    configuration: youtube,
                    database: database,
                    sealer: sealer,
                    transport: transport,
                    renderer: VideoRenderer(tools: tools, directory: directory, speech: nil, time: time),
                    tools: tools,
                    time: time,
                    identifiers: identifiers
                )
            )
        }
        let desk = PublicationDesk(
            database: database,
            platforms: platforms,
            sealer: sealer,
            events: events,
            time: time,
            identifiers: identifiers
        )
        let worker = PublicationWorker(
            desk: desk,
            owner: identifiers.next(),
            time: time,
            jitter: FixedJitter(),
            logger: .silent
        )
        return PublishingProcess(life: life, desk: desk, worker: worker)
    }

    /// The same world with other settings, or another network.
    func with(_ settings: [String: String] = [:], transport: (any HTTPTransport)? = nil) -> PublishingWorld {
        PublishingWorld(
            database: database,
            time: time,
            transport: transport ?? self.transport,
            settings: self.settings.merging(settings) { $1 },
            directory: directory
        )
    }

    /// Stores, shows and releases a publication.
    func release(
        _ content: JSONValue,
        on platform: String,
        workspace: WorkspaceID = acme,
        key: String = "one"
    ) async throws -> PublicationID {
        let desk = try process().desk
        let publication = try await desk.draft(
            NewPublication(
                workspace: workspace,
                platform: platform,
                originKey: key,
                content: content,
                requestedBy: "tester"
            )
        )
        _ = try await desk.preview(publication.id, workspace: workspace)
        _ = try await desk.releaseAsOperator(publication.id, workspace: workspace, by: "operator")
        return publication.id
    }

    /// Lets a process work until nothing more happens by itself, or it is dead; the clock moves as far as is needed.
    @discardableResult
    func work(_ process: PublishingProcess, on id: PublicationID, rounds: Int = 400) async throws -> Publication {
        for _ in 0..<rounds {
            _ = try? await process.worker.work(only: id)
            let publication = try await find(id).publication
            if process.life.isOver || publication.state.isSettled { return publication }
            // To the moment at which it is due, or at which a dead worker's lease is over.
            let wait = publication.availableAt > time.now() ? publication.availableAt - time.now() : .seconds(31)
            time.advance(by: min(wait, .seconds(86_400)))
        }
        throw ProcessFailure("The publication \(id) does not come to an end.")
    }

    /// A publication as it stands in the database.
    func find(_ id: PublicationID) async throws -> (publication: Publication, parts: [PublicationPart]) {
        try await process().desk.find(id)
    }
}

/// Gives a world with an emulated X to a test.
func withX(
    _ engine: DatabaseEngine = .sqlite,
    faults: EmulatorFaults = EmulatorFaults(),
    keys: [String: String?] = [:],
    _ body: (PublishingWorld, XEmulator) async throws -> Void
) async throws {
    let time = ManualTime(now: start)
    let emulator = XEmulator(faults: faults, time: time)
    try await withWorld(engine, emulator, time) { base, world in
        var settings = emulator.settings(base: base)
        for (name, value) in keys { settings[name] = value }
        try await body(world(settings), emulator)
    }
}

/// Gives a world with an emulated YouTube, and an account connected to it, to a test.
func withYouTube(
    _ engine: DatabaseEngine = .sqlite,
    faults: EmulatorFaults = EmulatorFaults(),
    quota: Int64 = 1_000_000,
    uploads: Int64 = 100,
    chunkUnit: Int = 1,
    _ body: (PublishingWorld, YouTubeEmulator) async throws -> Void
) async throws {
    let time = ManualTime(now: start)
    let emulator = YouTubeEmulator(
        faults: faults,
        quota: quota,
        uploads: uploads,
        chunkUnit: chunkUnit,
        tokenLifetime: .seconds(100 * 86_400),
        time: time
    )
    try await withWorld(engine, emulator, time) { base, world in
        let world = world(emulator.settings(base: base).merging(["YOUTUBE_DAILY_QUOTA": "1000000"]) { $1 })
        let (access, refresh) = emulator.grant()
        let account = Integration(
            workspaceID: acme,
            type: "youtube",
            installationID: "UCemulated",
            name: "Emulated channel",
            credentials: ["access_token": Secret(access), "refresh_token": Secret(refresh)],
            credentialsExpireAt: start + .seconds(100 * 86_400)
        )
        let sealer = try world.sealer
        try await world.database.write { transaction in
            try IntegrationStore(sealer: sealer).save(account, now: start, in: transaction)
        }
        try await body(world, emulator)
    }
}

private func withWorld(
    _ engine: DatabaseEngine,
    _ emulator: any Emulator,
    _ time: ManualTime,
    _ body: (String, ([String: String]) -> PublishingWorld) async throws -> Void
) async throws {
    try await withDatabase(engine) { test in
        try await withTemporaryDirectory { directory in
            try await EmulatorServer(emulator).serving { base in
                let client = HTTPClient(logger: .silent)
                defer { client.shutdown() }
                try await body(base) { settings in
                    PublishingWorld(
                        database: test.database,
                        time: time,
                        transport: client,
                        settings: settings,
                        directory: directory
                    )
                }
            }
        }
    }
}
