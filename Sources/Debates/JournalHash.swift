import CoreTypes
import Crypto

/// A SHA-256 digest, kept without a heap allocation.
package struct JournalHash: Sendable, Hashable {
    private var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

    /// What stands before the first entry: 32 bytes of zero.
    package static let zero = JournalHash()

    private init() {}

    init(_ digest: SHA256Digest) {
        digest.withUnsafeBytes { source in
            withUnsafeMutableBytes(of: &words) { $0.copyMemory(from: source) }
        }
    }

    /// Reads 64 lower-case hexadecimal digits; nil for anything else.
    package init?(hexadecimal text: String) {
        guard text.utf8.count == 64, let bytes = hexadecimalBytes(text) else { return nil }
        withUnsafeMutableBytes(of: &words) { $0.copyBytes(from: bytes) }
    }

    /// The digest as 64 lower-case hexadecimal digits.
    package var hexadecimal: String {
        var output: [UInt8] = []
        output.reserveCapacity(64)
        appendHexadecimal(to: &output)
        return String(decoding: output, as: UTF8.self)
    }

    func appendHexadecimal(to output: inout [UInt8]) {
        withUnsafeBytes(of: words) { CoreTypes.appendHexadecimal($0, to: &output) }
    }

    func append(to output: inout [UInt8]) {
        withUnsafeBytes(of: words) { output.append(contentsOf: $0) }
    }

    package static func == (left: JournalHash, right: JournalHash) -> Bool { left.words == right.words }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
        hasher.combine(words.1)
    }
}
