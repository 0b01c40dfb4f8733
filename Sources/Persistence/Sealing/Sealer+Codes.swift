import CoreTypes
import Crypto

/// Codes that nobody can make without the encryption keys: HMAC-SHA256 under a key that HKDF derives for each purpose,
/// so that a code of one kind is never good for another.
extension Sealer {
    /// A truncated code keeps half of its hash (RFC 2104, section 5); 128 bits cannot be guessed over a network.
    private static let codeBytes = 16

    /// The code of some words, in lower-case hexadecimal, made with the key that encrypts now.
    package func code(for words: [String], purpose: String) -> String {
        hexadecimal(Self.code(for: words, purpose: purpose, key: keys[0]))
    }

    /// The codes of some words in their bytes, one for each of the configured keys; that of the key that encrypts now
    /// comes first.
    package func codes(for words: [String], purpose: String) -> [[UInt8]] {
        keys.map { Self.code(for: words, purpose: purpose, key: $0) }
    }

    /// Whether a code belongs to the words, whichever of the configured keys made it; takes the same time for every
    /// wrong code of the right length.
    package func isCode(_ text: String, for words: [String], purpose: String) -> Bool {
        guard text.utf8.count == 2 * Self.codeBytes, let claimed = hexadecimalBytes(text) else { return false }
        return keys.reduce(false) { found, key in
            constantTimeEquals(Self.code(for: words, purpose: purpose, key: key), claimed) || found
        }
    }

    private static func code(for words: [String], purpose: String, key: Key) -> [UInt8] {
        let derived = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: key.key,
            info: Array("aragora/\(purpose)".utf8),
            outputByteCount: 32
        )
        return Array(HMAC<SHA256>.authenticationCode(for: bound(words), using: derived).prefix(codeBytes))
    }
}
