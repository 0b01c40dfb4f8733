package import CoreTypes

/// One entry of a debate's journal.
package struct JournalRow: Sendable, Hashable {
    package let sequence: Int
    /// One JSON object, byte for byte as it was written.
    package let bytes: [UInt8]
    /// The hash of this entry, where it is the last of those that were written together.
    package let head: [UInt8]?
}

/// Reads the journals of debates (table `debate_journal`).
package struct JournalStore: Sendable {
    private let database: any Database

    /// Makes the store.
    package init(_ database: any Database) {
        self.database = database
    }

    /// The entries behind a sequence number.
    /// - Parameters:
    ///   - sequence: the number of the last entry that the caller has; 0 for all.
    ///   - limit: the most entries.
    /// - Throws: `DatabaseError`.
    package func read(
        workspace: WorkspaceID,
        debate: DebateID,
        after sequence: Int = 0,
        limit: Int = 1000
    ) async throws -> [JournalRow] {
        try await database.read { transaction in
            try read(workspace: workspace, debate: debate, after: sequence, limit: limit, in: transaction)
        }
    }

    /// The entries behind a sequence number, as this transaction sees them.
    /// - Throws: `DatabaseError`.
    package func read(
        workspace: WorkspaceID,
        debate: DebateID,
        after sequence: Int = 0,
        limit: Int = 1000,
        in transaction: borrowing Transaction
    ) throws -> [JournalRow] {
        var entries: [JournalRow] = []
        var last = sequence
        // A row may hold many entries, so that the number of rows that are needed is not known before.
        while entries.count < limit {
            let rows = try transaction.query(
                """
                select first_sequence, last_sequence, entries, head from debate_journal
                where workspace_id = \(workspace) and debate_id = \(debate) and last_sequence > \(last)
                order by first_sequence limit \(min(64, limit - entries.count))
                """
            )
            for row in rows {
                let first = Int(try row.integer("first_sequence"))
                last = Int(try row.integer("last_sequence"))
                let lines = try row.blob("entries").split(
                    separator: UInt8(ascii: "\n"),
                    omittingEmptySubsequences: false
                )
                guard lines.count == last - first + 1 else {
                    throw DatabaseError(.decoding, "The journal of the debate \(debate) is damaged at entry \(first).")
                }
                for (offset, line) in lines.enumerated() where first + offset > sequence && entries.count < limit {
                    entries.append(
                        JournalRow(
                            sequence: first + offset,
                            bytes: Array(line),
                            head: first + offset == last ? try row.blob("head") : nil
                        )
                    )
                }
            }
            if rows.isEmpty { break }
        }
        return entries
    }

    /// The number of a journal's last entry; 0 where it is empty.
    /// - Throws: `DatabaseError`.
    package func lastSequence(
        workspace: WorkspaceID,
        debate: DebateID,
        in transaction: borrowing Transaction
    ) throws -> Int {
        let rows = try transaction.query(
            """
            select last_sequence from debate_journal where workspace_id = \(workspace) and debate_id = \(debate)
            order by first_sequence desc limit 1
            """
        )
        return Int(try rows.first?.integer("last_sequence") ?? 0)
    }
}
