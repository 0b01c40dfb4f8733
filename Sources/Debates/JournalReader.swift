import CoreTypes

/// Reads a journal from its first entry on and checks that it is whole: numbers, canonical form and hashes.
package struct JournalReader: Sendable {
    /// From 1970 to the year 9999, in milliseconds.
    private static let times = Int64(0)...253_402_300_799_999
    private var writer = JournalWriter()

    /// Starts before the first entry.
    package init() {}

    /// Reads the next entry.
    /// - Parameter bytes: exactly the canonical JSON of one entry.
    /// - Throws: `DebateError` with code `invalid_journal`.
    package mutating func read(_ bytes: [UInt8]) throws(DebateError) -> JournalEntry {
        let reader = try EventReader(parsing: bytes)
        let sequence = try reader.integer("sequence")
        guard sequence == writer.sequence + 1 else {
            throw DebateError(.invalidJournal, "The journal is broken before entry \(sequence).")
        }
        let at = Timestamp(milliseconds: try reader.integer64("at"))
        guard Self.times.contains(at.rawValue) else {
            throw DebateError(.invalidJournal, "Journal entry \(sequence) is of no time that there is.")
        }
        let event = try DebateEvent(type: try reader.string("type"), data: try reader.object("data"))
        var lines = JournalLines()
        let entry = writer.append(event, at: at, to: &lines)
        // Writing it again must give the same bytes.
        guard lines.bytes == bytes else {
            throw DebateError(.invalidJournal, "Journal entry \(sequence) was changed.")
        }
        return entry
    }

    /// Compares the chain so far with the hash that was stored beside the last entry.
    /// - Throws: `DebateError` with code `invalid_journal`.
    package func check(head: [UInt8]) throws(DebateError) {
        guard head == writer.head.bytes else {
            throw DebateError(.invalidJournal, "The journal was changed at or before entry \(writer.sequence).")
        }
    }
}
