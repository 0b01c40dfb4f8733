package import CoreTypes

/// The tables `debate_inputs` and `debate_opinions`: what people say while a debate runs and after it.
package struct DebateInputStore: Sendable {
    /// Something that a person added to a running debate.
    package struct Input: Sendable {
        /// Grows with each input; a debate remembers the last one that it took up.
        package let cursor: Int64
        package let key: String
        package let author: String
        package let content: String
    }

    /// Makes the store.
    package init() {}

    /// Adds an input unless one with its key is there.
    ///
    /// Whoever adds one holds the debate (`DebateStore.hold`), so that a debate's inputs are committed in the order of
    /// their cursors, and whoever reads behind a cursor passes over none.
    /// - Returns: false for a twin.
    /// - Throws: `DatabaseError`.
    package func add(
        _ content: String,
        author: String,
        key: String,
        to debate: DebateID,
        workspace: WorkspaceID,
        now: Timestamp,
        in transaction: borrowing Transaction
    ) throws -> Bool {
        try transaction.execute(
            """
            insert into debate_inputs (workspace_id, debate_id, input_key, author, content, created_at)
            values (\(workspace), \(debate), \(key), \(author), \(content), \(now))
            on conflict do nothing
            """
        ) == 1
    }

    /// What was added behind a cursor, oldest first.
    /// - Throws: `DatabaseError`.
    package func inputs(
        of debate: DebateID,
        workspace: WorkspaceID,
        after cursor: Int64,
        in transaction: borrowing Transaction
    ) throws -> [Input] {
        try transaction.query(
            """
            select * from debate_inputs
            where workspace_id = \(workspace) and debate_id = \(debate) and input_id > \(cursor)
            order by input_id limit 200
            """
        ).map { row in
            Input(
                cursor: try row.integer("input_id"),
                key: try row.text("input_key"),
                author: try row.text("author"),
                content: try row.text("content")
            )
        }
    }

    /// What was added under a key; nil where nothing was.
    /// - Throws: `DatabaseError`.
    package func content(
        under key: String,
        in debate: DebateID,
        workspace: WorkspaceID,
        in transaction: borrowing Transaction
    ) throws -> String? {
        try transaction.query(
            """
            select content from debate_inputs
            where workspace_id = \(workspace) and debate_id = \(debate) and input_key = \(key)
            """
        ).first?.text("content")
    }

    /// How many were added behind a cursor.
    /// - Throws: `DatabaseError`.
    package func count(
        of debate: DebateID,
        workspace: WorkspaceID,
        after cursor: Int64,
        in transaction: borrowing Transaction
    ) throws -> Int {
        let row = try transaction.query(
            """
            select count(*) as total from debate_inputs
            where workspace_id = \(workspace) and debate_id = \(debate) and input_id > \(cursor)
            """
        ).first
        return Int(try row?.integer("total") ?? 0)
    }

    /// Writes down whether a person agrees with a verdict; the last word counts.
    /// - Returns: how many agree and disagree now.
    /// - Throws: `DatabaseError`.
    package func recordOpinion(
        agrees: Bool,
        person: String,
        debate: DebateID,
        workspace: WorkspaceID,
        now: Timestamp,
        in transaction: borrowing Transaction
    ) throws -> (agree: Int, disagree: Int) {
        try transaction.execute(
            """
            insert into debate_opinions (workspace_id, debate_id, person, agrees, created_at)
            values (\(workspace), \(debate), \(person), \(agrees), \(now))
            on conflict (workspace_id, debate_id, person) do update set agrees = excluded.agrees,
                created_at = excluded.created_at
            """
        )
        let rows = try transaction.query(
            "select agrees from debate_opinions where workspace_id = \(workspace) and debate_id = \(debate)"
        )
        let agree = try rows.count(where: { try $0.bool("agrees") })
        return (agree, rows.count - agree)
    }
}
