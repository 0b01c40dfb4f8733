import ChannelSupport
import Channels
import Conversations
import CoreTypes
import DatabaseSupport
import Debates
import Persistence
import TestSupport

/// A database, a chat platform, a panel, and the whole room between them.
struct ConversationHouse: Sendable {
    let database: any Database
    let calls: Calls
    let panel: ScriptedPanel
    let platform = ChatPlatform()
    let time = ManualTime()
    let identifiers = SequentialIdentifiers()
    let signer = ReceiptSigner()
    let workspace = WorkspaceID("chat:T1")
    let journalWriter: Persistence.JournalWriter
    let inboxWriter: InboxWriter
    let integrations: IntegrationStore
    var links: ReceiptLinks
    let told = RecordingSink()

    var channel: ScriptedChannel { platform.channel }
    var outbox: Outbox { Outbox(time: time) }
    var posts: DebatePosts { DebatePosts(links: links) }
    var controls: DebateControls { DebateControls(time: time) }

    /// One short round, decided by most votes.
    static let rules: DebateProtocol = {
        var rules = DebateProtocol()
        rules.rounds = 1
        rules.consensus = .majority
        return rules
    }()

    private init(_ database: any Database, panel: ScriptedPanel, calls: Calls) throws {
        self.database = database
        self.panel = panel
        self.calls = calls
        journalWriter = Persistence.JournalWriter(database, time: time)
        inboxWriter = InboxWriter(database)
        let sealer = try Sealer.forTests
        integrations = IntegrationStore(sealer: sealer)
        links = ReceiptLinks(publicURL: "https://aragora.example", sealer: sealer)
    }

    /// Opens a house in which both writers run, and removes it afterwards.
    /// - Parameter before: runs before each answer of an agent, with the call's key.
    static func with(
        _ engine: DatabaseEngine,
        panel: ScriptedPanel? = nil,
        before: @escaping @Sendable (String) async throws -> Void = { _ in },
        _ body: @Sendable @escaping (ConversationHouse) async throws -> Void
    ) async throws {
        try await Self.turnstile.pass {
            try await withDatabase(engine) { test in
                let calls = Calls()
                let house = try ConversationHouse(
                    test.database,
                    panel: panel ?? ScriptedPanel(calls: calls, before: before),
                    calls: calls
                )
                try await house.alongside([house.journalWriter.run, house.inboxWriter.run]) { try await body(house) }
            }
        }
    }

    private static let turnstile = Turnstile(places: 8)

    /// Does something while services run, and stops them afterwards.
    func alongside(
        _ services: [@Sendable () async -> Void],
        _ body: @Sendable @escaping () async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for service in services {
                group.addTask {
                    await service()
                    return false
                }
            }
            group.addTask {
                try await body()
                return true
            }
            while let isDone = try await group.next(), !isDone {}
            group.cancelAll()
        }
    }

    // MARK: The room

    func starter(panel: ScriptedPanel? = nil) -> DebateStarter {
        DebateStarter(
            panel: panel ?? self.panel,
            defaults: Self.rules,
            outbox: outbox,
            posts: posts,
            time: time,
            identifiers: identifiers
        )
    }

    func handler(panel: ScriptedPanel? = nil, decisions: (any HumanDecisions)? = nil) -> EventHandler {
        EventHandler(
            starter: starter(panel: panel),
            answers: AnswerDesk(
                panel: panel ?? self.panel,
                adapters: [platform],
                outbox: outbox,
                posts: posts,
                journal: JournalStore(database),
                events: told,
                time: time
            ),
            controls: controls,
            integrations: integrations,
            loopBudget: LoopBudget(debatesPerHour: 2, time: time),
            decisions: decisions
        )
    }

    func inboxWorker(panel: ScriptedPanel? = nil, decisions: (any HumanDecisions)? = nil) -> InboxWorker {
        InboxWorker(
            database: database,
            adapters: [platform],
            handler: handler(panel: panel, decisions: decisions),
            time: time,
            logger: .silent
        )
    }

    var service: DebateService {
        DebateService(database: database, starter: starter(), controls: controls, links: links, events: told)
    }

    /// A process that runs jobs, with a clock of its own where a test wants two.
    func worker(
        _ name: String = "one",
        panel: ScriptedPanel? = nil,
        time: ManualTime? = nil,
        gate: (any BreakpointGate)? = nil
    ) -> JobWorker {
        let time = time ?? self.time
        let outbox = Outbox(time: time)
        let panel = panel ?? self.panel
        let runner = DebateRunner(
            database: database,
            panel: panel,
            adapters: [platform],
            journalWriter: journalWriter,
            concluder: DebateConcluder(
                database: database,
                outbox: outbox,
                posts: posts,
                signer: signer,
                events: told,
                time: time,
                identifiers: identifiers
            ),
            progress: ProgressReporter(
                database: database,
                outbox: outbox,
                posts: posts,
                identifiers: identifiers,
                time: time,
                logger: .silent
            ),
            events: told,
            gate: gate,
            time: time,
            logger: .silent
        )
        let quickAnswers = QuickAnswerRunner(
            database: database,
            panel: panel,
            adapters: [platform],
            outbox: outbox,
            time: time,
            logger: .silent
        )
        return worker(
            name,
            handlers: [
                DebateStarter.JobType.debate: runner.handler, DebateStarter.JobType.quickAnswer: quickAnswers.handler,
            ],
            time: time
        )
    }

    func worker(
        _ name: String,
        handlers: [String: JobWorker.Handler],
        capacity: Int = 10,
        time: ManualTime? = nil
    ) -> JobWorker {
        JobWorker(
            database: database,
            handlers: handlers,
            capacity: capacity,
            workerID: name,
            time: time ?? self.time,
            jitter: FixedJitter(),
            logger: .silent
        )
    }

    /// One of each worker, with somebody who is told each time that a loop goes round.
    func idleWorkers(
        pulse: @escaping @Sendable (String) -> Void
    ) -> (jobs: JobWorker, inbox: InboxWorker, dispatcher: Dispatcher) {
        (
            JobWorker(
                database: database,
                handlers: [:],
                capacity: 1,
                workerID: "idle",
                time: time,
                jitter: FixedJitter(),
                logger: .silent,
                pulse: { pulse("jobs") }
            ),
            InboxWorker(
                database: database,
                adapters: [platform],
                handler: handler(),
                time: time,
                logger: .silent,
                pulse: { pulse("inbox") }
            ),
            Dispatcher(
                database: database,
                adapters: [platform],
                owner: "idle",
                time: time,
                jitter: FixedJitter(),
                logger: .silent,
                pulse: { pulse("dispatcher") }
            )
        )
    }

    var dispatcher: Dispatcher {
        Dispatcher(
            database: database,
            adapters: [platform],
            owner: "dispatcher",
            hooks: DeliveryFollowUp(outbox: outbox, time: time, identifiers: identifiers).hooks,
            time: time,
            jitter: FixedJitter(),
            logger: .silent
        )
    }
}

extension Sealer {
    /// A sealer with a key that everybody may know.
    static var forTests: Sealer {
        get throws { try Sealer(keys: Secret("test:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")) }
    }
}
