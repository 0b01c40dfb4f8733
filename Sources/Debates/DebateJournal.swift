/// Where a running debate writes what happens.
package protocol DebateJournal: Sendable {
    /// Whether the entries' bytes are kept. A journal that keeps none, as in measurements of the engine alone, gets
    /// entries without hashes.
    var wantsEncoding: Bool { get }

    /// Takes entries over; returns at once and keeps their order.
    /// - Parameters:
    ///   - entries: the entries, in order, behind all that were appended before.
    ///   - lines: the same in the form that is stored; empty where `wantsEncoding` is false.
    /// - Throws: whatever shows that this process may no longer write, such as a lost lease; the run then ends with
    ///   that error.
    func append(_ entries: [JournalEntry], lines: JournalLines) throws
}

extension DebateJournal {
    package var wantsEncoding: Bool { true }
}

/// Where a running debate finds what people added to it.
package protocol DebateInputs: Sendable {
    /// The inputs behind a cursor, in order; 0 for all.
    /// - Throws: where they cannot be read; the run then ends with that error and is tried again later.
    func load(after cursor: Int64) async throws -> [DebateInput]
}

/// How a run ended, and what its caller has to write down.
package struct DebateOutcome: Sendable {
    package let result: DebateResult
    /// The whole journal, the final entries included.
    package let entries: [JournalEntry]
    /// The entries that end the debate; empty where the journal held the end already.
    ///
    /// They are not appended yet: the caller writes them in the transaction that holds everything else which follows
    /// from the end.
    package let finalEntries: [JournalEntry]
    /// The final entries in the form that is stored.
    package let finalLines: JournalLines
    /// Where the debate waits for people, as its journal says; nil where it has ended.
    package var waiting: DebateBreakpoint?
}
