/// Entries that follow each other in a journal, in the form in which they are stored.
package struct JournalLines: Sendable, Hashable {
    /// Each entry's canonical JSON, with a line feed between; canonical JSON has none inside.
    package internal(set) var bytes: [UInt8] = []
    /// How many entries there are.
    package internal(set) var count = 0
    /// The hash of the last entry.
    package internal(set) var head = JournalHash.zero

    /// Holds no entry.
    package init() {}

    /// Whether there is no entry.
    package var isEmpty: Bool { count == 0 }
}
