package import CoreTypes
import Metrics

/// Appends to the journals of all debates of this process, many in one commit.
///
/// Every row is checked in the statement that writes it: its claim must be the job's newest, and it must follow the
/// journal's last entry. What fails there fails for its debate alone. The claim is held until the commit, so that
/// whoever takes the job over reads everything that was written under it.
package final class JournalWriter: Sendable {
    private let database: any Database
    private let group: GroupCommit<JournalSegment, Void>
    private let time: any TimeSource
    private let groupSize = Recorder(label: "aragora_journal_group_size")
    private let failures = Counter(label: "aragora_journal_write_failures_total")

    /// Makes a writer; it writes while `run` is running.
    /// - Parameters:
    ///   - database: where the journals are; the writer takes a connection of its own.
    ///   - capacity: the most segments that may wait; more are refused.
    package init(_ database: any Database, capacity: Int = 20_000, time: any TimeSource = SystemTime()) {
        self.database = database
        self.time = time
        group = GroupCommit(capacity: capacity, maximumEntries: 512, maximumWeight: 4 << 20)
    }

    /// Hands entries over to be written; those of one debate are written in the order of these calls.
    /// - Parameters:
    ///   - jobID: the job under which the debate runs.
    ///   - fence: the number of its claim.
    ///   - firstSequence: the number of the first entry: one more than the journal's last.
    ///   - entries: each a JSON object without line breaks.
    /// - Returns: the promise of the commit, which fails with `leaseLost` where the claim is not the newest, with
    ///   `uniqueViolation` where the journal does not end at the entry before, and otherwise with why the database
    ///   refused. After a failure the journal has to be read again.
    /// - Throws: `DatabaseError`: `full` or `closed`.
    package func enqueue(
        debate: DebateID,
        workspace: WorkspaceID,
        jobID: JobID,
        fence: Int64,
        firstSequence: Int,
        entries: [[UInt8]]
    ) throws -> CommitTicket<Void> {
        let segment = JournalSegment(
            workspaceID: workspace,
            debateID: debate,
            claim: JobClaim(id: jobID, fence: fence),
            firstSequence: firstSequence,
            entries: entries
        )
        guard segment.count > 0 else {
            let ticket = CommitTicket<Void>()
            ticket.resolve(.success(()))
            return ticket
        }
        return try group.submit(segment, weight: segment.bytes.count + 256)
    }

    /// Writes entries and returns after the commit; otherwise as `enqueue`.
    /// - Throws: `DatabaseError`.
    package func append(
        debate: DebateID,
        workspace: WorkspaceID,
        jobID: JobID,
        fence: Int64,
        firstSequence: Int,
        entries: [[UInt8]]
    ) async throws {
        try await enqueue(
            debate: debate,
            workspace: workspace,
            jobID: jobID,
            fence: fence,
            firstSequence: firstSequence,
            entries: entries
        ).value()
    }

    /// Writes until the task is cancelled, and then what is still waiting.
    package func run() async {
        let connection = database.dedicated()
        await group.run { segments in
            groupSize.record(segments.count)
            return await write(segments, connection)
        }
    }

    private func write(_ segments: [JournalSegment], _ connection: any Database) async -> [Result<Void, any Error>] {
        var results = [Result<Void, any Error>](repeating: .success(()), count: segments.count)
        var failed: [DebateID: any Error] = [:]
        for round in JournalGroup(segments).rounds {
            let lines = round.filter { failed[$0.segment.debateID] == nil }
            do {
                let written = try await insert(lines.map(\.segment), connection)
                for line in lines where !written.contains(line.segment.debateID) {
                    failed[line.segment.debateID] = await reason(line.segment, connection)
                }
                for debate in written { await database.notify(.debate(debate)) }
            } catch {
                for line in lines { failed[line.segment.debateID] = error }
            }
            for line in round {
                guard let error = failed[line.segment.debateID] else { continue }
                for member in line.members { results[member] = .failure(error) }
            }
        }
        if !failed.isEmpty { failures.increment(by: failed.count) }
        return results
    }

    private func insert(_ segments: [JournalSegment], _ connection: any Database) async throws -> Set<DebateID> {
        guard !segments.isEmpty else { return [] }
        let now = time.now()
        let lines = connection.dialect.table([
            .texts(segments.map(\.workspaceID.rawValue)), .texts(segments.map(\.debateID.rawValue)),
            .texts(segments.map(\.claim.id.rawValue)), .integers(segments.map(\.claim.fence)),
            .integers(segments.map { Int64($0.firstSequence) }), .integers(segments.map { Int64($0.lastSequence) }),
            .blobs(segments.map(\.bytes)),
        ])
        // The jobs are locked in the order of their ids, as heartbeats lock them, so that the two cannot wait for each
        // other.
        let written = try await connection.run(
            """
            with line as materialized (
                select * from \(lines)
            ), held as materialized (
                select id, fence, workspace_id from job_queue
                where id in (select column3 from line) and status = 'processing'
                order by id \(raw: connection.dialect.forShare)
            )
            insert into debate_journal (
                workspace_id, debate_id, first_sequence, last_sequence, entries, written_at
            )
            select line.column1, line.column2, line.column5, line.column6, line.column7, \(now)
            from line
            join held on held.id = line.column3 and held.fence = line.column4 and held.workspace_id = line.column1
            where line.column5 = 1 + coalesce(
                (
                    select last_sequence from debate_journal as journal
                    where journal.workspace_id = line.column1 and journal.debate_id = line.column2
                    order by first_sequence desc limit 1
                ),
                0
            )
            on conflict (workspace_id, debate_id, first_sequence) do nothing
            returning debate_id
            """
        )
        return Set(try written.map { try $0.id("debate_id") })
    }

    /// Why a segment was not written, for its writer.
    private func reason(_ segment: JournalSegment, _ connection: any Database) async -> any Error {
        do {
            let held = try await connection.run(
                """
                select 1 as held from job_queue
                where id = \(segment.claim.id) and fence = \(segment.claim.fence) and status = 'processing'
                    and workspace_id = \(segment.workspaceID)
                """
            )
            if held.isEmpty { return DatabaseError.leaseLost }
            return DatabaseError(
                .uniqueViolation,
                "The journal of the debate \(segment.debateID) does not end at entry \(segment.firstSequence - 1)."
            )
        } catch {
            return error
        }
    }
}
