package import CoreTypes
import Crypto

/// Turns events into journal entries: numbers, chains, encodes and hashes them.
package struct JournalWriter: Sendable {
    /// The number of the last entry; 0 before the first.
    package private(set) var sequence: Int
    /// The hash of the last entry.
    package private(set) var head: JournalHash
    private var scratch: [UInt8] = []

    /// Goes on behind an entry; without arguments, starts a journal.
    package init(sequence: Int = 0, head: JournalHash = .zero) {
        self.sequence = sequence
        self.head = head
    }

    /// Makes the next entry, with its canonical JSON.
    package mutating func append(_ event: DebateEvent, at: Timestamp) -> (entry: JournalEntry, encoded: [UInt8]) {
        let previous = head
        sequence += 1
        // The previous hash and the JSON without the hash stand side by side, so that one pass hashes both.
        var writer = JSONWriter(bytes: scratch)
        scratch = []
        writer.bytes.removeAll(keepingCapacity: true)
        previous.append(to: &writer.bytes)
        writer.bytes.append(UInt8(ascii: "{"))
        writer.member("at", at.rawValue)
        writer.key("data")
        event.writeData(to: &writer)
        writer.bytes.append(UInt8(ascii: ","))
        let split = writer.bytes.count
        writer.literal("\"previous\":\"")
        previous.appendHexadecimal(to: &writer.bytes)
        writer.bytes.append(UInt8(ascii: "\""))
        writer.member("sequence", sequence)
        writer.key("type")
        writer.bytes.append(UInt8(ascii: "\""))
        writer.literal(event.type)
        writer.literal("\"}")
        scratch = writer.bytes
        writer.bytes = []

        let hash = scratch.withUnsafeBytes { buffer in
            var sha = SHA256()
            sha.update(bufferPointer: buffer)
            return JournalHash(sha.finalize())
        }
        var encoded: [UInt8] = []
        encoded.reserveCapacity(scratch.count - 32 + 74)
        encoded.append(contentsOf: scratch[32..<split])
        encoded.append(contentsOf: #""hash":""#.utf8)
        hash.appendHexadecimal(to: &encoded)
        encoded.append(contentsOf: #"","#.utf8)
        encoded.append(contentsOf: scratch[split...])
        head = hash
        let entry = JournalEntry(sequence: sequence, at: at, event: event, previousHash: previous, hash: hash)
        return (entry, encoded)
    }

    /// Makes the next entry of a journal that keeps no bytes: it has no hash.
    package mutating func appendUnencoded(_ event: DebateEvent, at: Timestamp) -> JournalEntry {
        sequence += 1
        return JournalEntry(sequence: sequence, at: at, event: event, previousHash: .zero, hash: .zero)
    }
}
