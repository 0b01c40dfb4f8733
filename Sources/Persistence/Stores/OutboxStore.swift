package import CoreTypes

/// The table `outbox`: every effect on the outside world.
///
/// Everything behind a claim is fenced: once somebody else has claimed the row, the former owner's writes throw
/// `DatabaseError` with `leaseLost` and change nothing.
package struct OutboxStore: Sendable {
    /// The moment of what is never tried again.
    package static let never = Timestamp(rawValue: .max)
    /// The code of a queued row whose content was overtaken by a newer one while it was being tried.
    package static let superseded = "superseded"
    /// The code of a row that waits for credentials.
    package static let authentication = "authentication"

    /// Makes the store.
    package init() {}

    /// Adds a row, or replaces the content of a still queued one with the same `coalesceKey`.
    ///
    /// A key that is there already changes nothing, so a state change that is worked out again enqueues nothing twice.
    /// - Throws: `DatabaseError`.
    package func enqueue(_ row: NewOutboxRow, now: Timestamp, in transaction: borrowing Transaction) throws {
        // A second time, in case somebody else enqueued the same coalesce key between the update and the insert.
        for _ in 0..<2 {
            if try replaceQueued(row, now: now, in: transaction) { return }
            let added = try transaction.execute(
                """
                insert into outbox (workspace_id, outbox_key, platform, destination, operation, address_json,
                    payload_json, target_key, coalesce_key, context_json, available_at, expires_at, created_at,
                    updated_at)
                values (\(row.workspace), \(row.key), \(row.platform), \(row.destination), \(row.operation),
                    \(row.addressJSON), \(row.payloadJSON), \(row.targetKey.sqlValue), \(row.coalesceKey.sqlValue),
                    \(row.contextJSON), \(row.availableAt), \(row.expiresAt.sqlValue), \(now), \(now))
                on conflict do nothing
                """
            )
            if added == 1 { return }
            let same = try transaction.query(
                "select 1 from outbox where workspace_id = \(row.workspace) and outbox_key = \(row.key)"
            )
            if !same.isEmpty { return }
        }
        throw DatabaseError(.serialization, "Two changes of one message met; the later one has to be tried again.")
    }

    private func replaceQueued(_ row: NewOutboxRow, now: Timestamp, in transaction: borrowing Transaction) throws
        -> Bool
    {
        guard let coalesceKey = row.coalesceKey else { return false }
        let changed = try transaction.execute(
            """
            update outbox set payload_json = \(row.payloadJSON), context_json = \(row.contextJSON),
                address_json = \(row.addressJSON), expires_at = \(row.expiresAt.sqlValue), parts_json = null,
                receipts_json = '[]', attempts = 0, updated_at = \(now)
            where workspace_id = \(row.workspace) and coalesce_key = \(coalesceKey) and status = 0
            """
        )
        return changed > 0
    }

    /// Claims rows that are due, the oldest first: queued ones, unknown ones that can be reconciled, and those whose
    /// owner let the lease run out (they become unknown).
    ///
    /// Only the oldest open row of each destination can be claimed, so nothing overtakes. An unknown row that can never
    /// be reconciled holds nobody back.
    /// - Throws: `DatabaseError`.
    package func claim(
        owner: String,
        limit: Int,
        lease: Duration,
        now: Timestamp,
        in transaction: borrowing Transaction
    ) throws -> [ClaimedOutboxRow] {
        let rows = try transaction.query(
            """
            select o.* from outbox o
            where o.status in (0, 1, 4) and o.available_at <= \(now)
                and (o.lease_until is null or o.lease_until <= \(now))
                and not exists (
                    select 1 from outbox e
                    where e.status in (0, 1, 4) and e.destination = o.destination and e.outbox_id < o.outbox_id
                        and e.workspace_id = o.workspace_id and e.available_at < \(Self.never)
                )
            order by o.outbox_id limit \(limit) \(raw: transaction.dialect.forUpdateSkipLocked)
            """
        )
        guard !rows.isEmpty else { return [] }
        try transaction.execute(
            """
            update outbox set status = case status when 0 then 1 else 4 end, lease_owner = \(owner),
                lease_until = \(now + lease), fence = fence + 1, updated_at = \(now)
            where outbox_id in (\(list: try rows.map { try $0.integer("outbox_id") }))
            """
        )
        return try rows.map { try ClaimedOutboxRow($0, owner: owner) }
    }

    /// Makes everything due at once that waits for a workspace's credentials.
    /// - Returns: how many rows.
    /// - Throws: `DatabaseError`.
    @discardableResult
    package func wake(workspace: WorkspaceID, now: Timestamp, in transaction: borrowing Transaction) throws -> Int {
        try transaction.execute(
            """
            update outbox set available_at = \(now)
            where status in (0, 1, 4) and status = 0 and workspace_id = \(workspace)
                and error_code = \(Self.authentication)
            """
        )
    }

    /// Renews a lease.
    /// - Throws: `DatabaseError`; `leaseLost` where somebody else has the row.
    package func heartbeat(
        _ claim: OutboxClaim,
        lease: Duration,
        now: Timestamp,
        in transaction: borrowing Transaction
    ) throws {
        try fenced(claim, set: "lease_until = \(now + lease)", in: transaction)
    }

    /// Writes down, before its first byte leaves, that a part is on its way, and what became of those before it.
    /// - Parameter partsJSON: what was rendered; stays the same for every try.
    /// - Throws: `DatabaseError`; `leaseLost` where somebody else has the row.
    package func markSending(
        _ claim: OutboxClaim,
        partsJSON: String,
        receiptsJSON: String,
        now: Timestamp,
        in transaction: borrowing Transaction
    ) throws {
        try fenced(
            claim,
            set: """
                status = 1, parts_json = \(partsJSON), receipts_json = \(receiptsJSON), error_code = null,
                error_message = null, updated_at = \(now)
                """,
            in: transaction
        )
    }

    /// What was said is not kept longer than it is needed: it may hold links that let whoever has them decide.
    static let contentGone: SQL = "payload_json = '{}', parts_json = null"

    /// Ends a row well.
    /// - Throws: `DatabaseError`; `leaseLost` where somebody else has the row.
    package func markSent(
        _ claim: OutboxClaim,
        receiptsJSON: String,
        now: Timestamp,
        in transaction: borrowing Transaction
    ) throws {
        try fenced(
            claim,
            set: """
                status = 2, receipts_json = \(receiptsJSON), \(Self.contentGone), error_code = null,
                error_message = null, lease_owner = null, lease_until = null, updated_at = \(now)
                """,
            in: transaction
        )
    }

    /// Ends a row for good without success.
    /// - Throws: `DatabaseError`; `leaseLost` where somebody else has the row.
    package func markFailed(
        _ claim: OutboxClaim,
        receiptsJSON: String,
        note: OutboxNote,
        now: Timestamp,
        in transaction: borrowing Transaction
    ) throws {
        try fenced(
            claim,
            set: """
                status = 3, receipts_json = \(receiptsJSON), \(Self.contentGone), error_code = \(note.code),
                error_message = \(note.message), lease_owner = null, lease_until = null, updated_at = \(now)
                """,
            in: transaction
        )
    }

    /// Gives a row back whose last part may or may not have arrived.
    /// - Parameter moment: when the platform is to be asked; `never` where it cannot be, which ends the row. What it
    ///   says is kept then until somebody has settled it: it may have to be sent once more.
    /// - Throws: `DatabaseError`; `leaseLost` where somebody else has the row.
    package func markUnknown(
        _ claim: OutboxClaim,
        receiptsJSON: String,
        askingAt moment: Timestamp,
        note: OutboxNote,
        now: Timestamp,
        in transaction: borrowing Transaction
    ) throws {
        try fenced(
            claim,
            set: """
                status = 4, receipts_json = \(receiptsJSON), available_at = \(moment), error_code = \(note.code),
                error_message = \(note.message), lease_owner = null, lease_until = null, updated_at = \(now)
                """,
            in: transaction
        )
    }

    /// Gives a row back whose next part certainly did not arrive.
    ///
    /// Where a newer row with the same `coalesceKey` has been queued meanwhile, that one takes over and this one ends
    /// as superseded.
    /// - Parameter note: why, where something went wrong.
    /// - Throws: `DatabaseError`; `leaseLost` where somebody else has the row.
    package func requeue(
        _ claim: OutboxClaim,
        receiptsJSON: String,
        at moment: Timestamp,
        attempts: Int,
        note: OutboxNote?,
        now: Timestamp,
        in transaction: borrowing Transaction
    ) throws {
        let newer = try transaction.query(
            """
            select 1 from outbox o join outbox n on n.workspace_id = o.workspace_id and n.coalesce_key = o.coalesce_key
                and n.status = 0 and n.outbox_key <> o.outbox_key
            where o.workspace_id = \(claim.workspace) and o.outbox_key = \(claim.key)
            """
        )
        guard newer.isEmpty else {
            let note = OutboxNote(code: Self.superseded, message: "A newer change of the same message took over.")
            return try markFailed(claim, receiptsJSON: receiptsJSON, note: note, now: now, in: transaction)
        }
        try fenced(
            claim,
            set: """
                status = 0, receipts_json = \(receiptsJSON), available_at = \(moment), attempts = \(attempts),
                error_code = \((note?.code).sqlValue), error_message = \((note?.message).sqlValue),
                lease_owner = null, lease_until = null, updated_at = \(now)
                """,
            in: transaction
        )
    }

    /// Changes the receipts of a row that is sent, for the messages that an edit of it had to post.
    /// - Throws: `DatabaseError`, and what the closure throws.
    package func changeReceipts(
        of key: OutboxKey,
        workspace: WorkspaceID,
        in transaction: borrowing Transaction,
        _ change: (String) throws -> String
    ) throws {
        let found = try transaction.query(
            """
            select receipts_json from outbox where workspace_id = \(workspace) and outbox_key = \(key)
            \(raw: transaction.dialect.forUpdate)
            """
        ).first
        guard let found else { return }
        let changed = try change(try found.text("receipts_json"))
        try transaction.execute(
            "update outbox set receipts_json = \(changed) where workspace_id = \(workspace) and outbox_key = \(key)"
        )
    }

    private func fenced(_ claim: OutboxClaim, set assignments: SQL, in transaction: borrowing Transaction) throws {
        let changed = try transaction.execute(
            """
            update outbox set \(assignments)
            where workspace_id = \(claim.workspace) and outbox_key = \(claim.key) and fence = \(claim.fence)
                and lease_owner = \(claim.owner)
            """
        )
        guard changed == 1 else { throw DatabaseError(.leaseLost, "Somebody else has taken over this send.") }
    }
}
