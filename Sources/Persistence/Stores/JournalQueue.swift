import CoreTypes

/// Segments of journals that wait for their commit.
///
/// A segment that follows a waiting one of its debate joins it and shares its promise, so that a debate is one row of
/// the next commit, however often it wrote meanwhile. What cannot be joined waits for a later commit, because within
/// one statement the order of a debate's rows is not certain.
struct JournalQueue: CommitQueue {
    private let capacity: Int
    private let maximumDebates: Int
    private let maximumBytes: Int
    private var segments: [DebateID: [WaitingEntry<JournalSegment, Void>]] = [:]
    /// The debates of which something waits, in the order in which their turn comes.
    private var turns: [DebateID] = []

    /// Makes an empty queue.
    /// - Parameters:
    ///   - capacity: the most debates that may wait.
    ///   - maximumDebates: the most debates of one commit.
    ///   - maximumBytes: the most bytes of one commit; a segment that is larger goes alone.
    init(capacity: Int, maximumDebates: Int, maximumBytes: Int) {
        self.capacity = capacity
        self.maximumDebates = max(1, maximumDebates)
        self.maximumBytes = maximumBytes
    }

    /// The debates of which something waits.
    var count: Int { turns.count }

    mutating func add(_ segment: JournalSegment) throws -> CommitTicket<Void> {
        if let index = segments.index(forKey: segment.debateID) {
            if let last = segments.values[index].indices.last,
                segments.values[index][last].entry.join(segment)
            {
                return segments.values[index][last].ticket
            }
            let ticket = CommitTicket<Void>()
            segments.values[index].append(WaitingEntry(entry: segment, ticket: ticket))
            return ticket
        }
        guard turns.count < capacity else { throw DatabaseError.queueIsFull }
        let ticket = CommitTicket<Void>()
        segments[segment.debateID] = [WaitingEntry(entry: segment, ticket: ticket)]
        turns.append(segment.debateID)
        return ticket
    }

    mutating func take() -> [WaitingEntry<JournalSegment, Void>] {
        var group: [WaitingEntry<JournalSegment, Void>] = []
        var bytes = 0
        var end = 0
        var later: [DebateID] = []
        while end < turns.count, end < maximumDebates, let next = segments[turns[end]]?.first {
            bytes += next.entry.bytes.count
            if bytes > maximumBytes, end > 0 { break }
            group.append(next)
            if segments[turns[end]]?.count == 1 {
                segments[turns[end]] = nil
            } else {
                segments[turns[end]]?.removeFirst()
                later.append(turns[end])
            }
            end += 1
        }
        turns.removeFirst(end)
        turns += later
        return group
    }
}
