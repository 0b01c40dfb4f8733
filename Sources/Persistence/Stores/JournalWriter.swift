package import CoreTypes
import Metrics

/// Appends to the journals of all debates of this process, many in one commit.
///
/// Every row is checked in the transaction that writes it: its claim must be the job's newest, and it must follow the
/// journal's last entry. What fails there fails for its debate alone. The claim is held until the commit, so that
/// whoever takes the job over reads everything that was written under it.
///
/// While the database is away the entries wait for it: a debate goes on, and what its models have answered is not lost.
package final class JournalWriter: Sendable {
    private let database: any Database
    private let group: GroupCommit<JournalQueue>
    private let time: any TimeSource
    private let groupSize = Recorder(label: "aragora_journal_group_size")
    private let failures = Counter(label: "aragora_journal_write_failures_total")
    /// How long the writer rests while the database is away.
    private static let pause = Duration.milliseconds(250)
    /// The rows of one statement.
    ///
    /// A message of some megabytes has neither side find its memory in a cache, or at all:
    /// the same rows in messages of 200 KB are written a twelfth faster.
    private static let rowsOfStatement = 32

    /// Makes a writer; it writes while `run` is running.
    /// - Parameters:
    ///   - database: where the journals are; the writer takes a connection of its own.
    ///   - capacity: the most debates of which something may wait; more are refused.
    package init(_ database: any Database, capacity: Int = 20_000, time: any TimeSource = SystemTime()) {
        self.database = database
        self.time = time
        group = GroupCommit(
            JournalQueue(capacity: capacity, maximumDebates: 256, maximumBytes: 4 << 20),
            time: time
        )
    }

    /// Hands entries over to be written; those of one debate are written in the order of these calls.
    /// - Returns: the promise of the commit, which fails with `leaseLost` where the claim is not the newest, with
    ///   `uniqueViolation` where the journal does not end at the entry before, and otherwise with why the database
    ///   refused. After a failure the journal has to be read again.
    /// - Throws: `DatabaseError`: `full` or `closed`.
    package func enqueue(_ segment: JournalSegment) throws -> CommitTicket<Void> {
        try group.submit(segment)
    }

    /// Writes until the task is cancelled, and then what is still waiting.
    package func run() async {
        let connection = database.dedicated(on: group.executor)
        await group.run { segments in
            groupSize.record(segments.count)
            return await write(segments, connection)
        }
    }

    private func write(_ segments: [JournalSegment], _ connection: any Database) async -> [Result<Void, any Error>] {
        var isRepeated = false
        while true {
            do {
                let refused = try await connection.write { [isRepeated] transaction in
                    let written = isRepeated ? try written(of: segments, in: transaction) : []
                    let missing = segments.filter { !written.contains($0.debateID) }
                    let refused = try check(missing, in: transaction)
                    let accepted = missing.filter { refused[$0.debateID] == nil }
                    for start in stride(from: 0, to: accepted.count, by: Self.rowsOfStatement) {
                        try insert(accepted[start...].prefix(Self.rowsOfStatement), in: transaction)
                    }
                    return refused
                }
                failures.increment(by: refused.count)
                for segment in segments where refused[segment.debateID] == nil {
                    await database.notify(.debate(segment.debateID))
                }
                return segments.map { segment in refused[segment.debateID].map { .failure($0) } ?? .success(()) }
            } catch {
                failures.increment(by: segments.count)
                guard (error as? DatabaseError)?.mayPass == true, !Task.isCancelled else {
                    return segments.map { _ in .failure(error) }
                }
                isRepeated = true
                try? await time.sleep(for: Self.pause)
            }
        }
    }

    /// Finds the segments that an earlier try has written, although its answer was lost.
    private func written(
        of segments: [JournalSegment],
        in transaction: borrowing Transaction
    ) throws -> Set<DebateID> {
        let lines = transaction.dialect.table([
            .texts(segments.map(\.workspaceID.rawValue)), .texts(segments.map(\.debateID.rawValue)),
            .integers(segments.map { Int64($0.firstSequence) }), .blobs(segments.map(\.head)),
        ])
        let rows = try transaction.query(
            """
            select line.column2 as debate_id from \(lines)
            join debate_journal as journal on journal.workspace_id = line.column1 and journal.debate_id = line.column2
                and journal.first_sequence = line.column3 and journal.head = line.column4
            """
        )
        return Set(try rows.map { try $0.id("debate_id") })
    }

    /// Holds the jobs' claims until the commit and finds the segments that must not be written.
    private func check(
        _ segments: [JournalSegment],
        in transaction: borrowing Transaction
    ) throws -> [DebateID: DatabaseError] {
        guard !segments.isEmpty else { return [:] }
        let lines = transaction.dialect.table([
            .texts(segments.map(\.claim.id.rawValue)), .texts(segments.map(\.workspaceID.rawValue)),
            .texts(segments.map(\.debateID.rawValue)), .integers(segments.map(\.claim.fence)),
        ])
        // The jobs are locked in the order of their ids, as heartbeats lock them, so that the two cannot wait for each
        // other.
        let rows = try transaction.query(
            """
            select line.column3 as debate_id, (
                select last_sequence from debate_journal as journal
                where journal.workspace_id = line.column2 and journal.debate_id = line.column3
                order by first_sequence desc limit 1
            ) as last_sequence
            from \(lines)
            join job_queue as job on job.id = line.column1
            where job.workspace_id = line.column2 and job.fence = line.column4 and job.status = 'processing'
            order by job.id \(raw: transaction.dialect.forShare)
            """
        )
        var lastSequences: [DebateID: Int] = [:]
        for row in rows {
            lastSequences[try row.id("debate_id")] = Int(try row.integerOrNil("last_sequence") ?? 0)
        }
        var refused: [DebateID: DatabaseError] = [:]
        for segment in segments {
            guard let last = lastSequences[segment.debateID] else {
                refused[segment.debateID] = .leaseLost
                continue
            }
            if last != segment.firstSequence - 1 { refused[segment.debateID] = .journalGap(before: segment) }
        }
        return refused
    }

    private func insert(_ segments: ArraySlice<JournalSegment>, in transaction: borrowing Transaction) throws {
        let now = time.now().rawValue
        let rows = transaction.dialect.rows([
            .texts(segments.map(\.workspaceID.rawValue)), .texts(segments.map(\.debateID.rawValue)),
            .integers(segments.map { Int64($0.firstSequence) }), .integers(segments.map { Int64($0.lastSequence) }),
            .blobs(segments.map(\.bytes)), .blobs(segments.map(\.head)), .integers(segments.map { _ in now }),
        ])
        try transaction.execute(
            """
            insert into debate_journal (
                workspace_id, debate_id, first_sequence, last_sequence, entries, head, written_at
            ) \(rows)
            """
        )
    }
}

extension DatabaseError {
    /// Whether the database is away, too slow or without room, and not the statement at fault.
    fileprivate var mayPass: Bool {
        switch reason {
        case .connection, .commitUnknown, .full, .timeout, .serialization: true
        default: false
        }
    }

    /// A segment does not follow the last entry of its journal.
    static func journalGap(before segment: JournalSegment) -> DatabaseError {
        DatabaseError(
            .uniqueViolation,
            "The journal of the debate \(segment.debateID) does not end at entry \(segment.firstSequence - 1)."
        )
    }
}
