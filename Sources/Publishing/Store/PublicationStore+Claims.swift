package import CoreTypes
package import Persistence

/// The right to work on a publication, until its lease runs out.
package struct PublicationClaim: Sendable, Hashable {
    package let workspace: WorkspaceID
    package let id: PublicationID
    /// Raised by every claim; only the newest is heard.
    package let fence: Int64
}

extension PublicationStore {
    /// Takes a publication that is due and that nobody works on.
    /// - Parameter only: the one that is wanted; nil for any.
    /// - Throws: `DatabaseError`.
    package func claim(
        only: PublicationID? = nil,
        owner: String,
        lease: Duration,
        now: Timestamp,
        in transaction: borrowing Transaction
    ) throws -> (publication: Publication, claim: PublicationClaim)? {
        let wanted: SQL = only.map { "and publication_id = \($0)" } ?? ""
        let due = try transaction.query(
            """
            select publication_id from publications
            where state in ('released', 'sending', 'withdrawing') and available_at <= \(now)
                and (lease_until is null or lease_until <= \(now)) \(wanted)
            order by available_at limit 1 \(raw: transaction.dialect.forUpdateSkipLocked)
            """
        )
        guard let id = try due.first?.text("publication_id") else { return nil }
        let rows = try transaction.query(
            """
            update publications set lease_owner = \(owner), lease_until = \(now + lease), fence = fence + 1
            where publication_id = \(id) returning *
            """
        )
        return try rows.first.map { row in
            let publication = try Self.publication(row)
            let fence = try row.integer("fence")
            return (publication, PublicationClaim(workspace: publication.workspace, id: publication.id, fence: fence))
        }
    }

    /// Prolongs a claim.
    /// - Throws: `DatabaseError`; `leaseLost` where somebody else has the publication.
    package func heartbeat(
        _ claim: PublicationClaim,
        lease: Duration,
        now: Timestamp,
        in transaction: borrowing Transaction
    ) throws {
        try fenced(claim, set: "lease_until = \(now + lease)", in: transaction)
    }

    /// Gives a claim back; the publication is due again at a moment.
    /// - Throws: `DatabaseError`; `leaseLost` where somebody else has the publication.
    package func release(
        _ claim: PublicationClaim,
        availableAt: Timestamp,
        errorCode: String? = nil,
        errorMessage: String? = nil,
        in transaction: borrowing Transaction
    ) throws {
        try fenced(
            claim,
            set: """
                lease_owner = null, lease_until = null, available_at = \(availableAt), error_code = \(errorCode),
                error_message = \(errorMessage)
                """,
            in: transaction
        )
    }

    /// Checks a claim and keeps it until this transaction ends.
    /// - Throws: `DatabaseError`; `leaseLost` where somebody else has the publication.
    package func assertHeld(_ claim: PublicationClaim, in transaction: borrowing Transaction) throws {
        let rows = try transaction.query(
            """
            select 1 as held from publications
            where workspace_id = \(claim.workspace) and publication_id = \(claim.id) and fence = \(claim.fence)
                and lease_owner is not null
            \(raw: transaction.dialect.forUpdate)
            """
        )
        guard !rows.isEmpty else { throw DatabaseError.leaseLost }
    }

    /// Ends a claim together with what else its transaction does.
    /// - Throws: `DatabaseError`; `leaseLost` where somebody else has the publication.
    package func end(_ claim: PublicationClaim, in transaction: borrowing Transaction) throws {
        try fenced(claim, set: "lease_owner = null, lease_until = null", in: transaction)
    }

    private func fenced(_ claim: PublicationClaim, set: SQL, in transaction: borrowing Transaction) throws {
        let changes = try transaction.execute(
            """
            update publications set \(set)
            where workspace_id = \(claim.workspace) and publication_id = \(claim.id) and fence = \(claim.fence)
                and lease_owner is not null
            """
        )
        guard changes == 1 else { throw DatabaseError.leaseLost }
    }
}
