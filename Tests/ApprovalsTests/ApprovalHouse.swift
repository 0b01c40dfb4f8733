import Approvals
import ChannelSupport
import Channels
import CoreTypes
import DatabaseSupport
import Logging
import Persistence
import TestSupport

/// A chat platform that shows all of a prompt, a very long one in several messages, and the tokens of its buttons.
struct PromptPlatform: EditingChannel, EphemeralChannel, FormChannel {
    let channel = ScriptedChannel(platform: "chat", partSize: 1_000_000)

    var platform: String { channel.platform }
    var routes: [AdapterRoute] { channel.routes }
    var limits: ChannelLimits { channel.limits }
    func verify(_ request: RawRequest) throws(RequestRefusal) -> VerifiedRequest { try channel.verify(request) }
    func receive(_ request: VerifiedRequest) throws(RequestRefusal) -> Reception { try channel.receive(request) }
    func interpret(_ event: StoredEvent) throws -> [InboundEvent] { [] }
    func render(_ post: Post) -> [RenderedPart] {
        var (parts, rest) = ([RenderedPart](), Self.text(post)[...])
        while !rest.isEmpty {
            parts.append(RenderedPart(payload: JSONText(String(rest.prefix(Self.longest)))))
            rest = rest.dropFirst(Self.longest)
        }
        return parts
    }
    func send(_ part: RenderedPart, to address: Address, key: String) async -> SendOutcome {
        await channel.send(part, to: address, key: key)
    }
    func edit(_ part: RenderedPart, messageID: String, at address: Address) async -> SendOutcome {
        await channel.edit(part, messageID: messageID, at: address)
    }
    func sendEphemeral(_ part: RenderedPart, to address: Address, key: String) async -> SendOutcome {
        await channel.sendEphemeral(part, to: address, key: key)
    }
    func open(_ form: Form, at address: Address, key: String) async -> SendOutcome {
        await channel.open(form, at: address, key: key)
    }

    private static let longest = 19_000

    static func text(_ post: Post) -> String {
        var lines = [post.title ?? ""]
        lines += post.fields.map { "\($0.name): \($0.value)" }
        lines += post.buttons.map { "[\($0.label)]\($0.url ?? $0.token)" }
        lines += [post.body, post.footer ?? ""]
        return lines.joined(separator: "\n")
    }
}

/// Mail in memory: it can only post.
struct MailPlatform: ChannelAdapter {
    let channel = ScriptedChannel(platform: "email", partSize: 1_000_000)

    var platform: String { channel.platform }
    var routes: [AdapterRoute] { channel.routes }
    var limits: ChannelLimits { channel.limits }
    func verify(_ request: RawRequest) throws(RequestRefusal) -> VerifiedRequest { try channel.verify(request) }
    func receive(_ request: VerifiedRequest) throws(RequestRefusal) -> Reception { try channel.receive(request) }
    func interpret(_ event: StoredEvent) throws -> [InboundEvent] { [] }
    func render(_ post: Post) -> [RenderedPart] { [RenderedPart(payload: JSONText(PromptPlatform.text(post)))] }
    func send(_ part: RenderedPart, to address: Address, key: String) async -> SendOutcome {
        await channel.send(part, to: address, key: key)
    }
}

/// A database, two platforms, and the desk between them.
struct ApprovalHouse: Sendable {
    let test: TestDatabase
    let time = ManualTime()
    let identifiers: any IdentifierSource = RandomIdentifiers()
    let workspace = WorkspaceID("chat:T1")
    let platform = PromptPlatform()
    let mail = MailPlatform()
    let posts = ApprovalPosts(publicURL: "https://aragora.example")
    var sealer: Sealer
    var logger = Logger.silent

    init(test: TestDatabase) throws {
        self.test = test
        // A key that everybody may know.
        sealer = try Sealer(keys: Secret("test:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="))
    }

    var database: any Database { test.database }
    var outbox: Outbox { Outbox(time: time) }
    var service: ApprovalService { ApprovalService(database: database, desk: desk) }
    var chat: ApprovalChat { ApprovalChat(desk: desk, posts: posts) }

    static func with(_ engine: DatabaseEngine, _ body: (ApprovalHouse) async throws -> Void) async throws {
        try await withDatabase(engine) { try await body(try ApprovalHouse(test: $0)) }
    }

    var desk: ApprovalDesk {
        ApprovalDesk(
            outbox: outbox,
            posts: posts,
            platforms: .init([platform, mail]),
            events: OutboxEvents(outbox: outbox),
            sealer: sealer,
            time: time,
            identifiers: identifiers,
            logger: logger
        )
    }

