import CoreTypes

/// Runs a call against a time limit; the one that is later is cancelled.
/// - Throws: What the call throws, or `CancellationError` where the task was cancelled.
/// - Returns: The call's result, or nil where the time was up first.
func withDeadline<Value: Sendable>(
    _ limit: Duration,
    time: any TimeSource,
    _ call: @escaping @Sendable () async throws -> Value
) async throws -> Value? {
    try await withThrowingTaskGroup(of: Value?.self) { group in
        group.addTask { try await call() }
        group.addTask {
            try await time.sleep(for: limit)
            return nil
        }
        defer { group.cancelAll() }
        let first = try await group.next()
        return first ?? nil
    }
}
