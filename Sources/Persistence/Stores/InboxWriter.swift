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
        let rows = zip(entries, isFirst).lazy.filter(\.1).map(\.0).map { entry -> [SQLValue] in
            [
                entry.workspaceID.sqlValue, .text(entry.eventKey), .text(entry.platform), .text(entry.shape),
                .text(entry.conversationKey), .blob(entry.body), entry.availableAt.sqlValue, entry.receivedAt.sqlValue,
            ]
        }
        let inserted = try await connection.run(
            """
            insert into inbox (
                workspace_id, event_key, platform, shape, conversation_key, body, available_at, received_at
            ) values \(rows: rows)
            on conflict (workspace_id, event_key) do nothing
            returning workspace_id, event_key
            """
        )
        let new = Set(
            try inserted.map { Key(workspaceID: try $0.id("workspace_id"), eventKey: try $0.text("event_key")) }
        )
        return zip(entries, isFirst).map { entry, isFirst in
            isFirst && new.contains(Key(workspaceID: entry.workspaceID, eventKey: entry.eventKey))
        }
    }
}
