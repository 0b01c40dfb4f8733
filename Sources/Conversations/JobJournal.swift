import CoreTypes
import Debates
import Persistence
import Synchronization

/// A debate's journal in the database, written under the job's claim.
///
/// Entries are handed to the group commit at once; the debate does not wait for the disk until it ends. The first
/// failure, such as a lost lease, stays: nothing is written behind a gap.
final class JobJournal: DebateJournal {
    private struct State {
        var tickets: [CommitTicket<Void>] = []
        var failure: (any Error)?
    }

    private let writer: Persistence.JournalWriter
    private let job: ClaimedJob
    private let debate: DebateID
    private let state = Mutex(State())

    init(writer: Persistence.JournalWriter, job: ClaimedJob, debate: DebateID) {
        self.writer = writer
        self.job = job
        self.debate = debate
    }

    func append(_ entries: [JournalEntry], lines: JournalLines) throws {
        guard let first = entries.first else { return }
        let begun: CommitTicket<Void>? = try state.withLock { state in
            if let failure = state.failure { throw failure }
            do {
                let ticket = try writer.enqueue(
                    JournalSegment(
                        workspaceID: job.workspaceID,
                        debateID: debate,
                        claim: JobClaim(id: job.id, fence: job.fence),
                        firstSequence: first.sequence,
                        count: lines.count,
                        lines: lines.bytes,
                        head: lines.head.bytes
                    )
                )
                // Entries that go into one commit share its promise.
                guard state.tickets.last !== ticket else { return nil }
                state.tickets.append(ticket)
                return ticket
            } catch {
                state.failure = error
                throw error
            }
        }
        // What was refused ends the run with its next entries, before it asks its models for more.
        begun?.whenResolved { [self] result in
            if case .failure(let error) = result { state.withLock { $0.failure = $0.failure ?? error } }
        }
    }

    /// Returns once everything that was appended is durable or refused, or when the time is over, also in a task that
    /// was cancelled.
    func settle(within limit: Duration, time: any TimeSource) async {
        let tickets = state.withLock { $0.tickets }
        guard !tickets.isEmpty else { return }
        let (settled, signal) = AsyncStream.makeStream(of: Void.self)
        CommitTicket.whenAllResolved(tickets[...]) { _ in signal.finish() }
        // Awaited at once: it only keeps the wait from being cancelled with whoever waits.
        await Task {
            await withTaskGroup { group in
                group.addTask { for await _ in settled {} }
                group.addTask { try? await time.sleep(for: limit) }
                await group.next()
                group.cancelAll()
            }
        }.value
    }

    /// Returns once everything that was appended is durable.
    /// - Throws: where that failed or this process may no longer write.
    func flush() async throws {
        while true {
            let tickets = state.withLock { state in
                defer { state.tickets = [] }
                return state.tickets
            }
            if tickets.isEmpty { break }
            for ticket in tickets {
                do {
                    try await ticket.value()
                } catch {
                    state.withLock { $0.failure = $0.failure ?? error }
                }
            }
        }
        if let failure = state.withLock({ $0.failure }) { throw failure }
    }
}

/// What people added to a debate, from the database.
struct StoredInputs: DebateInputs {
    let database: any Database
    let debate: DebateID
    let workspace: WorkspaceID
    let people: PeopleNames

    func load(after cursor: Int64) async throws -> [DebateInput] {
        let stored = try await database.read { transaction in
            try DebateInputStore().inputs(of: debate, workspace: workspace, after: cursor, in: transaction)
        }
        var inputs: [DebateInput] = []
        for input in stored {
            inputs.append(
                DebateInput(
                    cursor: input.cursor,
                    key: input.key,
                    author: await people.name(of: input.author),
                    text: await people.named(input.content)
                )
            )
        }
        return inputs
    }
}
