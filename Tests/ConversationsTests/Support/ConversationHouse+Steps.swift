import ChannelSupport
import Channels
import Conversations
import CoreTypes
import DatabaseSupport
import Debates
import Persistence
import TestSupport
import Testing

extension ConversationHouse {
    // MARK: What comes in

    /// Stores events as rows of the inbox, one for each, as a platform would send them.
    func store(_ events: [InboundEvent]) async throws {
        for event in events {
            let key = "event:\(identifiers.next())"
            platform.teach(key, [event])
            try await store(eventKey: key, conversationKey: event.conversationKey, workspace: event.workspace)
        }
    }

    /// Stores a row of the inbox.
    func store(
        eventKey: String,
        conversationKey: String,
        workspace: WorkspaceID? = nil,
        platform: String = "chat"
    ) async throws {
        let entry = InboxEntry(
            workspaceID: workspace ?? self.workspace,
            eventKey: eventKey,
            platform: platform,
            shape: "event",
            conversationKey: conversationKey,
            body: Array("{}".utf8),
            receivedAt: time.now()
        )
        try await inboxWriter.append(entry)
    }

    /// Stores events and works the inbox off.
    func receive(_ events: InboundEvent..., panel: ScriptedPanel? = nil) async throws {
        try await store(events)
        let worker = inboxWorker(panel: panel)
        while try await worker.workOnce() > 0 {}
    }

    // MARK: What goes on

    /// Runs the debates and quick answers that wait, to their end.
    func work(panel: ScriptedPanel? = nil) async throws {
        try await finish(worker(panel: panel))
    }

    /// Lets a process finish all jobs.
    func finish(_ worker: JobWorker) async throws {
        try await alongside([worker.run]) { try await claimed { try await openJobs() == 0 } }
    }

    /// Returns once something is so; makes the processes look for jobs again and again, because they pass over a job
    /// that somebody writes for just then, and their clocks stand still.
    func claimed(until isSo: @Sendable () async throws -> Bool) async throws {
        while try await !isSo() {
            try Task.checkCancellation()
            database.wakeUps.publish(.jobs)
            await Task.yield()
        }
    }

    /// Returns once something is so; looks again after each wake-up.
    func wait(until isSo: @Sendable () async throws -> Bool) async throws {
        let news = database.wakeUps.subscribe(.inbox, .outbox, .jobs, .debates)
        if try await isSo() { return }
        for await _ in news { if try await isSo() { return } }
        throw CancellationError()
    }

    /// Returns once something is so that no wake-up tells of.
    func polled(until isSo: @Sendable () async throws -> Bool) async throws {
        while try await !isSo() {
            try Task.checkCancellation()
            await Task.yield()
        }
    }

    /// Sends everything; the clock moves where an edit waits for the message that it changes.
    func deliver() async throws {
        let dispatcher = dispatcher
        for _ in 0..<10 {
            while try await dispatcher.sendDue() > 0 {}
            if try await count("outbox", where: "status = 0") == 0 { return }
            time.advance(by: .seconds(1))
        }
    }

    // MARK: What is there

    /// The messages that everybody sees.
    var publicMessages: [ScriptedChannel.Message] { channel.messages.filter { !$0.isEphemeral } }
    /// The answers that one person sees, with who that is.
    var answers: [ScriptedChannel.Message] { channel.messages.filter(\.isEphemeral) }

    func debates(in workspace: WorkspaceID? = nil) async throws -> [DebateRecord] {
        let workspace = workspace ?? self.workspace
        let debates = try await database.read { transaction in
            let store = DebateStore()
            return try store.list(workspace: workspace, limit: 100, in: transaction).items.compactMap { listing in
                try store.find(listing.record.id, workspace: workspace, in: transaction)
            }
        }
        return debates.reversed()
    }

    func debate(_ number: Int = 1) async throws -> DebateRecord {
        let debates = try await debates()
        return try #require(debates.count >= number ? debates[number - 1] : nil)
    }

    func projection(_ debate: DebateRecord) async throws -> DebateProjection? {
        try await service.projection(of: debate.id, workspace: debate.workspace)
    }

    func count(_ table: String, where condition: SQL = "true") async throws -> Int {
        let rows = try await database.run("select count(*) as total from \(raw: table) where \(condition)")
        return Int(try rows.first?.integer("total") ?? -1)
    }

    func openJobs() async throws -> Int {
        try await count("job_queue", where: "status in ('pending', 'processing')")
    }

    /// What was added to a debate.
    func evidence(_ debate: DebateRecord) async throws -> [String] {
        try await database.read { transaction in
            try DebateInputStore().inputs(of: debate.id, workspace: debate.workspace, after: 0, in: transaction)
                .map { "\($0.author): \($0.content)" }
        }
    }

    /// The keys of what waits in the outbox or was sent, in order.
    func outboxKeys() async throws -> [String] {
        try await database.run("select outbox_key from outbox order by outbox_id").map { try $0.text("outbox_key") }
    }
}
