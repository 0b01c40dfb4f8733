package import CoreTypes
package import Debates
package import Persistence

/// What programs, the page and the terminal do with debates.
///
/// Every call is bound to one workspace, except for the operator's own, who looks at all of them.
package struct DebateService: Sendable {
    /// What is being written in the debates that this process runs.
    package let drafts: LiveDrafts
    private let database: any Database
    private let starter: DebateStarter
    private let controls: DebateControls
    private let links: ReceiptLinks
    private let events: DebateEvents
    private let debates = DebateStore()
    private let inputs = DebateInputStore()
    private let receipts = ReceiptStore()
    private let journal: JournalStore

    /// Makes the service.
    /// - Parameters:
    ///   - drafts: where this process's debates show texts while they are written.
    ///   - events: who hears which receipts are taken.
    package init(
        database: any Database,
        starter: DebateStarter,
        controls: DebateControls,
        links: ReceiptLinks,
        drafts: LiveDrafts = LiveDrafts(),
        events: any WorkspaceEventSink = NoSubscribers()
    ) {
        self.database = database
        self.events = DebateEvents(sink: events)
        self.links = links
        self.drafts = drafts
        self.starter = starter
        self.controls = controls
        self.journal = JournalStore(database)
    }

    /// The agents that may sit on a panel.
    package var panel: [AgentProfile] { starter.panel.known }

    /// Whether the default panel is the offline demo.
    package var isDemo: Bool { starter.panel.known.contains(where: \.isDemo) }

    /// Stores a question and sets its debate going; the same origin gives the same debate.
    /// - Throws: `ConversationError`, `DatabaseError`.
    package func start(_ question: Question) async throws -> DebateRecord {
        let record = try await database.write { transaction in
            try starter.start(question, in: transaction)
        }
        await database.notify(.jobs)
        if question.address != nil { await database.notify(.outbox) }
        return record
    }

    /// The newest debates, newest first, with the number of all.
    /// - Parameter workspace: whose debates; nil shows the operator those of all workspaces.
    /// - Throws: `ConversationError` for an unknown status; `DatabaseError`.
    package func list(workspace: WorkspaceID?, status: String?, limit: Int, offset: Int) async throws
        -> (items: [DebateListing], total: Int)
    {
        let wanted = try status.map { word in
            guard let standing = DebateStanding(rawValue: word) else {
                let words = DebateStanding.allCases.map(\.rawValue).joined(separator: ", ")
                throw ConversationError(.invalidOptions, "The status is one of \(words).")
            }
            return standing
        }
        return try await database.read { transaction in
            try debates.list(workspace: workspace, standing: wanted, limit: limit, offset: offset, in: transaction)
        }
    }

    /// Those among some debates that wait for people.
    /// - Throws: `DatabaseError`.
    package func paused(among records: [DebateRecord]) async throws -> Set<DebateID> {
        try await database.read { try debates.paused(among: records, in: $0) }
    }

    /// Changes how a debate is called and what it is found by; nil leaves what is there.
    /// - Throws: `ConversationError` with code `not_found`; `DatabaseError`.
    package func describe(_ id: DebateID, workspace: WorkspaceID, title: String?, tags: [String]?) async throws
        -> DebateRecord
    {
        try await database.write { transaction in
            let debate = try existing(id, workspace, in: transaction)
            try controls.describe(debate, title: title, tags: tags, in: transaction)
            return try existing(id, workspace, in: transaction)
        }
    }

    /// One debate, whichever workspace has it: for the operator alone.
    /// - Throws: `DatabaseError`.
    package func findAnywhere(_ id: DebateID) async throws -> DebateRecord? {
        try await database.read { try debates.findAnywhere(id, in: $0) }
    }

    /// The debate that the operator names by its number or its id, whichever workspace has it.
    /// - Throws: `DatabaseError`.
    package func findAnywhere(named name: String) async throws -> DebateRecord? {
        try await database.read { transaction in
            guard let number = Int64(name) else {
                return try debates.findAnywhere(DebateID(name), in: transaction)
            }
            return try debates.findAnywhere(number: number, in: transaction)
        }
    }

    /// One debate, where the workspace has it.
    /// - Throws: `DatabaseError`.
    package func find(_ id: DebateID, workspace: WorkspaceID) async throws -> DebateRecord? {
        try await database.read { try debates.find(id, workspace: workspace, in: $0) }
    }

    /// The journal behind a sequence number.
    /// - Throws: `DatabaseError`.
    package func entries(of id: DebateID, workspace: WorkspaceID, after sequence: Int, limit: Int) async throws
        -> [JournalRow]
    {
        try await journal.read(workspace: workspace, debate: id, after: sequence, limit: limit)
    }

    /// What the journal adds up to; nil where it is empty.
    /// - Throws: `DatabaseError`; `DebateError` for a journal that was changed.
    package func projection(of id: DebateID, workspace: WorkspaceID) async throws -> DebateProjection? {
        let entries = try await database.read { try journal.entries(of: id, workspace: workspace, in: $0) }
        return entries.isEmpty ? nil : DebateProjection(entries)
    }

    /// How many additions came too late for the panel of a debate that has ended.
    /// - Throws: `DatabaseError`.
    package func lateEvidence(in projection: DebateProjection, of id: DebateID, workspace: WorkspaceID) async throws
        -> Int
    {
        guard projection.result != nil else { return 0 }
        return try await database.read {
            try inputs.count(of: id, workspace: workspace, after: projection.evidenceCursor, in: $0)
        }
    }

    /// Whether the operator alone may read what the panel says, because people have to release it and have not.
    /// - Throws: `DatabaseError`; a `CodedError` for a journal that was changed or settings that cannot be read.
    package func isHeldBack(_ id: DebateID, workspace: WorkspaceID) async throws -> Bool {
        try await database.read { transaction in
            guard let debate = try debates.find(id, workspace: workspace, in: transaction) else { return false }
            let policy = try DebateSettings(json: debate.settings).debateProtocol.breakpoints
            guard policy.triggers.contains(.release) else { return false }
            let entries = try journal.entries(of: id, workspace: workspace, in: transaction)
            return entries.isEmpty || DebateProjection(entries).isHeldBack
        }
    }

    /// Adds what somebody said to a running debate.
    /// - Returns: false where the same was added under this key before.
    /// - Throws: `ConversationError`, with code `conflict` where something else was; `DatabaseError`.
    package func addInput(
        _ text: String,
        author: String,
        key: String,
        to id: DebateID,
        workspace: WorkspaceID
    ) async throws -> Bool {
        let isNew = try await database.write { transaction in
            // Held before anything is looked at, so that neither a stop nor a twin comes in between.
            guard let debate = try debates.hold(id, workspace: workspace, in: transaction) else { throw Self.unknown }
            // What was taken is said again whatever became of the debate since.
            if let known = try inputs.content(under: key, in: id, workspace: workspace, in: transaction) {
                guard known == String(Substring(text).trimmed) else {
                    throw ConversationError(
                        .conflict,
                        "This Idempotency-Key was used for another text. Send a new key with a new text, or the first "
                            + "text once more."
                    )
                }
                return false
            }
            guard !debate.cancelRequested || debate.status.isFinal else {
                throw ConversationError(.conflict, "The debate is being stopped: nothing more is taken up.")
            }
            return try controls.addInput(text, author: author, key: key, to: debate, in: transaction)
        }
        await database.notify(.debate(id))
        return isNew
    }

    /// Asks a debate to stop; it ends with what it has.
    /// - Throws: `ConversationError` with code `conflict` where it has ended already.
    package func cancel(_ id: DebateID, workspace: WorkspaceID, by person: String) async throws {
        try await database.write { transaction in
            let debate = try existing(id, workspace, in: transaction)
            guard try controls.cancel(debate, by: person, in: transaction) else {
                throw ConversationError(.conflict, "The debate has ended already: \(debate.status.rawValue).")
            }
        }
        await database.notify(.jobs)
        await database.notify(.debate(id))
    }

    /// The signed receipt's exact bytes; nil while there is none.
    /// - Throws: `DatabaseError`.
    package func receipt(of id: DebateID, workspace: WorkspaceID) async throws -> [UInt8]? {
        try await database.read { try receipts.find(id, workspace: workspace, in: $0)?.document }
    }

    /// Hands out the signed receipt's exact bytes, and tells that somebody took them; nil while there is none.
    /// - Throws: `DatabaseError`.
    package func exportReceipt(of id: DebateID, workspace: WorkspaceID, to taker: String) async throws -> [UInt8]? {
        let document = try await database.write { transaction -> [UInt8]? in
            guard let receipt = try receipts.find(id, workspace: workspace, in: transaction),
                let debate = try debates.find(id, workspace: workspace, in: transaction)
            else { return nil }
            try events.tellExport(
                of: debate,
                receiptID: receipt.id,
                to: taker,
                key: starter.identifiers.next(),
                at: starter.time.now(),
                in: transaction
            )
            return receipt.document
        }
        await database.notify(.outbox)
        return document
    }

    /// Whether a code, as links to receipts carry it, opens what can be checked about a debate.
    package func opensReceipt(_ code: String, of id: DebateID, workspace: WorkspaceID) -> Bool {
        links.opens(code, id, workspace)
    }

    /// Ticks when the journal grew, in whichever process; best effort.
    package func changes(of id: DebateID) -> AsyncStream<WakeUp> {
        database.wakeUps.subscribe(.debate(id))
    }

    private func existing(
        _ id: DebateID,
        _ workspace: WorkspaceID,
        in transaction: borrowing Transaction
    ) throws -> DebateRecord {
        guard let debate = try debates.find(id, workspace: workspace, in: transaction) else { throw Self.unknown }
        return debate
    }

    private static var unknown: ConversationError { ConversationError(.notFound, "There is no such debate.") }
}
