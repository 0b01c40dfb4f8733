package import CoreTypes
import Metrics

/// Stores what arrives, many events in one commit, before anybody is told that it was received.
///
/// Requests that come while a commit is under way share the next one. One commit for each event would be limited by
/// the disk to a sixth of the rate at ten times the latency.
package final class InboxWriter: Sendable {
    private let database: any Database
    private let group: GroupCommit<InboxQueue>
    private let groupSize = Recorder(label: "aragora_inbox_group_size")
    private let failures = Counter(label: "aragora_inbox_write_failures_total")

    /// Makes a writer; it writes while `run` is running.
    /// - Parameters:
    ///   - database: where the inbox is; the writer takes a connection of its own.
    ///   - maximumRows: the most events of one commit.
    ///   - capacity: the most events that may wait; more are refused.
    package init(
        _ database: any Database,
        maximumRows: Int = 32,
        capacity: Int = 10_000,
        time: any TimeSource = SystemTime()
    ) {
        self.database = database
        group = GroupCommit(
            InboxQueue(capacity: capacity, maximumRows: maximumRows),
            gathering: .microseconds(400),
            time: time
        )
    }

    /// Whether so many senders wait for their acknowledgements at once that everything else had better make way.
    package var isBusy: Bool { group.isCrowded }

    /// Stores events, unless twins of them are stored already; returns at once.
    /// - Parameter completion: called once, from any thread: with nil after the commit, or with why it is not known
    ///   that all are stored; the sender must not get an acknowledgement then.
    package func append(_ entries: [InboxEntry], completion: @escaping @Sendable ((any Error)?) -> Void) {
        let tickets: [CommitTicket<Void>]
        do {
            tickets = try entries.map { try group.submit($0) }
        } catch {
            return completion(error)
        }
        CommitTicket.whenAllResolved(tickets[...], completion)
    }

    /// Writes until the task is cancelled, and then what is still waiting.
    package func run() async {
        let connection = database.dedicated(on: group.executor)
        await group.run { entries in
            do {
                try await store(entries, connection)
                groupSize.record(entries.count)
                await database.notify(.inbox)
                return entries.map { _ in .success(()) }
            } catch {
                failures.increment()
                return entries.map { _ in .failure(error) }
            }
        }
    }

    private func store(_ entries: [InboxEntry], _ connection: any Database) async throws {
        let rows = connection.dialect.rows([
            .texts(entries.map(\.workspaceID.rawValue)), .texts(entries.map(\.eventKey)),
            .texts(entries.map(\.platform)), .texts(entries.map(\.shape)), .texts(entries.map(\.conversationKey)),
            .blobs(entries.map(\.body)), .integers(entries.map(\.availableAt.rawValue)),
            .integers(entries.map(\.receivedAt.rawValue)),
        ])
        try await connection.run(
            """
            insert into inbox (
                workspace_id, event_key, platform, shape, conversation_key, body, available_at, received_at
            ) \(rows) on conflict (workspace_id, event_key) do nothing
            """
        )
    }
}
