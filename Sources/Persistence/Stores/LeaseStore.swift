package import CoreTypes

/// Leadership where only one process may lead.
package struct Lease: Sendable, Hashable {
    package let name: String
    package let owner: String
    /// Raised whenever a free lease is taken; letting a lease go checks it, so that nobody lets a later one go.
    package let fence: Int64
    package let until: Timestamp
}

/// Who leads, for how long (table `leases`).
package struct LeaseStore: Sendable {
    /// Makes the store.
    package init() {}

    /// Takes a free lease or prolongs one's own.
    /// - Returns: nil where somebody else holds it.
    /// - Throws: `DatabaseError`.
    package func acquire(
        _ name: String,
        owner: String,
        duration: Duration,
        now: Timestamp,
        in transaction: borrowing Transaction
    ) throws -> Lease? {
        let until = now + duration
        let rows = try transaction.query(
            """
            insert into leases (name, owner, fence, lease_until) values (\(name), \(owner), 1, \(until))
            on conflict (name) do update set
                owner = excluded.owner, lease_until = excluded.lease_until,
                fence = leases.fence
                    + case when leases.owner = excluded.owner and leases.lease_until > \(now) then 0 else 1 end
            where leases.owner = excluded.owner or leases.lease_until <= \(now)
            returning fence
            """
        )
        return try rows.first.map { Lease(name: name, owner: owner, fence: try $0.integer("fence"), until: until) }
    }

    /// Lets a lease go before its time; one that is lost is left alone.
    /// - Throws: `DatabaseError`.
    package func release(_ lease: Lease, in transaction: borrowing Transaction) throws {
        try transaction.execute(
            """
            update leases set lease_until = 0
            where name = \(lease.name) and owner = \(lease.owner) and fence = \(lease.fence)
            """
        )
    }
}
