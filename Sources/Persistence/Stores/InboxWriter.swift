import CoreTypes
import Metrics

/// Stores what arrives, many events in one commit, before anybody is told that it was received.
///
/// Requests that come while a commit is under way share the next one. One commit for each event would be limited by
/// the disk to a sixth of the rate at ten times the latency.
package final class InboxWriter: Sendable {
    private struct Key: Hashable {
        let workspaceID: WorkspaceID
        let eventKey: String
    }

    private let database: any Database
    private let group: GroupCommit<InboxEntry, Bool>
    private let groupSize = Recorder(label: "aragora_inbox_group_size")
    private let failures = Counter(label: "aragora_inbox_write_failures_total")

    /// Makes a writer; it writes while `run` is running.
    /// - Parameters:
    ///   - database: where the inbox is; the writer takes a connection of its own.
    ///   - maximumRows: the most events of one commit.
    ///   - capacity: the most events that may wait; more are refused.
    package init(_ database: any Database, maximumRows: Int = 64, capacity: Int = 10_000) {
        self.database = database
        group = GroupCommit(capacity: capacity, maximumEntries: maximumRows, maximumWeight: 16 << 20)
    }

    /// Whether so many senders wait for their acknowledgements at once that everything else had better make way.
    package var isBusy: Bool { group.underWay >= 8 }

    /// Stores an event and returns after the commit.
    /// - Returns: true for a new event, false for a twin of one that is stored already.
    /// - Throws: `DatabaseError` where it is not known to be stored; the sender must not get an acknowledgement.
    package func append(_ entry: InboxEntry) async throws -> Bool {
        try await group.submit(entry, weight: entry.body.count + 256).value()
    }

    /// Writes until the task is cancelled, and then what is still waiting.
    package func run() async {
        let connection = database.dedicated()
        await group.run { entries in
            do {
                let outcomes = try await store(entries, connection)
                groupSize.record(entries.count)
                await database.notify(.inbox)
                return outcomes.map { .success($0) }
            } catch {
                failures.increment()
                return entries.map { _ in .failure(error) }
            }
        }
    }

    private func store(_ entries: [InboxEntry], _ connection: any Database) async throws -> [Bool] {
        var seen: Set<Key> = []
        let isFirst = entries.map { seen.insert(Key(workspaceID: $0.workspaceID, eventKey: $0.eventKey)).inserted }
        let new = zip(entries, isFirst).filter(\.1).map(\.0)
        let lines = connection.dialect.table([
            .texts(new.map(\.workspaceID.rawValue)), .texts(new.map(\.eventKey)), .texts(new.map(\.platform)),
            .texts(new.map(\.shape)), .texts(new.map(\.conversationKey)), .blobs(new.map(\.body)),
            .integers(new.map(\.availableAt.rawValue)), .integers(new.map(\.receivedAt.rawValue)),
        ])
        let inserted = try await connection.run(
            """
            insert into inbox (
                workspace_id, event_key, platform, shape, conversation_key, body, available_at, received_at
            ) select column1, column2, column3, column4, column5, column6, column7, column8 from \(lines) where true
            on conflict (workspace_id, event_key) do nothing
            returning workspace_id, event_key
            """
        )
        guard inserted.count < entries.count else { return entries.map { _ in true } }
        let stored = Set(
            try inserted.map { Key(workspaceID: try $0.id("workspace_id"), eventKey: try $0.text("event_key")) }
        )
        return zip(entries, isFirst).map { entry, isFirst in
            isFirst && stored.contains(Key(workspaceID: entry.workspaceID, eventKey: entry.eventKey))
        }
    }
}
