package import CoreTypes

extension JournalStore {
    /// Writes a journal's last entries in the transaction that also says what follows from them.
    ///
    /// The caller checks its claim in the same transaction (`JobQueue.assertHeld`, or by completing the job).
    /// - Throws: `DatabaseError`; `uniqueViolation` where the journal does not end at the entry before.
    package func append(_ segment: JournalSegment, now: Timestamp, in transaction: borrowing Transaction) throws {
        guard segment.count > 0 else { return }
        let last = try lastSequence(workspace: segment.workspaceID, debate: segment.debateID, in: transaction)
        guard last == segment.firstSequence - 1 else {
            throw DatabaseError.journalGap(before: segment)
        }
        try transaction.execute(
            """
            insert into debate_journal (workspace_id, debate_id, first_sequence, last_sequence, entries, head, written_at)
            values (\(segment.workspaceID), \(segment.debateID), \(segment.firstSequence), \(segment.lastSequence),
                \(segment.bytes), \(segment.head), \(now))
            """
        )
    }
}
