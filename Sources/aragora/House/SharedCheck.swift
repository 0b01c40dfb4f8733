import CoreTypes
import Persistence
import Synchronization

/// A check of something that may hang, and that answers in time all the same.
///
/// Whoever asks while it is under way waits for that one: one that hangs goes on, and no other is begun beside it.
final class SharedCheck<Value: Sendable>: Sendable {
    private let limit: Duration
    private let time: any TimeSource
    private let body: @Sendable () async throws -> Value
    private let underWay = Mutex<Task<Value, any Error>?>(nil)

    /// Makes a check.
    /// - Parameter limit: how long one that asks waits.
    init(limit: Duration, time: any TimeSource, _ body: @escaping @Sendable () async throws -> Value) {
        self.limit = limit
        self.time = time
        self.body = body
    }

    /// Checks.
    /// - Throws: what the check threw, or `DatabaseError` with the reason `timeout`.
    func run() async throws -> Value {
        let check = join()
        let (answers, answer) = AsyncStream.makeStream(of: Result<Value, any Error>.self)
        // No child of the caller's task, which would have to wait for it however long it hangs.
        Task {
            answer.yield(await check.result)
            answer.finish()
        }
        // Beside it, and ended with the answer.
        let alarm = Task { [time, limit] in
            try? await time.sleep(for: limit)
            answer.finish()
        }
        defer { alarm.cancel() }
        for await result in answers { return try result.get() }
        throw DatabaseError(.timeout, "The database gave no answer in \(limit.components.seconds) seconds.")
    }

    private func join() -> Task<Value, any Error> {
        underWay.withLock { underWay in
            if let underWay { return underWay }
            // Nobody's child: it outlives whoever asked first.
            let check = Task {
                defer { self.underWay.withLock { $0 = nil } }
                return try await self.body()
            }
            underWay = check
            return check
        }
    }
}
