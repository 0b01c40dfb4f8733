import ChannelSupport
import Channels
import CoreTypes
import DatabaseSupport
import Logging
import Persistence
import Synchronization
import TestSupport

/// A database, a platform in memory, and what stands between them.
struct OutboxHouse: Sendable {
    let test: TestDatabase
    let channel: ScriptedChannel
    let time: ManualTime
    let workspace = WorkspaceID("scripted:T1")
    let store = OutboxStore()
    let ends = Ends()

    var database: any Database { test.database }
    var outbox: Outbox { Outbox(time: time) }

    /// What the hooks were told.
    final class Ends: Sendable {
        private let state = Mutex((delivered: [DeliveredMessage](), undeliverable: [UndeliverableMessage]()))
        var delivered: [DeliveredMessage] { state.withLock { $0.delivered } }
        var undeliverable: [UndeliverableMessage] { state.withLock { $0.undeliverable } }
        func add(_ message: DeliveredMessage) { state.withLock { $0.delivered.append(message) } }
        func add(_ message: UndeliverableMessage) { state.withLock { $0.undeliverable.append(message) } }
    }

    /// Opens a house, and removes it afterwards.
    static func with(
        _ engine: DatabaseEngine,
        channel: ScriptedChannel = ScriptedChannel(),
        _ body: (OutboxHouse) async throws -> Void
    ) async throws {
        try await withDatabase(engine) { test in
            try await body(OutboxHouse(test: test, channel: channel, time: ManualTime()))
        }
    }

    var hooks: DeliveryHooks {
        let ends = ends
        return DeliveryHooks(
            delivered: { message, _ in ends.add(message) },
            undeliverable: { message, _ in ends.add(message) }
        )
    }

    func dispatcher(
        _ owner: String = "one",
        database: (any Database)? = nil,
        adapters: [any ChannelAdapter]? = nil,
        hooks: DeliveryHooks? = nil,
        time: (any TimeSource)? = nil,
        configuration: Dispatcher.Configuration = Dispatcher.Configuration(),
        logger: Logger = .silent
    ) -> Dispatcher {
        Dispatcher(
            database: database ?? self.database,
            adapters: adapters ?? [channel],
            owner: owner,
            hooks: hooks ?? self.hooks,
            configuration: configuration,
            time: time ?? self.time,
            jitter: FixedJitter(0.5),
            logger: logger
        )
    }

    func address(_ channel: String = "C1", thread: String? = nil, openedBy: OutboxKey? = nil) -> Address {
        Address(
            platform: "scripted",
            workspace: workspace,
            channel: channel,
            thread: thread,
            threadOpenedBy: openedBy
        )
    }

    func post(_ body: String, key: String, to address: Address? = nil, destination: String? = nil) async throws {
        let (outbox, address) = (outbox, address ?? self.address())
        try await database.write { transaction in
            try outbox.post(
                Post(body: body, fallbackText: body),
                to: address,
                key: OutboxKey(key),
                destination: destination,
                context: .object(["for": .string(key)]),
                in: transaction
            )
        }
    }

    func answer(_ body: String, key: String, to address: Address) async throws {
        let outbox = outbox
        try await database.write { transaction in
            try outbox.ephemeral(
                Post(body: body, fallbackText: body),
                to: address,
                key: OutboxKey(key),
                in: transaction
            )
        }
    }

    func edit(_ target: String, body: String, key: String, coalesceKey: String? = nil) async throws {
        let (outbox, address) = (outbox, address())
        try await database.write { transaction in
            try outbox.edit(
                target: OutboxKey(target),
                post: Post(body: body, fallbackText: body),
                address: address,
                key: OutboxKey(key),
                coalesceKey: coalesceKey,
                in: transaction
            )
        }
    }

    func row(_ key: String) async throws -> ResolvedOutboxRow? {
        let (store, workspace) = (store, workspace)
        return try await database.read { try store.resolve(OutboxKey(key), workspace: workspace, in: $0) }
    }

    func status(_ key: String) async throws -> OutboxStatus? { try await row(key)?.status }

    func errorCode(_ key: String) async throws -> String? {
        let workspace = workspace
        return try await database.read { transaction in
            try transaction.query(
                "select error_code from outbox where workspace_id = \(workspace) and outbox_key = \(key)"
            ).first?.textOrNil("error_code")
        }
    }

    func claim(_ owner: String, limit: Int = 100, lease: Duration = .seconds(30)) async throws -> [ClaimedOutboxRow] {
        let (store, now) = (store, time.now())
        return try await database.write { transaction in
            try store.claim(owner: owner, limit: limit, lease: lease, now: now, in: transaction)
        }
    }

    /// Sends, and moves the clock, until nothing is open any more.
    func settle(_ dispatcher: Dispatcher, seconds: Int = 400) async throws {
        for _ in 0..<seconds {
            while try await dispatcher.sendDue() > 0 {}
            let store = store
            let due = try await database.read { try store.nextDue(after: Timestamp(milliseconds: 0), in: $0) }
            let open = try await database.read { transaction in
                try transaction.query(
                    "select count(*) as total from outbox where status in (0, 1, 4) and available_at < \(OutboxStore.never)"
                ).first?.integer("total")
            }
            if due == nil, open == 0 { return }
            time.advance(by: .seconds(1))
        }
    }
}

extension Identifier: ExpressibleByStringLiteral {
    package init(stringLiteral value: String) { self.init(rawValue: value) }
}
