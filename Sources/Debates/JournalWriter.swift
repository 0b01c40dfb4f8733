package import CoreTypes

/// Turns events into journal entries: numbers, encodes and chains them.
package struct JournalWriter: Sendable {
    /// The number of the last entry; 0 before the first.
    package private(set) var sequence: Int
    /// The hash of the last entry.
    package private(set) var head: JournalHash

    /// Goes on behind an entry; without arguments, starts a journal.
    package init(sequence: Int = 0, head: JournalHash = .zero) {
        self.sequence = sequence
        self.head = head
    }

    /// Makes the next entry and appends its canonical JSON to the lines.
    package mutating func append(_ event: DebateEvent, at: Timestamp, to lines: inout JournalLines) -> JournalEntry {
        sequence += 1
        var writer = JSONWriter(bytes: [])
        swap(&writer.bytes, &lines.bytes)
        if lines.count > 0 { writer.bytes.append(UInt8(ascii: "\n")) }
        let start = writer.bytes.count
        writer.literal(#"{"at":"#)
        writer.integer(at.rawValue)
        writer.literal(#","data":"#)
        event.writeData(to: &writer)
        writer.literal(#","sequence":"#)
        writer.integer(Int64(sequence))
        writer.literal(#","type":""#)
        writer.literal(event.type)
        writer.literal(#""}"#)
        head = writer.bytes.withUnsafeBytes { head.chained(with: UnsafeRawBufferPointer(rebasing: $0[start...])) }
        swap(&writer.bytes, &lines.bytes)
        lines.count += 1
        lines.head = head
        return JournalEntry(sequence: sequence, at: at, event: event, hash: head)
    }

    /// Makes the next entry of a journal that keeps no bytes: it has no hash.
    package mutating func appendUnencoded(_ event: DebateEvent, at: Timestamp) -> JournalEntry {
        sequence += 1
        return JournalEntry(sequence: sequence, at: at, event: event, hash: .zero)
    }
}
