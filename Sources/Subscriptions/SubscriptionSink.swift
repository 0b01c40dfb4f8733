package import CoreTypes
package import Persistence

/// Tells the subscribers of a workspace what happened, in the transaction that makes it true.
package struct SubscriptionSink: WorkspaceEventSink {
    /// The endpoints that hear of what happens now, with what they want.
    typealias Listening = [(id: EndpointID, settings: EndpointSettings)]

    private let endpoints: EndpointStore
    private let time: any TimeSource
    private let journal: JournalStore
    private let debates = DebateStore()
    private let deliveries = DeliveryStore()
    private let cursors = CursorStore()

    /// Makes the sink.
    package init(database: any Database, endpoints: EndpointStore, time: any TimeSource) {
        self.endpoints = endpoints
        self.time = time
        self.journal = JournalStore(database)
    }

    package func publish(_ event: WorkspaceEvent, in transaction: borrowing Transaction) throws {
        let listening = try endpoints.listening(in: event.workspaceID, transaction)
        if let debate = event.debateID { try follow(debate, event, for: listening, in: transaction) }
        guard !listening.isEmpty else { return }
        try tell(try completed(event, in: transaction), to: listening, in: transaction)
    }

    /// Begins and ends to follow a debate's journal, and tells first what the journal holds already: whoever wants
    /// order gets the last vote before the verdict.
    private func follow(
        _ debate: DebateID,
        _ event: WorkspaceEvent,
        for listening: Listening,
        in transaction: borrowing Transaction
    ) throws {
        if event.type == "debate_start" {
            guard !listening.isEmpty else { return }
            return try cursors.open(debate, workspace: event.workspaceID, now: time.now(), in: transaction)
        }
        guard var cursor = try cursors.find(debate, workspace: event.workspaceID, in: transaction) else { return }
        do {
            if !listening.isEmpty { while try advance(&cursor, for: listening, in: transaction) {} }
        } catch let error as DatabaseError where error.reason == .decoding {
            // A damaged journal must not keep its debate from ending.
            try cursors.close(debate, workspace: event.workspaceID, in: transaction)
        }
        if event.type == "debate_end" { try cursors.close(debate, workspace: event.workspaceID, in: transaction) }
    }

    /// Tells what a journal has grown by, a little at a time.
    /// - Returns: whether there may be more.
    /// - Throws: `DatabaseError`, with the reason `decoding` for a journal that cannot be read.
    func advance(_ cursor: inout JournalCursor, in transaction: borrowing Transaction) throws -> Bool {
        try advance(&cursor, for: try endpoints.listening(in: cursor.workspace, transaction), in: transaction)
    }

    private func advance(
        _ cursor: inout JournalCursor,
        for listening: Listening,
        in transaction: borrowing Transaction
    ) throws -> Bool {
        let limit = 200
        let rows = try journal.read(
            workspace: cursor.workspace,
            debate: cursor.debate,
            after: cursor.lastSequence,
            limit: limit,
            in: transaction
        )
        guard let last = rows.last else { return false }
        guard let record = try debates.find(cursor.debate, workspace: cursor.workspace, in: transaction) else {
            try cursors.close(cursor.debate, workspace: cursor.workspace, in: transaction)
            return false
        }
        for event in try events(of: rows, in: record, transaction) { try tell(event, to: listening, in: transaction) }
        cursor.lastSequence = last.sequence
        try cursors.save(cursor, in: transaction)
        return rows.count == limit
    }

    /// What may be told of the newest entries.
    ///
    /// With its release, what was kept back is told from the first entry on; what had been told before has the same id,
    /// and is not told twice.
    private func events(
        of rows: [JournalRow],
        in debate: DebateRecord,
        _ transaction: borrowing Transaction
    ) throws -> [WorkspaceEvent] {
        guard let first = rows.first, let last = rows.last, ReleaseGate.stands(before: debate) else {
            return try rows.flatMap { try JournalEvents.events(of: $0, in: debate) }
        }
        let all = try journal.read(
            workspace: debate.workspace,
            debate: debate.id,
            limit: last.sequence,
            in: transaction
        )
        let gate = try ReleaseGate(all, of: debate.id)
        let isOpenedNow = (gate.openedAt ?? 0) >= first.sequence
        return try (isOpenedNow ? all : rows).flatMap { try JournalEvents.events(of: $0, in: debate) }
            .filter { gate.lets($0) }
    }

    /// Adds the channel of its debate and the tags that it has now to an event, so that filters hold for it.
    private func completed(_ event: WorkspaceEvent, in transaction: borrowing Transaction) throws -> WorkspaceEvent {
        guard let id = event.debateID,
            let debate = try debates.find(id, workspace: event.workspaceID, in: transaction)
        else { return event }
        return WorkspaceEvent(
            workspaceID: event.workspaceID,
            key: event.key,
            type: event.type,
            occurredAt: event.occurredAt,
            debateID: id,
            channel: event.channel ?? debate.channel,
            tags: debate.tagNames,
            data: event.data
        )
    }

    private func tell(_ event: WorkspaceEvent, to listening: Listening, in transaction: borrowing Transaction) throws {
        let interested = listening.filter {
            $0.settings.wants(type: event.type, channel: event.channel, tags: event.tags)
        }
        guard !interested.isEmpty else { return }
        try deliveries.add(EventMessage(event), for: interested.map(\.id), now: time.now(), in: transaction)
    }
}
