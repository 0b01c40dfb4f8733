package import CoreTypes

/// Leased background work (table `job_queue`).
///
/// A claim holds a job for the time of its lease, which heartbeats prolong. Each claim raises the job's fence, and
/// every write for the job checks it; so a worker that lost its lease can change nothing. `attempts` counts failures
/// that a worker reported. A lease that ran out says more about the worker than about the job, so only every
/// hundredth claim that takes over a dead worker's job counts as a failure: a job that kills its workers is given up in the end,
/// one that lives through some restarts is not. A job that is given up this way is still handed out, marked
/// `isExhausted`, because somebody has to bring its end to those who wait for it.
package struct JobQueue: Sendable {
    /// Makes the store.
    package init() {}

    /// Puts a job into the queue; a job of the same id is left as it is.
    /// - Returns: whether it is new.
    @discardableResult
    package func enqueue(_ job: NewJob, now: Timestamp, in transaction: borrowing Transaction) throws -> Bool {
        try transaction.execute(
            """
            insert into job_queue (
                workspace_id, id, job_type, payload_json, priority, run_at, max_attempts, created_at, updated_at
            ) values (
                \(job.workspaceID), \(job.id), \(job.type), \(job.payload), \(job.priority), \(job.runAt),
                \(job.maximumAttempts), \(now), \(now)
            ) on conflict do nothing
            """
        ) == 1
    }

    /// Takes jobs that are due, those of dead workers first.
    /// - Parameters:
    ///   - types: the kinds of job that the worker knows.
    ///   - only: the one job that is wanted; nil for any.
    ///   - lease: how long they are held without a heartbeat.
    /// - Returns: at most `limit` jobs, the most urgent first.
    package func claim(
        types: [String],
        only: JobID? = nil,
        workerID: String,
        limit: Int,
        lease: Duration,
        now: Timestamp,
        in transaction: borrowing Transaction
    ) throws -> [ClaimedJob] {
        guard limit > 0, !types.isEmpty else { return [] }
        let wanted: SQL = only.map { "and id = \($0)" } ?? ""
        // Two reads, so that each has its own partial index; in common table expressions, so that the planner cannot
        // take more rows than the limit says.
        let rows = try transaction.query(
            """
            with abandoned as materialized (
                select id as job, 1 as taken_over from job_queue
                where status = 'processing' and lease_until < \(now) and job_type in (\(list: types)) \(wanted)
                order by lease_until limit \(limit) \(raw: transaction.dialect.forUpdateSkipLocked)
            ), due as materialized (
                select id as job, 0 as taken_over from job_queue
                where status = 'pending' and run_at <= \(now) and job_type in (\(list: types)) \(wanted)
                order by priority desc, run_at limit \(limit) \(raw: transaction.dialect.forUpdateSkipLocked)
            ), chosen as materialized (
                select job, taken_over from (
                    select job, taken_over from abandoned union all select job, taken_over from due
                ) as candidates
                order by taken_over desc limit \(limit)
            )
            update job_queue set
                status = 'processing', worker_id = \(workerID), lease_until = \(now + lease), fence = fence + 1,
                attempts = attempts + case when chosen.taken_over = 1 and fence % 100 = 99 then 1 else 0 end,
                error = case when chosen.taken_over = 1 then 'lease_expired' else error end,
                started_at = coalesce(started_at, \(now)), updated_at = \(now)
            from chosen where job_queue.id = chosen.job
            returning workspace_id, id, job_type, payload_json, fence, attempts, max_attempts, cancel_requested,
                priority, run_at
            """
        )
        let ordered = try rows.map { row in
            (row: row, priority: try row.integer("priority"), runAt: try row.integer("run_at"))
        }.sorted { ($1.priority, $0.runAt) < ($0.priority, $1.runAt) }
        return try ordered.map { try Self.job($0.row) }
    }

    /// Prolongs the leases of all jobs of a worker in one statement.
    /// - Returns: those that it still holds, and whether somebody wants them stopped; the others are lost.
    package func heartbeat(
        workerID: String,
        jobs: [JobClaim],
        lease: Duration,
        now: Timestamp,
        in transaction: borrowing Transaction
    ) throws -> [(id: JobID, isCancelRequested: Bool)] {
        guard !jobs.isEmpty else { return [] }
        // Locked in the order of their ids, as the journal locks them, so that the two cannot wait for each other.
        let rows = try transaction.query(
            """
            with held as materialized (
                select id as job from job_queue
                where (id, fence) in (values \(rows: jobs.map { [$0.id.sqlValue, .integer($0.fence)] }))
                    and status = 'processing' and worker_id = \(workerID)
                order by id \(raw: transaction.dialect.forUpdate)
            )
            update job_queue set lease_until = \(now + lease), updated_at = \(now)
            from held where job_queue.id = held.job
            returning id, cancel_requested
            """
        )
        return try rows.map { (try $0.id("id"), try $0.bool("cancel_requested")) }
    }

    /// Ends a job well.
    /// - Throws: `DatabaseError` with the reason `leaseLost` where the claim is not the newest.
    package func complete(_ claim: JobClaim, now: Timestamp, in transaction: borrowing Transaction) throws {
        let changes = try transaction.execute(
            """
            update job_queue set
                status = 'completed', error = null, lease_until = null, completed_at = \(now), updated_at = \(now)
            where id = \(claim.id) and fence = \(claim.fence) and status = 'processing'
            """
        )
        guard changes == 1 else { throw DatabaseError.leaseLost }
    }

    /// Notes a failure.
    /// - Parameters:
    ///   - error: the failure's code or a text without secrets.
    ///   - retryAt: when to try again, or nil for never.
    /// - Returns: whether it is tried again: not after the last attempt that the job allows.
    /// - Throws: `DatabaseError` with the reason `leaseLost` where the claim is not the newest.
    @discardableResult
    package func fail(
        _ claim: JobClaim,
        error: String,
        retryAt: Timestamp?,
        now: Timestamp,
        in transaction: borrowing Transaction
    ) throws -> JobFailure {
        let mayRetry = retryAt != nil
        let rows = try transaction.query(
            """
            update job_queue set
                attempts = attempts + 1, error = \(error), worker_id = null, lease_until = null, updated_at = \(now),
                status = case when \(mayRetry) and attempts + 1 < max_attempts then 'pending' else 'failed' end,
                run_at = case when \(mayRetry) and attempts + 1 < max_attempts then \(retryAt ?? now) else run_at end,
                completed_at = case when \(mayRetry) and attempts + 1 < max_attempts then completed_at else \(now) end
            where id = \(claim.id) and fence = \(claim.fence) and status = 'processing'
            returning status
            """
        )
        guard let row = rows.first else { throw DatabaseError.leaseLost }
        guard let retryAt, try row.text("status") == "pending" else { return .failed }
        return .willRetry(at: retryAt)
    }

    /// Gives a job back unfinished, which is no failure: at shutdown, or to wait for something.
    /// - Parameter runAt: when it is due again; at once where somebody wants it stopped.
    /// - Returns: whether somebody does.
    /// - Throws: `DatabaseError` with the reason `leaseLost` where the claim is not the newest.
    @discardableResult
    package func release(
        _ claim: JobClaim,
        runAt: Timestamp,
        now: Timestamp,
        in transaction: borrowing Transaction
    ) throws -> Bool {
        let rows = try transaction.query(
            """
            update job_queue set
                status = 'pending', run_at = case when cancel_requested then \(now) else \(runAt) end,
                worker_id = null, lease_until = null, error = null, updated_at = \(now)
            where id = \(claim.id) and fence = \(claim.fence) and status = 'processing'
            returning cancel_requested
            """
        )
        guard let row = rows.first else { throw DatabaseError.leaseLost }
        return try row.bool("cancel_requested")
    }

    /// Makes a sleeping job due.
    ///
    /// The row is locked even where somebody works on the job, so that whoever puts it to sleep comes before or after.
    package func wake(
        _ id: JobID,
        workspaceID: WorkspaceID,
        now: Timestamp,
        in transaction: borrowing Transaction
    ) throws {
        try transaction.execute(
            """
            update job_queue set run_at = case when status = 'pending' and run_at > \(now) then \(now) else run_at end,
                updated_at = \(now)
            where workspace_id = \(workspaceID) and id = \(id) and status in ('pending', 'processing')
            """
        )
    }

    /// Checks a claim and keeps it until this transaction ends: nobody takes the job over before its commit.
    /// - Throws: `DatabaseError` with the reason `leaseLost` where the claim is not the newest.
    package func assertHeld(_ claim: JobClaim, in transaction: borrowing Transaction) throws {
        let rows = try transaction.query(
            """
            select 1 as held from job_queue
            where id = \(claim.id) and fence = \(claim.fence) and status = 'processing'
            \(raw: transaction.dialect.forShare)
            """
        )
        guard !rows.isEmpty else { throw DatabaseError.leaseLost }
    }

    /// Asks a job's worker to stop it; one that has no worker yet is handed out with the request.
    /// - Returns: false where there is no such job in the workspace or it has ended.
    @discardableResult
    package func requestCancel(
        workspaceID: WorkspaceID,
        id: JobID,
        now: Timestamp,
        in transaction: borrowing Transaction
    ) throws -> Bool {
        try transaction.execute(
            """
            update job_queue set cancel_requested = true, updated_at = \(now),
                run_at = case when status = 'pending' and run_at > \(now) then \(now) else run_at end
            where workspace_id = \(workspaceID) and id = \(id) and status in ('pending', 'processing')
            """
        ) == 1
    }

    /// Forgets jobs that ended before a moment.
    /// - Returns: how many, at most `limit`.
    package func prune(endedBefore moment: Timestamp, limit: Int, in transaction: borrowing Transaction) throws -> Int {
        try transaction.execute(
            """
            delete from job_queue where (workspace_id, id) in (
                select workspace_id, id from job_queue
                where completed_at < \(moment) and status in ('completed', 'failed')
                order by completed_at limit \(limit)
            )
            """
        )
    }

    private static func job(_ row: Row) throws -> ClaimedJob {
        ClaimedJob(
            workspaceID: try row.id("workspace_id"),
            id: try row.id("id"),
            type: try row.text("job_type"),
            payload: try row.json("payload_json"),
            fence: try row.integer("fence"),
            attempts: Int(try row.integer("attempts")),
            maximumAttempts: Int(try row.integer("max_attempts")),
            isCancelRequested: try row.bool("cancel_requested")
        )
    }
}

extension DatabaseError {
    /// Somebody else holds what this caller thinks it holds.
    package static var leaseLost: DatabaseError {
        DatabaseError(.leaseLost, "The lease was lost: somebody else has taken the work over.")
    }
}
