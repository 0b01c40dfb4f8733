import Agents
import Approvals
import Channels
import Conversations
import CoreTypes
import Debates
import EmailIntegration
import Gateway
import Logging
import Persistence
import Publishing
import SlackIntegration
import Subscriptions
import Transport

/// The one place where everything is wired together.
struct House: Sendable {
    /// What happens to a schema that is not up to date.
    enum Migration: Sendable {
        /// It is brought up to date: SQLite always, and Postgres with `--migrate`.
        case automatically
        /// It is an error that says what to do.
        case refuse
        /// It is left for whoever looks, as `doctor` does.
        case ignore
    }

    let settings: Settings
    let logger: Logger
    let database: any Database
    let transport: HTTPClient
    let agents: AgentRegistry
    let adapters: [any ChannelAdapter]
    let browserRoutes: [any BrowserRoutes]
    let debates: DebateService
    let approvals: ApprovalService
    let approvalClock: ApprovalClock
    let inboxWriter: InboxWriter
    let journalWriter: Persistence.JournalWriter
    let dispatcher: Dispatcher
    let inboxWorker: InboxWorker
    let jobWorker: JobWorker
    let subscribers: SubscriberDesk
    let publishing: PublishingHouse
    /// The public half of the key that signs receipts, or why it cannot be had.
    let receiptKey: Result<[UInt8], any Error>
    let signingKeys: SigningKeyStore
    let sealedSecrets: SealedSecrets
    let pulses: WorkerPulses
    let time: any TimeSource
    let identifiers: any IdentifierSource

    /// Opens the database and wires the rooms; nothing runs yet.
    /// - Throws: a `CodedError` that says what to mend.
    static func open(_ settings: Settings, logger: Logger, migrate: Migration) async throws -> House {
        let database = try await openStore(settings, logger: logger, migrate: migrate)
        let sealer = try await openSealer(settings, database)
        let signing = try await openSigner(database, sealer, SystemTime(), migrate: migrate)
        return try wire(settings, database, sealer, signing, logger: logger)
    }

