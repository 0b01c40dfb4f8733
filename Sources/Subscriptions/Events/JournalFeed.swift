package import CoreTypes
package import Logging
package import Persistence

/// Tells subscribers what happens inside debates: a projection of their journals, with a cursor in the database.
///
/// Events are named by debate and sequence number, so that one that is worked out again after a crash has the same id
/// and is kept once. What begins and ends debates is told by those who begin and end them, after what the journal holds by then.
package struct JournalFeed: Sendable {
    private let database: any Database
    private let sink: SubscriptionSink
    private let time: any TimeSource
    private let logger: Logger
    private let cursors = CursorStore()

    /// Debates in one transaction.
    private static let batch = 32
    /// How long entries may gather.
    private static let pace = Duration.milliseconds(200)
    private static let pollInterval = Duration.seconds(2)

    /// Makes a feed.
    package init(database: any Database, sink: SubscriptionSink, time: any TimeSource, logger: Logger) {
        self.database = database
        self.sink = sink
        self.time = time
        self.logger = logger
    }

    /// Tells until the task is cancelled.
    package func run() async {
        let (ticks, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        await withDiscardingTaskGroup { group in
            group.addTask {
                for await _ in database.wakeUps.subscribe(.debates) { continuation.yield() }
            }
            group.addTask {
                while !Task.isCancelled {
                    let interval = Self.pollInterval
                    try? await time.sleep(
                        for: database.wakeUps.pollInterval(normal: interval, whenBroken: interval)
                    )
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
            while try await tellOnce() == Self.batch, !Task.isCancelled {}
            database.wakeUps.noteSuccess(of: "journal feed", at: time.now(), logger)
        } catch is CancellationError {
            return
        } catch {
            database.wakeUps.noteFailure(of: "journal feed", error, at: time.now(), logger)
        }
    }

    /// Tells what some debates have grown by.
    /// - Returns: how many debates.
    /// - Throws: `DatabaseError`.
    package func tellOnce() async throws -> Int {
        let count = try await database.write { transaction in
            let behind = try cursors.behind(limit: Self.batch, in: transaction)
            for cursor in behind { try tell(cursor, in: transaction) }
            return behind.count
        }
        if count > 0 { await database.notify(.outbox) }
        return count
    }

    private func tell(_ cursor: JournalCursor, in transaction: borrowing Transaction) throws {
        var cursor = cursor
        do {
            _ = try sink.advance(&cursor, in: transaction)
        } catch let error as DatabaseError where error.reason == .decoding {
            // The other debates are told of all the same.
            try cursors.close(cursor.debate, workspace: cursor.workspace, in: transaction)
            logger.error("\(error.description) Subscribers hear no more of what happens inside it.")
        }
    }
}
