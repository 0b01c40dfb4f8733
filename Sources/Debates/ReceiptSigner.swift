import CoreTypes
import Crypto

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The installation's key for receipts (Ed25519, RFC 8032).
package struct ReceiptSigner: Sendable {
    private let key: Curve25519.Signing.PrivateKey

    /// Makes a new key.
    package init() {
        key = Curve25519.Signing.PrivateKey()
    }

    /// Takes up a key that was kept.
    /// - Parameter privateKey: the 32 bytes that `privateKey` gave.
    /// - Throws: `ReceiptError` with code `invalid_key`.
    package init(privateKey: [UInt8]) throws(ReceiptError) {
        do {
            key = try Curve25519.Signing.PrivateKey(rawRepresentation: privateKey)
        } catch {
            throw ReceiptError(.invalidKey, "A receipt key has 32 bytes.")
        }
    }

    /// The key itself, 32 bytes: it is stored sealed and shown nowhere.
    package var privateKey: [UInt8] { Array(key.rawRepresentation) }
    /// What verifies the key's signatures, 32 bytes.
    package var publicKey: [UInt8] { Array(key.publicKey.rawRepresentation) }
    /// A short name of the public key: the first 16 hexadecimal digits of its SHA-256.
    package var keyID: String { Self.keyID(of: publicKey) }

    static func keyID(of publicKey: [UInt8]) -> String {
        String(hexadecimal(SHA256.hash(data: publicKey)).prefix(16))
    }

    func signature(for message: [UInt8]) throws(ReceiptError) -> [UInt8] {
        do {
            return Array(try key.signature(for: message))
        } catch {
            throw ReceiptError(.invalidKey, "The receipt could not be signed.")
        }
    }
}

/// Why a receipt cannot be made, or must not be believed.
package struct ReceiptError: CodedError, Hashable {
    /// The closed list of reasons.
    package enum Code: String, Sendable {
        case unfinishedDebate = "unfinished_debate"
        case invalidKey = "invalid_key"
        case invalidDocument = "invalid_document"
        case untrustedKey = "untrusted_key"
        case invalidSignature = "invalid_signature"
        case journalMismatch = "journal_mismatch"
    }

    package let reason: Code
    package let description: String

    package var code: String { reason.rawValue }
    package var isRetryable: Bool { false }

    init(_ reason: Code, _ description: String) {
        self.reason = reason
        self.description = description
    }
}
