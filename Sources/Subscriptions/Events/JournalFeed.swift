package import CoreTypes
package import Logging
package import Persistence

/// Tells subscribers what happens inside debates: a projection of their journals, with a cursor in the database.
///
/// Events are named by debate and sequence number, so that one that is worked out again after a crash has the same id
/// and is kept once. What begins and ends debates is told by those who begin and end them.
package struct JournalFeed: Sendable {
    private let database: any Database
    private let sink: any WorkspaceEventSink
    private let journal: JournalStore
    private let time: any TimeSource
    private let logger: Logger
    private let cursors = CursorStore()
    private let debates = DebateStore()

    /// Debates in one transaction, and entries of each.
    private static let batch = (debates: 32, entries: 200)
    /// How long entries may gather.
    private static let pace = Duration.milliseconds(200)
    private static let pollInterval = Duration.seconds(2)

    /// Makes a feed.
    package init(database: any Database, sink: any WorkspaceEventSink, time: any TimeSource, logger: Logger) {
        self.database = database
        self.sink = sink
        self.time = time
        self.logger = logger
        journal = JournalStore(database)
    }

    /// Tells until the task is cancelled.
    package func run() async {
        let (ticks, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        await withDiscardingTaskGroup { group in
            group.addTask {
                for await _ in database.wakeUps.subscribe(.all) { continuation.yield() }
            }
            group.addTask {
                while !Task.isCancelled {
                    try? await time.sleep(for: Self.pollInterval)
                    continuation.yield()
                }
            }
            continuation.yield()
            for await _ in ticks {
                if Task.isCancelled { break }
                await tellAll()
                try? await time.sleep(for: Self.pace)
            }
            group.cancelAll()
        }
    }

    private func tellAll() async {
        do {
            while try await tellOnce() == Self.batch.debates, !Task.isCancelled {}
        } catch is CancellationError {
            return
        } catch {
            logger.warning(
                "Subscribers could not be told what happens in debates; trying again.",
                metadata: ["code": "\((error as? any CodedError)?.code ?? "other")"]
            )
        }
    }

    /// Tells what some debates have grown by.
    /// - Returns: how many debates.
    /// - Throws: `DatabaseError`.
    package func tellOnce() async throws -> Int {
        let count = try await database.write { transaction in
            let behind = try cursors.behind(limit: Self.batch.debates, in: transaction)
            for cursor in behind { try tell(cursor, in: transaction) }
            return behind.count
        }
        if count > 0 { await database.notify(.outbox) }
        return count
    }

    private func tell(_ cursor: JournalCursor, in transaction: borrowing Transaction) throws {
        let rows = try journal.read(
            workspace: cursor.workspace,
            debate: cursor.debate,
            after: cursor.lastSequence,
            limit: Self.batch.entries,
            in: transaction
        )
        let record = try debates.find(cursor.debate, workspace: cursor.workspace, in: transaction)
        if let record {
            for row in rows {
                for event in try JournalEvents.events(of: row, in: record) { try sink.publish(event, in: transaction) }
            }
        }
        let isDone = record == nil || (cursor.hasEnded && rows.count < Self.batch.entries)
        try cursors.advance(cursor, to: rows.last?.sequence ?? cursor.lastSequence, isDone: isDone, in: transaction)
    }
}
