package import CoreTypes
package import Persistence

/// The table `publications`.
package struct PublicationStore: Sendable {
    /// The moment of what is not tried again by itself.
    static let never = Timestamp(rawValue: .max)
    private static let columns = """
        workspace_id, publication_id, platform, debate_id, state, version, content_json, content_hash, requested_by,
        released_by, approval_id, result_url, error_code, error_message, available_at, created_at, updated_at
        """

    /// Makes the store.
    package init() {}

    /// Adds a draft; the same origin gives the one that is there.
    /// - Parameter contentHash: of the content as it was asked for; it tells repeated requests from others.
    /// - Returns: the publication, and whether it is new.
    /// - Throws: `PublicationError` with the code `conflict` where the origin has asked for something else, or
    ///   `DatabaseError`.
    package func insert(
        _ new: NewPublication,
        id: PublicationID,
        contentHash: String,
        now: Timestamp,
        in transaction: borrowing Transaction
    ) throws -> (publication: Publication, isNew: Bool) {
        let added = try transaction.execute(
            """
            insert into publications (workspace_id, publication_id, origin_key, platform, debate_id, state, version,
                content_json, content_hash, origin_hash, requested_by, available_at, created_at, updated_at)
            values (\(new.workspace), \(id), \(new.originKey), \(new.platform), \(new.debate), 'drafted', 1,
                \(new.content), \(contentHash), \(contentHash), \(new.requestedBy), \(now), \(now), \(now))
            on conflict do nothing
            """
        )
        let rows = try transaction.query(
            """
            select \(raw: Self.columns), origin_hash from publications
            where workspace_id = \(new.workspace) and origin_key = \(new.originKey)
            """
        )
        guard let row = rows.first else { throw DatabaseError(.constraint, "The id of a publication is taken.") }
        let found = try Self.publication(row)
        guard found.platform == new.platform, found.debate == new.debate, try row.text("origin_hash") == contentHash
        else { throw PublicationError.conflict("This key was used for another publication.") }
        return (found, added == 1)
    }

    /// A publication of a workspace.
    /// - Parameter isLocked: whether it stays as it is until this transaction ends.
    /// - Throws: `DatabaseError`.
    package func find(
        _ id: PublicationID,
        workspace: WorkspaceID,
        isLocked: Bool = false,
        in transaction: borrowing Transaction
    ) throws -> Publication? {
        try transaction.query(
            """
            select \(raw: Self.columns) from publications
            where workspace_id = \(workspace) and publication_id = \(id)
            \(raw: isLocked ? transaction.dialect.forUpdate : "")
            """
        ).first.map(Self.publication)
    }

    /// The publication with this id, or with an id that ends so, whichever workspace has it: for the operator.
    /// - Throws: `DatabaseError`.
    package func findAnywhere(_ id: PublicationID, in transaction: borrowing Transaction) throws -> Publication? {
        try transaction.query(
            "select \(raw: Self.columns) from publications where publication_id = \(id)"
        ).first.map(Self.publication)
    }

    /// The newest publications, newest first.
    /// - Parameter workspace: whose; nil for all, which is the operator's view.
    /// - Throws: `DatabaseError`.
    package func list(
        workspace: WorkspaceID?,
        limit: Int,
        offset: Int = 0,
        in transaction: borrowing Transaction
    ) throws -> (items: [Publication], total: Int) {
        let condition: SQL = workspace.map { "where workspace_id = \($0)" } ?? ""
        let rows = try transaction.query(
            """
            select \(raw: Self.columns) from publications \(condition)
            order by created_at desc, publication_id desc limit \(limit) offset \(offset)
            """
        )
        let total = try transaction.query("select count(*) as total from publications \(condition)")
        return (try rows.map(Self.publication), Int(try total.first?.integer("total") ?? 0))
    }

    /// Writes a changed state, unless somebody else changed the publication since it was read.
    /// - Returns: the publication as it is now.
    /// - Throws: `PublicationError` with the code `conflict`, or `DatabaseError`.
    package func change(
        _ publication: Publication,
        to state: PublicationState,
        _ change: Change = Change(),
        now: Timestamp,
        in transaction: borrowing Transaction
    ) throws -> Publication {
        let rows = try transaction.query(
            """
            update publications set state = \(state.rawValue), version = version + 1,
                content_json = \(change.content ?? publication.content),
                content_hash = \(change.contentHash ?? publication.contentHash),
                released_by = \(change.releasedBy ?? publication.releasedBy),
                approval_id = \(change.approval ?? publication.approval),
                result_url = \(change.url ?? publication.url), error_code = \(change.errorCode),
                error_message = \(change.errorMessage), available_at = \(change.availableAt ?? now),
                updated_at = \(now)
            where workspace_id = \(publication.workspace) and publication_id = \(publication.id)
                and version = \(publication.version)
            returning \(raw: Self.columns)
            """
        )
        guard let row = rows.first else {
            throw PublicationError.conflict("The publication was changed in the meantime.")
        }
        return try Self.publication(row)
    }

    /// What changes beside the state.
    package struct Change: Sendable {
        var content: JSONValue?
        var contentHash: String?
        var releasedBy: String?
        var approval: String?
        var url: String?
        var errorCode: String?
        var errorMessage: String?
        var availableAt: Timestamp?
    }

    static func publication(_ row: Row) throws -> Publication {
        Publication(
            workspace: try row.id("workspace_id"),
            id: try row.id("publication_id"),
            platform: try row.text("platform"),
            debate: try row.textOrNil("debate_id").map { DebateID($0) },
            state: try row.word("state", of: "a publication"),
            version: try row.integer("version"),
            content: try row.json("content_json"),
            contentHash: try row.text("content_hash"),
            requestedBy: try row.text("requested_by"),
            releasedBy: try row.textOrNil("released_by"),
            approval: try row.textOrNil("approval_id"),
            url: try row.textOrNil("result_url"),
            errorCode: try row.textOrNil("error_code"),
            errorMessage: try row.textOrNil("error_message"),
            availableAt: try row.timestamp("available_at"),
            createdAt: try row.timestamp("created_at"),
            updatedAt: try row.timestamp("updated_at")
        )
    }
}
