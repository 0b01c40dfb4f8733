import Dispatch
package import Persistence

/// Does something while a transaction of another connection is open.
/// - Returns: what both gave.
package func blocking<Inside: Sendable, Outside: Sendable>(
    on database: any Database,
    _ inside: @escaping @Sendable (borrowing Transaction) throws -> Inside,
    while outside: () async throws -> Outside
) async throws -> (inside: Inside, outside: Outside) {
    let opened = AsyncStream.makeStream(of: Void.self)
    let release = DispatchSemaphore(value: 0)
    return try await withThrowingTaskGroup(of: Inside.self) { group in
        group.addTask {
            defer { opened.continuation.finish() }
            return try await database.write { transaction in
                let value = try inside(transaction)
                opened.continuation.yield()
                // The transaction's thread is its connection's own, so that nobody else waits here.
                release.wait()
                return value
            }
        }
        for await _ in opened.stream.prefix(1) {}
        let result: Result<Outside, any Error>
        do { result = .success(try await outside()) } catch { result = .failure(error) }
        release.signal()
        guard let value = try await group.next() else { throw CancellationError() }
        return (value, try result.get())
    }
}
