/// What waits for a group commit, and which of it goes together.
protocol CommitQueue: Sendable {
    /// What is committed.
    associatedtype Entry: Sendable
    /// What is known of an entry after its commit.
    associatedtype Outcome: Sendable

    /// How many entries wait, where those that will be one commit's row count as one.
    var count: Int { get }

    /// Takes an entry.
    /// - Returns: the promise of its commit; entries that will be one may share it.
    /// - Throws: `DatabaseError`: `full`.
    mutating func add(_ entry: Entry) throws -> CommitTicket<Outcome>

    /// Gives what the next commit takes, and forgets it.
    mutating func take() -> [WaitingEntry<Entry, Outcome>]
}

extension CommitQueue {
    /// Whether nothing waits.
    var isEmpty: Bool { count == 0 }
}

/// An entry and the promise of its commit.
struct WaitingEntry<Entry: Sendable, Outcome: Sendable>: Sendable {
    var entry: Entry
    let ticket: CommitTicket<Outcome>
}

extension DatabaseError {
    /// A queue takes no more.
    static let queueIsFull = DatabaseError(.full, "Too many writes are waiting for the database.")
}
