package import CoreTypes

/// One entry of a debate's journal.
///
/// `hash` is SHA-256 over the 32 bytes of the previous entry's hash (zeros before the first) followed by the entry's
/// canonical JSON; so no entry can be changed, left out or moved without every later hash changing.
package struct JournalEntry: Sendable, Hashable {
    /// The place in the journal, from 1.
    package let sequence: Int
    package let at: Timestamp
    package let event: DebateEvent
    package let hash: JournalHash

    init(sequence: Int, at: Timestamp, event: DebateEvent, hash: JournalHash) {
        self.sequence = sequence
        self.at = at
        self.event = event
        self.hash = hash
    }

    /// Reads a journal and checks that it is whole.
    /// - Parameter entries: the canonical JSON of each entry, from the first.
    /// - Throws: `DebateError` with code `invalid_journal`.
    package static func decode(journal entries: [[UInt8]]) throws(DebateError) -> [JournalEntry] {
        var reader = JournalReader()
        var decoded: [JournalEntry] = []
        decoded.reserveCapacity(entries.count)
        for bytes in entries { decoded.append(try reader.read(bytes)) }
        return decoded
    }
}
