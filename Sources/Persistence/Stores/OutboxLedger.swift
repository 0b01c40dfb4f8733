package import CoreTypes

/// The table `outbox` as an operator sees it: how much waits, what has gone wrong, what is done about that, and what is
/// forgotten.
///
/// What sends is `OutboxStore`.
package struct OutboxLedger: Sendable {
    /// Makes the ledger.
    package init() {}

    /// How many rows are in each state but sent.
    /// - Throws: `DatabaseError`.
    package func unsentCounts(in transaction: borrowing Transaction) throws -> [OutboxStatus: Int] {
        try counts(
            """
            select status, count(*) as total from outbox where status in (0, 1, 4) group by status
            union all
            select 3, count(*) from outbox where status = 3 and error_code <> \(OutboxStore.superseded)
            """,
            transaction
        )
    }

    /// How many rows are in each state.
    ///
    /// Reads the whole table: for a person who asks, not for a loop.
    /// - Throws: `DatabaseError`.
    package func counts(in transaction: borrowing Transaction) throws -> [OutboxStatus: Int] {
        try counts(
            """
            select status, count(*) as total from outbox
            where error_code is null or error_code <> \(OutboxStore.superseded) group by status
            """,
            transaction
        )
    }

    private func counts(_ statement: SQL, _ transaction: borrowing Transaction) throws -> [OutboxStatus: Int] {
        var counts: [OutboxStatus: Int] = [:]
        for row in try transaction.query(statement) {
            counts[try OutboxStatus(column: row.integer("status"))] = Int(try row.integer("total"))
        }
        return counts
    }

    /// The rows that failed, are unknown, or wait because something is wrong: one line for each platform, state and
    /// code, with its newest row; the line with the newest row first.
    /// - Parameter limit: the most lines.
    /// - Throws: `DatabaseError`.
    package func listTroubles(limit: Int, in transaction: borrowing Transaction) throws -> [OutboxTrouble] {
        try transaction.query(
            """
            select o.*, g.total from outbox o join (
                select max(outbox_id) as newest, count(*) as total from outbox
                where (status in (3, 4) or (status = 0 and error_code is not null))
                    and (error_code is null or error_code <> \(OutboxStore.superseded))
                group by platform, status, error_code
            ) g on g.newest = o.outbox_id
            order by o.outbox_id desc limit \(limit)
            """
        ).map { row in
            OutboxTrouble(
                count: Int(try row.integer("total")),
                workspace: try row.id("workspace_id"),
                key: try row.id("outbox_key"),
                platform: try row.text("platform"),
                operation: try row.text("operation"),
                status: try OutboxStatus(column: row.integer("status")),
                errorCode: try row.textOrNil("error_code") ?? "",
                errorMessage: try row.textOrNil("error_message") ?? "",
                updatedAt: try row.timestamp("updated_at")
            )
        }
    }

    /// Forgets rows that were sent before a moment.
    /// - Returns: how many, at most `limit`.
    /// - Throws: `DatabaseError`.
    @discardableResult
    package func purgeSent(before moment: Timestamp, limit: Int, in transaction: borrowing Transaction) throws -> Int {
        try transaction.execute(
            """
            delete from outbox where outbox_id in (
                select outbox_id from (
                    select outbox_id, updated_at from outbox where status = 2 and updated_at < \(moment)
                    union all
                    select outbox_id, updated_at from outbox
                    where status = 3 and updated_at < \(moment) and error_code = \(OutboxStore.superseded)
                    order by updated_at limit \(limit)
                ) as settled
            )
            """
        )
    }

    /// Forgets rows that failed for good before a moment.
    /// - Returns: how many, at most `limit`.
    /// - Throws: `DatabaseError`.
    @discardableResult
    package func purgeFailed(before moment: Timestamp, limit: Int, in transaction: borrowing Transaction) throws -> Int
    {
        try transaction.execute(
            """
            delete from outbox where outbox_id in (
                select outbox_id from outbox where status = 3 and updated_at < \(moment)
                order by updated_at limit \(limit)
            )
            """
        )
    }

    /// Forgets rows of which nobody will ever know whether they arrived and about which nobody has done anything since
    /// a moment.
    /// - Returns: how many, at most `limit`.
    /// - Throws: `DatabaseError`.
    package func purgeUnknown(before moment: Timestamp, limit: Int, in transaction: borrowing Transaction) throws -> Int
    {
        try transaction.execute(
            """
            delete from outbox where outbox_id in (
                select outbox_id from outbox where \(Self.isUnknownForGood) and updated_at < \(moment)
                order by outbox_id limit \(limit)
            )
            """
        )
    }
}
