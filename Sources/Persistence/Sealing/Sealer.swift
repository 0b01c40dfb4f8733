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
    /// - Parameters:
    ///   - text: the keys.
    ///   - place: where they stand, for errors.
    /// - Throws: `DatabaseError` with the reason `sealed`; its text repeats no key.
    package init(keys text: Secret, from place: String = "ARAGORA_ENCRYPTION_KEYS") throws {
        var keys: [Key] = []
        for (position, entry) in text.reveal().split(separator: ",").enumerated() {
            let parts = entry.split(separator: ":", maxSplits: 1)
            guard parts.count == 2, let bytes = Data(base64Encoded: parts[1].trimmed), bytes.count == 32 else {
                throw DatabaseError(
                    .sealed,
                    "The encryption key number \(position + 1) of \(place) is not of the form name:base64 with 32 bytes. "
                        + "Restore it from your backup."
                )
            }
            let name = parts[0].trimmed
            guard (1...64).contains(name.utf8.count), !keys.contains(where: { $0.name == name }) else {
                throw DatabaseError(
                    .sealed,
                    "The encryption key number \(position + 1) of \(place) has no name of its own."
                )
            }
            keys.append(Key(name: name, key: SymmetricKey(data: bytes)))
        }
        guard !keys.isEmpty else { throw DatabaseError(.sealed, "\(place) holds no encryption key.") }
        self.keys = keys
    }

    package var description: String { "Sealer" }
    package var customMirror: Mirror { Mirror(self, children: []) }

    /// Encrypts with the first key.
    /// - Parameter identity: the table and the key of the row; the same words open it again.
    /// - Throws: `DatabaseError` with the reason `sealed`.
    package func seal(_ bytes: [UInt8], identity: [String]) throws -> [UInt8] {
        let key = keys[0]
        let header = Self.header(of: key)
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
        guard let name = Self.keyName(of: sealed), sealed.count >= 2 + Int(sealed[1]) + 28 else {
            throw DatabaseError(.sealed, "A stored secret is damaged.")
        }
        let header = Array(sealed[..<(2 + Int(sealed[1]))])
        guard let key = keys.first(where: { $0.name == name }) else {
            throw DatabaseError(
                .sealed,
                "A stored secret needs the encryption key \(name), which ARAGORA_ENCRYPTION_KEYS does not have."
            )
        }
        do {
            let box = try AES.GCM.SealedBox(combined: sealed[header.count...])
            return Array(try AES.GCM.open(box, using: key.key, authenticating: header + Self.bound(identity)))
        } catch {
            throw DatabaseError(
                .sealed,
                "A stored secret does not open with the encryption key \(name): every process of one database needs the "
                    + "same ARAGORA_ENCRYPTION_KEYS, or the same \(KeyFile.name)."
            )
        }
    }

    /// What stands in front of every value that a key has sealed.
    static func header(of key: Key) -> [UInt8] {
        [version, UInt8(key.name.utf8.count)] + Array(key.name.utf8)
    }

    /// The name of the key that has sealed a value; nil for what was never sealed.
    static func keyName(of sealed: [UInt8]) -> String? {
        guard sealed.count >= 2, sealed[0] == version, sealed.count >= 2 + Int(sealed[1]) else { return nil }
        return String(decoding: sealed[2..<(2 + Int(sealed[1]))], as: UTF8.self)
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
