import CoreTypes
import Persistence

/// A moment at which store tests begin.
let start = Timestamp(milliseconds: 1_750_000_000_000)
let acme = WorkspaceID("slack:T1")

func event(
    _ key: String,
    conversation: String = "C1",
    workspace: WorkspaceID = acme,
    body: [UInt8] = Array("{}".utf8),
    at moment: Timestamp = start
) -> InboxEntry {
    InboxEntry(
        workspaceID: workspace,
        eventKey: key,
        platform: "slack",
        shape: "event",
        conversationKey: conversation,
        body: body,
        receivedAt: moment
    )
}

func job(
    _ id: String,
    type: String = "debate",
    priority: Int = 0,
    at moment: Timestamp = start,
    maximumAttempts: Int = 5
) -> NewJob {
    NewJob(
        workspaceID: acme,
        id: JobID(id),
        type: type,
        payload: ["debate": .string(id)],
        priority: priority,
        runAt: moment,
        maximumAttempts: maximumAttempts
    )
}

extension Database {
    /// Claims jobs as a worker does.
    func claim(_ worker: String, limit: Int = 10, at moment: Timestamp = start) async throws -> [ClaimedJob] {
        try await write { transaction in
            try JobQueue().claim(
                types: ["debate"],
                workerID: worker,
                limit: limit,
                lease: .seconds(30),
                now: moment,
                in: transaction
            )
        }
    }

    /// Puts jobs into the queue and claims them.
    func running(_ ids: [String], worker: String = "w1") async throws -> [ClaimedJob] {
        try await write { transaction in
            for id in ids { try JobQueue().enqueue(job(id), now: start, in: transaction) }
        }
        return try await claim(worker, limit: ids.count)
    }
}

extension ClaimedJob {
    var claim: JobClaim { JobClaim(id: id, fence: fence) }
}

/// Runs something beside a test and ends it after.
func running<Value: Sendable>(
    _ service: @escaping @Sendable () async -> Void,
    _ body: () async throws -> Value
) async throws -> Value {
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { await service() }
        let result: Result<Value, any Error>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        group.cancelAll()
        try await group.waitForAll()
        return try result.get()
    }
}

extension AsyncStream<WakeUp> {
    /// The next wake-up; the stream has one reader.
    func next() async -> WakeUp? {
        var iterator = makeAsyncIterator()
        return await iterator.next()
    }
}
