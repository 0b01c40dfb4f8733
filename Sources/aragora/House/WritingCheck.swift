import CoreTypes
import Persistence
import Synchronization

/// Whether the database takes what is written: a full disk still answers whoever only reads.
///
/// Asked as often as anybody likes, it writes once every few seconds and repeats its answer in between.
final class WritingCheck: Sendable {
    private static let interval = Duration.seconds(5)

    private let database: any Database
    private let time: any TimeSource
    private let known = Mutex<(until: Timestamp, failure: DatabaseError?)>((Timestamp(milliseconds: 0), nil))

    init(database: any Database, time: any TimeSource) {
        self.database = database
        self.time = time
    }

    /// Checks it.
    /// - Throws: what the last write threw.
    func run() async throws {
        let now = time.now()
        let (isDue, failure) = known.withLock { known -> (Bool, DatabaseError?) in
            let isDue = now >= known.until
            if isDue { known.until = now + Self.interval }
            return (isDue, known.failure)
        }
        guard isDue else {
            if let failure { throw failure }
            return
        }
        do {
            try await database.tryWriting()
            known.withLock { $0.failure = nil }
        } catch {
            known.withLock { $0.failure = error as? DatabaseError }
            throw error
        }
    }
}