    private static func wire(
        _ settings: Settings,
        _ database: any Database,
        _ sealer: Sealer,
        _ signing: Signing,
        logger: Logger
    ) throws -> House {
        let time = SystemTime()
        let identifiers = RandomIdentifiers(time: time)
        let transport = HTTPClient(logger: logger)
        let agents = try AgentRegistry(configuration: settings.values, transport: transport, logger: logger)
        let integrations = IntegrationStore(sealer: sealer)

        var adapters: [any ChannelAdapter] = []
        var browserRoutes: [any BrowserRoutes] = []
        let slack = try SlackConfiguration(from: settings.values)
        if let (message, remedy) = SlackConfiguration.withoutSecret(settings.values) {
            logger.warning("\(message) \(remedy)")
        }
        let installations = StoredSlackInstallations(database: database, sealer: sealer, time: time)
        if let slack {
            if !slack.canAnswer {
                let (message, remedy) = SlackConfiguration.cannotAnswer
                logger.warning("\(message) \(remedy)")
            }
            adapters.append(
                SlackAdapter(
                    configuration: slack,
                    transport: transport,
                    installations: installations,
                    time: time,
                    identifiers: identifiers,
                    logger: logger
                )
            )
        }

        let pulses = WorkerPulses(time: time)
        let outbox = Outbox(time: time)
        let links = ReceiptLinks(publicURL: try settings.publicURL(), sealer: sealer)
        let posts = DebatePosts(links: links)
        if let email = try EmailConfiguration(from: settings.values) {
            adapters.append(
                EmailAdapter(configuration: email, transport: SMTPClient(email.server), time: time)
            )
        }
        let subscribers = try SubscriberDesk(settings, database, sealer, adapters, time, identifiers, logger)

        let approvalPosts = ApprovalPosts(publicURL: try settings.publicURL())
        var desk = ApprovalDesk(
            outbox: outbox,
            posts: approvalPosts,
            platforms: ApprovalDesk.Platforms(adapters),
            events: subscribers.sink,
            followUps: [DebateApprovals.kind: DebateResumption(time: time)],
            sealer: sealer,
            time: time,
            identifiers: identifiers,
            logger: logger
        )
        let publishing = try PublishingHouse(
            settings: settings,
            database: database,
            sealer: sealer,
            transport: transport,
            release: try PublicationApprovals(
                desk: desk,
                approvers: try settings.approvers("ARAGORA_PUBLICATION_APPROVERS"),
                rules: try settings.policy("ARAGORA_PUBLICATION_POLICY"),
                outbox: outbox
            ),
            events: subscribers.sink,
            time: time,
            identifiers: identifiers,
            logger: logger
        )
        desk.followUps[PublicationApprovals.kind] = PublicationFollowUp(desk: publishing.desk)
        let approvalDelivery = ApprovalDelivery(outbox: outbox, posts: approvalPosts, time: time)
        let starter = DebateStarter(
            panel: agents,
            defaults: try settings.debateDefaults(),
            outbox: outbox,
            posts: posts,
            time: time,
            identifiers: identifiers
        )
        let controls = DebateControls(time: time)
        let answers = AnswerDesk(
            panel: agents,
            adapters: adapters,
            outbox: outbox,
            posts: posts,
            journal: JournalStore(database),
            events: subscribers.sink,
            time: time
        )
        let inboxWriter = InboxWriter(database)
        let journalWriter = Persistence.JournalWriter(database, time: time)
        let drafts = LiveDrafts()
        let runner = DebateRunner(
            database: database,
            panel: agents,
            adapters: adapters,
            journalWriter: journalWriter,
            concluder: DebateConcluder(
                database: database,
                outbox: outbox,
                posts: posts,
                signer: signing.signer,
                events: subscribers.sink,
                time: time,
                identifiers: identifiers
            ),
            progress: ProgressReporter(
                database: database,
                outbox: outbox,
                posts: posts,
                identifiers: identifiers,
                time: time,
                logger: logger
            ),
            drafts: drafts,
            events: subscribers.sink,
            gate: try DebateApprovals(
                desk: desk,
                approvers: try settings.approvers("ARAGORA_BREAKPOINT_APPROVERS"),
                timeout: try settings.breakpointTimeout(),
                rules: try settings.policy("ARAGORA_BREAKPOINT_POLICY")
            ),
            time: time,
            logger: logger
        )
        let quickAnswers = QuickAnswerRunner(
            database: database,
            panel: agents,
            adapters: adapters,
            outbox: outbox,
            time: time,
            logger: logger
        )
        let dispatcher = Dispatcher(
            database: database,
            adapters: adapters,
            owner: identifiers.next(),
            hooks: DeliveryFollowUp(
                outbox: outbox,
                time: time,
                identifiers: identifiers,
                others: DeliveryHooks(
                    delivered: { try approvalDelivery.delivered($0, in: $1) },
                    undeliverable: { try approvalDelivery.undeliverable($0, in: $1) }
                )
            ).hooks,
            time: time,
            logger: logger,
            pulse: pulses.expect("dispatcher")
        )
        if let slack,
            let installer = SlackInstaller(
                configuration: slack,
                installations: installations,
                transport: transport,
                time: time,
                identifiers: identifiers,
                logger: logger,
                connected: { try await dispatcher.credentialsChanged(workspace: $0) }
            )
        {
            browserRoutes.append(installer)
        }
        return House(
            settings: settings,
            logger: logger,
            database: database,
            transport: transport,
            agents: agents,
            adapters: adapters,
            browserRoutes: browserRoutes,
            debates: DebateService(
                database: database,
                starter: starter,
                controls: controls,
                links: links,
                drafts: drafts,
                events: subscribers.sink
            ),
            approvals: ApprovalService(database: database, desk: desk),
            approvalClock: ApprovalClock(database: database, desk: desk, time: time, logger: logger),
            inboxWriter: inboxWriter,
            journalWriter: journalWriter,
            dispatcher: dispatcher,
            inboxWorker: InboxWorker(
                database: database,
                adapters: adapters,
                handler: EventHandler(
                    starter: starter,
                    answers: answers,
                    controls: controls,
                    integrations: integrations,
                    loopBudget: LoopBudget(time: time),
                    decisions: ChatDecisions(chat: ApprovalChat(desk: desk, posts: approvalPosts))
                ),
                time: time,
                logger: logger,
                makesWay: { inboxWriter.isBusy },
                pulse: pulses.expect("inbox")
            ),
            jobWorker: JobWorker(
                database: database,
                handlers: [
                    DebateStarter.JobType.debate: runner.handler,
                    DebateStarter.JobType.quickAnswer: quickAnswers.handler,
                ],
                capacity: try settings.maximumConcurrentDebates(),
                workerID: identifiers.next(),
                time: time,
                jitter: RandomJitter(),
                logger: logger,
                pulse: pulses.expect("jobs")
            ),
            subscribers: subscribers,
            publishing: publishing,
            receiptKey: signing.key,
            signingKeys: SigningKeyStore(sealer: sealer),
            sealedSecrets: SealedSecrets(sealer: sealer),
            pulses: pulses,
            time: time,
            identifiers: identifiers
        )
    }

