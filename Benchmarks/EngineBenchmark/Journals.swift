import CoreTypes
import Debates
import Persistence
import Synchronization

/// A journal that keeps nothing: the engine alone.
struct ForgetfulJournal: DebateJournal {
    var wantsEncoding: Bool { false }
    func append(_ entries: [JournalEntry], encoded: [[UInt8]]) throws {}
    func flush() async throws {}
}

/// A journal in the database, written by the gateway's own writer under a claimed job.
final class ClaimedJournal: DebateJournal {
    private let number: Int
    private let writer: Persistence.JournalWriter
    private let tickets = Mutex<[CommitTicket<Void>]>([])

    init(number: Int, writer: Persistence.JournalWriter) {
        self.number = number
        self.writer = writer
    }

    func append(_ entries: [JournalEntry], encoded: [[UInt8]]) throws {
        guard let first = entries.first else { return }
        let ticket = try writer.enqueue(
            debate: DebateID("debate-\(number)"),
            workspace: .local,
            jobID: JobID("debate-\(number)"),
            fence: 1,
            firstSequence: first.sequence,
            entries: encoded
        )
        tickets.withLock { $0.append(ticket) }
    }

    func flush() async throws {
        let waiting = tickets.withLock { tickets in
            defer { tickets = [] }
            return tickets
        }
        for ticket in waiting { try await ticket.value() }
    }
}
