import CoreTypes
import Persistence
import Synchronization

/// Whether the database takes what is written: a full disk still answers whoever only reads.
///
/// Asked as often as anybody likes, it writes once every few seconds and repeats its answer in between. What needs room
/// it writes only once a minute, for the database logs, copies and archives it each time.
final class WritingCheck: Sendable {
    private struct State {
        var nextWrite = Timestamp(milliseconds: 0)
        var nextLongWrite = Timestamp(milliseconds: 0)
        var failure: DatabaseError?
    }

    private static let interval = Duration.seconds(5)
    private static let longInterval = Duration.seconds(60)

    private let database: any Database
    private let time: any TimeSource
    private let state = Mutex(State())

    init(database: any Database, time: any TimeSource) {
        self.database = database
        self.time = time
    }

    /// Checks it.
    /// - Throws: what the last write threw.
    func run() async throws {
        let now = time.now()
        let (isDue, isLong, failure) = state.withLock { state -> (Bool, Bool, DatabaseError?) in
            guard now >= state.nextWrite else { return (false, false, state.failure) }
            state.nextWrite = now + Self.interval
            let isLong = now >= state.nextLongWrite
            if isLong { state.nextLongWrite = now + Self.longInterval }
            return (true, isLong, nil)
        }
        guard isDue else {
            if let failure { throw failure }
            return
        }
        do {
            try await database.tryWriting(isLong: isLong)
            state.withLock { $0.failure = nil }
        } catch {
            state.withLock { state in
                state.failure = error as? DatabaseError
                // A short row would not tell whether there is room again.
                state.nextLongWrite = now
            }
            throw error
        }
    }
}
