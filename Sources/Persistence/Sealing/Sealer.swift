package import CoreTypes
import Crypto

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Encrypts what must not be readable in the database: AES-256-GCM with the key's name in front and the row's identity
/// bound to it, so that a sealed value cannot be moved to another row.
///
/// Layout: version 1, length of the key's name (one byte each), the name, nonce (12), ciphertext, tag (16).
package struct Sealer: Sendable, CustomStringConvertible, CustomReflectable {
    struct Key: Sendable {
        let name: String
        let key: SymmetricKey
    }

    private static let version: UInt8 = 1
    let keys: [Key]

    /// Reads `ARAGORA_ENCRYPTION_KEYS`: `name:base64key,name2:base64key`; each key has 32 bytes.
    ///
    /// The first encrypts, all decrypt.
    /// - Throws: `DatabaseError` with the reason `sealed`; its text repeats no key.
    package init(keys text: Secret) throws {
        var keys: [Key] = []
        for (position, entry) in text.reveal().split(separator: ",").enumerated() {
            let parts = entry.split(separator: ":", maxSplits: 1)
            guard parts.count == 2, let bytes = Data(base64Encoded: parts[1].trimmed), bytes.count == 32 else {
                throw DatabaseError(
                    .sealed,
                    "The encryption key number \(position + 1) is not of the form name:base64 with 32 bytes."
                )
            }
            let name = parts[0].trimmed
            guard (1...64).contains(name.utf8.count), !keys.contains(where: { $0.name == name }) else {
                throw DatabaseError(.sealed, "The encryption key number \(position + 1) has no name of its own.")
            }
            keys.append(Key(name: name, key: SymmetricKey(data: bytes)))
        }
        guard !keys.isEmpty else { throw DatabaseError(.sealed, "There is no encryption key.") }
        self.keys = keys
    }

    package var description: String { "Sealer" }
    package var customMirror: Mirror { Mirror(self, children: []) }

    /// Encrypts with the first key.
    /// - Parameter identity: the table and the key of the row; the same words open it again.
    /// - Throws: `DatabaseError` with the reason `sealed`.
    package func seal(_ bytes: [UInt8], identity: [String]) throws -> [UInt8] {
        let key = keys[0]
        let header = [Self.version, UInt8(key.name.utf8.count)] + Array(key.name.utf8)
        do {
            let box = try AES.GCM.seal(bytes, using: key.key, authenticating: header + Self.bound(identity))
            return header + Array(box.nonce) + Array(box.ciphertext) + Array(box.tag)
        } catch {
            throw DatabaseError(.sealed, "A value could not be encrypted.")
        }
    }

    /// Decrypts with the key that the value names.
    /// - Throws: `DatabaseError` with the reason `sealed` where the key is missing, the value was changed or moved.
    package func open(_ sealed: [UInt8], identity: [String]) throws -> [UInt8] {
        guard sealed.count >= 2, sealed[0] == Self.version, sealed.count >= 2 + Int(sealed[1]) + 28 else {
            throw DatabaseError(.sealed, "A stored secret is damaged.")
        }
        let header = Array(sealed[..<(2 + Int(sealed[1]))])
        let name = String(decoding: header[2...], as: UTF8.self)
        guard let key = keys.first(where: { $0.name == name }) else {
            throw DatabaseError(.sealed, "A stored secret needs the encryption key \(name), which is not configured.")
        }
        do {
            let box = try AES.GCM.SealedBox(combined: sealed[header.count...])
            return Array(try AES.GCM.open(box, using: key.key, authenticating: header + Self.bound(identity)))
        } catch {
            throw DatabaseError(.sealed, "A stored secret does not open with the encryption key \(name).")
        }
    }

    /// Whether a value was encrypted with another key than the one that encrypts now.
    package func isOutdated(_ sealed: [UInt8]) -> Bool {
        let name = Array(keys[0].name.utf8)
        return sealed.count < 2 + name.count || Int(sealed[1]) != name.count
            || Array(sealed[2..<(2 + name.count)]) != name
    }

    /// The words with their lengths in front, so that no two lists give the same bytes.
    static func bound(_ identity: [String]) -> [UInt8] {
        identity.flatMap { word in
            withUnsafeBytes(of: UInt32(word.utf8.count).bigEndian) { Array($0) } + Array(word.utf8)
        }
    }
}

extension Substring {
    fileprivate var trimmed: String {
        String(drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }
}
