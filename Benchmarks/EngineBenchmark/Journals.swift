import CoreTypes
import Debates
import Persistence
import Synchronization

/// A journal that keeps nothing: the engine alone, or with the making of the entries' bytes and hashes.
struct ForgetfulJournal: DebateJournal {
    let wantsEncoding: Bool
    func append(_ entries: [JournalEntry], lines: JournalLines) throws {}
}

/// A journal in the database, written by the gateway's own writer under a claimed job.
final class ClaimedJournal: DebateJournal {
    private let debate: DebateID
    private let claim: JobClaim
    private let writer: Persistence.JournalWriter
    private let tickets = Mutex<[CommitTicket<Void>]>([])

    init(number: Int, writer: Persistence.JournalWriter) {
        debate = DebateID("debate-\(number)")
        claim = JobClaim(id: JobID("debate-\(number)"), fence: 1)
        self.writer = writer
    }

    func append(_ entries: [JournalEntry], lines: JournalLines) throws {
        guard let first = entries.first else { return }
        let ticket = try writer.enqueue(
            JournalSegment(
                workspaceID: .local,
                debateID: debate,
                claim: claim,
                firstSequence: first.sequence,
                count: lines.count,
                lines: lines.bytes,
                head: lines.head.bytes
            )
        )
        tickets.withLock { tickets in
            if tickets.last !== ticket { tickets.append(ticket) }
        }
    }

    /// Returns once everything that was appended is durable.
    func flush() async throws {
        let waiting = tickets.withLock { tickets in
            defer { tickets = [] }
            return tickets
        }
        for ticket in waiting { try await ticket.value() }
    }
}
