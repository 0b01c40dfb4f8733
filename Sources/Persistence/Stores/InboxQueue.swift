/// Events that wait for their commit, in the order of their arrival.
struct InboxQueue: CommitQueue {
    /// The most bytes of one commit; an event that is larger goes alone.
    private static let maximumBytes = 16 << 20

    private let capacity: Int
    private let maximumRows: Int
    private var waiting: [WaitingEntry<InboxEntry, Void>] = []

    /// Makes an empty queue.
    /// - Parameters:
    ///   - capacity: the most events that may wait.
    ///   - maximumRows: the most events of one commit.
    init(capacity: Int, maximumRows: Int) {
        self.capacity = capacity
        self.maximumRows = max(1, maximumRows)
    }

    var count: Int { waiting.count }

    mutating func add(_ entry: InboxEntry) throws -> CommitTicket<Void> {
        guard waiting.count < capacity else { throw DatabaseError.queueIsFull }
        let ticket = CommitTicket<Void>()
        waiting.append(WaitingEntry(entry: entry, ticket: ticket))
        return ticket
    }

    mutating func take() -> [WaitingEntry<InboxEntry, Void>] {
        var end = 0
        var bytes = 0
        while end < waiting.count, end < maximumRows {
            bytes += waiting[end].entry.body.count
            if bytes > Self.maximumBytes, end > 0 { break }
            end += 1
        }
        guard end < waiting.count else {
            defer { waiting = [] }
            return waiting
        }
        // A copy, because a slice would make the next append copy the whole queue.
        let group = Array(waiting[..<end])
        waiting.removeFirst(end)
        return group
    }
}
