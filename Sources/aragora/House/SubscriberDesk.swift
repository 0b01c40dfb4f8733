import Channels
import CoreTypes
import Gateway
import Logging
import Persistence
import Subscriptions
import Transport

/// Everything that serves the programs that listen.
struct SubscriberDesk: Sendable {
    /// A client of its own: its address guard is for endpoints that others chose, and endpoints that hang fill its
    /// connections alone.
    let transport: HTTPClient
    let sink: SubscriptionSink
    let service: SubscriptionService
    let deliverer: Deliverer
    let feed: JournalFeed

    /// Wires it; nothing runs yet.
    /// - Throws: `SettingsError`.
    init(
        _ settings: Settings,
        _ database: any Database,
        _ sealer: Sealer,
        _ adapters: [any ChannelAdapter],
        _ time: any TimeSource,
        _ identifiers: any IdentifierSource,
        _ logger: Logger
    ) throws {
        let addressGuard = AddressGuard(allowing: try settings.webhookRanges())
        let endpoints = EndpointStore(sealer: sealer)
        transport = HTTPClient(
            configuration: HTTPClient.Configuration(addressGuard: addressGuard, maximumIdleConnections: 512),
            logger: logger
        )
        sink = SubscriptionSink(database: database, endpoints: endpoints, time: time)
        service = SubscriptionService(
            database: database,
            endpoints: endpoints,
            addressGuard: addressGuard,
            places: OwnerPlaces(adapters),
            time: time,
            identifiers: identifiers
        )
        deliverer = Deliverer(
            database: database,
            endpoints: endpoints,
            sink: sink,
            transport: transport,
            owner: identifiers.next(),
            time: time,
            logger: logger
        )
        feed = JournalFeed(database: database, sink: sink, time: time, logger: logger)
    }
}

/// The keys of programs, from the database.
struct StoredKeys: KeyAuthority {
    let database: any Database
    let time: any TimeSource

    func holder(of key: Secret) async throws -> APIKey? {
        let (store, now) = (APIKeyStore(), time.now())
        guard let found = try await database.read({ try store.find(key, in: $0) }), found.isValid(at: now) else {
            return nil
        }
        if APIKeyStore.shouldNoteUse(of: found, now: now) {
            try await database.write { try store.noteUse(of: found, now: now, in: $0) }
        }
        return found
    }
}
