package import CoreTypes

/// One line of a debate's journal.
///
/// `hash` is SHA-256 over the 32 bytes of the previous entry's hash followed by the canonical JSON of the entry
/// without its own hash; so no entry can be changed, left out or moved without every later hash changing.
package struct JournalEntry: Sendable, Hashable {
    /// The place in the journal, from 1.
    package let sequence: Int
    package let at: Timestamp
    package let event: DebateEvent
    package let previousHash: JournalHash
    package let hash: JournalHash

    /// Reads an entry and checks its hash.
    /// - Parameter bytes: exactly the canonical JSON of one entry.
    /// - Throws: `DebateError` with code `invalid_journal`.
    package init(decoding bytes: [UInt8]) throws(DebateError) {
        let reader = try EventReader(parsing: bytes)
        guard let previousHash = JournalHash(hexadecimal: try reader.string("previous")) else {
            throw DebateError(.invalidJournal, "A journal entry's previous hash is no SHA-256.")
        }
        var writer = JournalWriter(sequence: try reader.integer("sequence") - 1, head: previousHash)
        let event = try DebateEvent(type: try reader.string("type"), data: try reader.object("data"))
        let (entry, encoded) = writer.append(event, at: Timestamp(milliseconds: try reader.integer64("at")))
        // Writing it again must give the same bytes, hash included.
        guard encoded == bytes else {
            throw DebateError(.invalidJournal, "Journal entry \(entry.sequence) was changed.")
        }
        self = entry
    }

    init(sequence: Int, at: Timestamp, event: DebateEvent, previousHash: JournalHash, hash: JournalHash) {
        self.sequence = sequence
        self.at = at
        self.event = event
        self.previousHash = previousHash
        self.hash = hash
    }

    /// Reads a journal and checks that it is whole: sequence, chain and hashes.
    /// - Parameter entries: the canonical JSON of each entry, from the first.
    /// - Throws: `DebateError` with code `invalid_journal`.
    package static func decode(journal entries: [[UInt8]]) throws(DebateError) -> [JournalEntry] {
        var decoded: [JournalEntry] = []
        decoded.reserveCapacity(entries.count)
        for bytes in entries {
            let entry = try JournalEntry(decoding: bytes)
            guard entry.sequence == decoded.count + 1, entry.previousHash == decoded.last?.hash ?? .zero else {
                throw DebateError(.invalidJournal, "The journal is broken before entry \(entry.sequence).")
            }
            decoded.append(entry)
        }
        return decoded
    }
}
