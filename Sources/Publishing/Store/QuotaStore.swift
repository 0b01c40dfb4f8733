package import CoreTypes
package import Persistence

/// What an account may do within a window: as a platform says it, or as we count it.
package struct Quota: Sendable, Hashable {
    package let bucket: String
    package let used: Int64
    package let limit: Int64
    package let resetsAt: Timestamp

    /// What is left of it at a moment.
    package func remaining(at now: Timestamp) -> Int64 { resetsAt <= now ? limit : max(0, limit - used) }
}

/// The table `publication_quotas`.
package struct QuotaStore: Sendable {
    /// Whose quota it is.
    package struct Account: Sendable, Hashable {
        package var workspace: WorkspaceID
        package var platform: String
        /// The platform's name of the account or of the app.
        package var name: String

        /// Names an account.
        package init(workspace: WorkspaceID, platform: String, name: String) {
            self.workspace = workspace
            self.platform = platform
            self.name = name
        }
    }

    /// Makes the store.
    package init() {}

    /// Takes units of a window whose size we know.
    /// - Returns: nil where they are taken, or the moment at which there are more.
    /// - Throws: `DatabaseError`.
    package func take(
        _ units: Int64,
        of limit: Int64,
        bucket: String,
        until end: Timestamp,
        account: Account,
        now: Timestamp,
        in transaction: borrowing Transaction
    ) throws -> Timestamp? {
        guard units <= limit else { return end }
        let rows = try transaction.query(
            """
            insert into publication_quotas (workspace_id, platform, account, bucket, used, quota, resets_at, updated_at)
            values (\(account.workspace), \(account.platform), \(account.name), \(bucket), \(units), \(limit), \(end),
                \(now))
            on conflict (workspace_id, platform, account, bucket) do update set
                used = case when publication_quotas.resets_at <= \(now) then 0 else publication_quotas.used end
                    + excluded.used,
                quota = excluded.quota, resets_at = excluded.resets_at, updated_at = excluded.updated_at
            where publication_quotas.resets_at <= \(now) or publication_quotas.used + excluded.used <= \(limit)
            returning used
            """
        )
        return rows.isEmpty ? end : nil
    }

    /// Takes one call of a window that the platform told us of; a window that nobody has told of lets it pass.
    /// - Returns: nil where it is taken, or the moment at which there are more.
    /// - Throws: `DatabaseError`.
    package func takeKnown(
        bucket: String,
        account: Account,
        now: Timestamp,
        in transaction: borrowing Transaction
    ) throws -> Timestamp? {
        let changed = try transaction.execute(
            """
            update publication_quotas set used = used + 1, updated_at = \(now)
            where workspace_id = \(account.workspace) and platform = \(account.platform)
                and account = \(account.name) and bucket = \(bucket) and (used < quota or resets_at <= \(now))
            """
        )
        guard changed == 0 else { return nil }
        return try find(account, in: transaction).first { $0.bucket == bucket && $0.resetsAt > now }?.resetsAt
    }

    /// Notes what a platform says of a window.
    /// - Throws: `DatabaseError`.
    package func note(
        bucket: String,
        limit: Int64,
        remaining: Int64,
        resetsAt: Timestamp,
        account: Account,
        now: Timestamp,
        in transaction: borrowing Transaction
    ) throws {
        try transaction.execute(
            """
            insert into publication_quotas (workspace_id, platform, account, bucket, used, quota, resets_at, updated_at)
            values (\(account.workspace), \(account.platform), \(account.name), \(bucket), \(limit - remaining),
                \(limit), \(resetsAt), \(now))
            on conflict (workspace_id, platform, account, bucket) do update set
                used = excluded.used, quota = excluded.quota, resets_at = excluded.resets_at,
                updated_at = excluded.updated_at
            """
        )
    }

    /// An account's windows.
    /// - Throws: `DatabaseError`.
    package func find(_ account: Account, in transaction: borrowing Transaction) throws -> [Quota] {
        try transaction.query(
            """
            select bucket, used, quota, resets_at from publication_quotas
            where workspace_id = \(account.workspace) and platform = \(account.platform)
                and account = \(account.name) order by bucket
            """
        ).map { row in
            Quota(
                bucket: try row.text("bucket"),
                used: try row.integer("used"),
                limit: try row.integer("quota"),
                resetsAt: try row.timestamp("resets_at")
            )
        }
    }
}
