import CoreTypes
import Crypto

/// A SHA-256 digest, kept without a heap allocation.
package struct JournalHash: Sendable, Hashable {
    private var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

    /// What stands before the first entry: 32 bytes of zero.
    package static let zero = JournalHash()

    private init() {}

    private init(_ digest: SHA256Digest) {
        digest.withUnsafeBytes { source in
            withUnsafeMutableBytes(of: &words) { $0.copyMemory(from: source) }
        }
    }

    /// The digest's 32 bytes.
    package var bytes: [UInt8] { withUnsafeBytes(of: words) { Array($0) } }

    /// The digest as 64 lower-case hexadecimal digits.
    package var hexadecimal: String { CoreTypes.hexadecimal(bytes) }

    /// The hash of what stands behind the entry with this hash.
    func chained(with entry: UnsafeRawBufferPointer) -> JournalHash {
        var digest = SHA256()
        withUnsafeBytes(of: words) { digest.update(bufferPointer: $0) }
        digest.update(bufferPointer: entry)
        return JournalHash(digest.finalize())
    }

    package static func == (left: JournalHash, right: JournalHash) -> Bool { left.words == right.words }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
        hasher.combine(words.1)
    }
}