    /// The operator's keys, or the key file of the data directory, which the first start makes.
    private static func openSealer(_ settings: Settings, _ database: any Database) async throws -> Sealer {
        if let keys = settings.values["ARAGORA_ENCRYPTION_KEYS"] { return try Sealer(keys: Secret(keys)) }
        try createFolder(settings.dataDirectory)
        return try await KeyFile.sealer(directory: settings.dataDirectory, for: database)
    }

    private static func openStore(
        _ settings: Settings,
        logger: Logger,
        migrate: Migration
    ) async throws -> any Database {
        let configuration = try settings.database()
        if case .sqlite(let path) = configuration { try createFolder(parent(of: path)) }
        let database = try openDatabase(configuration, logger: logger)
        let migrator = Migrator(database)
        switch (migrate, database.dialect) {
        case (.automatically, _), (.refuse, .sqlite):
            let applied = try await migrator.apply()
            if !applied.isEmpty {
                logger.info("The schema was brought up to date.", metadata: ["migrations": "\(applied.count)"])
            }
        case (.refuse, .postgres):
            let pending = try await migrator.pending()
            guard pending.isEmpty else {
                throw SettingsError(
                    "The database's schema is not up to date (\(pending.joined(separator: ", "))). "
                        + "Run `aragora migrate`, or start with `aragora serve --migrate`."
                )
            }
        case (.ignore, _): break
        }
        return database
    }

    /// What signs receipts, and the public half of its key, or why it cannot be had.
    private struct Signing {
        let signer: ReceiptSigner
        let key: Result<[UInt8], any Error>
    }

    /// The installation's signer; where somebody only looks at what is wrong, one for the moment may take its place.
    private static func openSigner(
        _ database: any Database,
        _ sealer: Sealer,
        _ time: any TimeSource,
        migrate: Migration
    ) async throws -> Signing {
        do {
            let key = try await database.write { transaction in
                try SigningKeyStore(sealer: sealer).current(now: time.now(), in: transaction)
            }
            return Signing(signer: try ReceiptSigner(privateKey: key.privateKeyBytes), key: .success(key.publicKey))
        } catch  where migrate == .ignore {
            let privateKey = (0..<32).map { _ in UInt8.random(in: 0...255) }
            return Signing(signer: try ReceiptSigner(privateKey: privateKey), key: .failure(error))
        }
    }

    /// Whether others than this machine are meant to reach the gateway.
    ///
    /// They come through a proxy or a tunnel, which lends them its own address.
    var isPublic: Bool {
        get throws { try !adapters.isEmpty || settings.publicURL() != nil }
    }

    /// A logger that writes to the error stream.
    static func logger(level: Logger.Level) -> Logger {
        var logger = Logger(label: "aragora") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = level
        return logger
    }

    /// Ends the clients that speak to the outside.
    func shutdown() {
        transport.shutdown()
        subscribers.transport.shutdown()
    }

    /// Runs what one debate in this process needs while something is done, and stops it afterwards.
    func running(_ debate: DebateID, _ body: @escaping @Sendable () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            let works: [@Sendable () async -> Void] = [
                journalWriter.run, database.runWakeUps, { await jobWorker.run(only: JobID(debate.rawValue)) },
            ]
            for work in works {
                group.addTask {
                    await work()
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
        shutdown()
        await database.close()
    }
}