    func clock(_ database: any Database) -> ApprovalClock {
        ApprovalClock(database: database, desk: desk, time: time, logger: .silent)
    }

    func open(
        _ key: String = "k",
        operation: JSONValue = ["do": "ship"],
        _ change: (inout ApprovalPolicy) -> Void = { _ in }
    ) async throws -> ApprovalRecord {
        var policy = ApprovalPolicy(
            options: [.approve, .reject],
            approvers: [.person("chat:U1"), .person("chat:U2"), .channel("chat:C1")]
        )
        change(&policy)
        let draft = ApprovalDraft(
            workspace: workspace,
            originKey: key,
            kind: "workflow",
            title: "Ship release 7?",
            question: "May release 7 go out?",
            operation: operation,
            policy: policy,
            requester: "chat:U9",
            requesterName: "Zoe"
        )
        return try await service.open(draft)
    }

    /// Sends what waits, until nothing does.
    func deliver() async throws {
        let follow = ApprovalDelivery(outbox: outbox, posts: posts, time: time)
        let dispatcher = Dispatcher(
            database: database,
            adapters: [platform, mail],
            owner: "dispatcher",
            hooks: DeliveryHooks(
                delivered: { try follow.delivered($0, in: $1) },
                undeliverable: { try follow.undeliverable($0, in: $1) }
            ),
            time: time,
            jitter: FixedJitter(),
            logger: .silent
        )
        for _ in 0..<10 {
            while try await dispatcher.sendDue() > 0 {}
            let open = try await database.run("select 1 as open from outbox where status = 0 limit 1")
            if open.isEmpty { return }
            // An edit waits for the message that it changes.
            time.advance(by: .seconds(1))
        }
    }

    func event(
        by person: String,
        in channel: String,
        thread: String? = nil,
        key: String = "e",
        trigger: String? = nil,
        kind: InboundEvent.Kind = .command(text: ""),
        mentions: [String: String] = [:],
        isNamed: Bool = true,
        writtenAt: Timestamp? = nil
    ) -> InboundEvent {
        InboundEvent(
            workspace: workspace,
            originKey: "chat:\(key)",
            conversationKey: thread.map { "chat:\(channel):\($0)" } ?? "chat:\(channel)",
            actor: .init(id: person, displayName: isNamed ? "Person \(person)" : nil),
            address: Address(
                platform: "chat",
                workspace: workspace,
                channel: channel,
                thread: thread,
                person: person,
                trigger: trigger
            ),
            kind: kind,
            mentions: mentions,
            writtenAt: writtenAt ?? time.now()
        )
    }

    /// Presses a button and gives what the presser is told; nil where it is nobody's.
    func press(_ token: String, by person: String, in channel: String = "C1", trigger: String? = nil) async throws
        -> ApprovalChat.Answer?
    {
        let event = event(by: person, in: channel, trigger: trigger)
        return try await database.write { try chat.press(token: token, event, in: $0) }
    }

    func detail(_ record: ApprovalRecord) async throws -> ApprovalService.Detail? {
        try await service.findAnywhere(record.id.rawValue)
    }

    func problems() async throws -> [String] {
        try await database.read { try ApprovalAuditVerifier().verify(workspace, in: $0).problems }
    }

    func logged(_ record: ApprovalRecord) async throws -> [String] {
        try await detail(record)?.log.map(\.type) ?? []
    }
}

extension ApprovalChat.Answer {
    var text: String { if case .say(let post) = self { post.fallbackText } else { "" } }
    var form: Form? { if case .ask(let form, _) = self { form } else { nil } }
}

extension ScriptedChannel {
    /// What the first such button in a place carries.
    func token(_ label: String, in channel: String) -> String? {
        messages.filter { $0.address.channel == channel }.lazy.flatMap { $0.payload.split(separator: "\n") }
            .first { $0.hasPrefix("[\(label)]") }.map { String($0.dropFirst(label.count + 2)) }
    }

    /// The messages about requests, without what is said beside them.
    var prompts: [ScriptedChannel.Message] { messages.filter { $0.payload.contains("operation `") } }
}

/// Keeps events where a rolled back transaction leaves none: as rows of their own.
struct OutboxEvents: WorkspaceEventSink {
    let outbox: Outbox

    func publish(_ event: WorkspaceEvent, in transaction: borrowing Transaction) throws {
        try transaction.execute(
            """
            insert into oauth_states (state_hash, platform, payload_json, expires_at)
            values (\(event.key), \(event.type), \(event.data), \(event.occurredAt))
            """
        )
    }
}
