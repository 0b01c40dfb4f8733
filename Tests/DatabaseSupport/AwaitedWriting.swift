package import Persistence

extension InboxWriter {
    /// Stores an event, as the gateway does, and returns after the commit.
    /// - Throws: why it is not known to be stored.
    package func append(_ entry: InboxEntry) async throws {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            append([entry]) { error in
                if let error { continuation.resume(throwing: error) } else { continuation.resume() }
            }
        }
    }
}

extension JournalWriter {
    /// Writes entries, as debates do, and returns after the commit.
    /// - Throws: why they are not known to be written.
    package func append(_ segment: JournalSegment) async throws {
        try await enqueue(segment).value()
    }
}
