package import CoreTypes
import Crypto

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// What signs the messages to one endpoint (Standard Webhooks 1.0): 24 to 64 random bytes as `whsec_…`, or an Ed25519
/// key as `whsk_…`, the private half before the public one.
package struct WebhookSecret: Sendable, CustomStringConvertible, CustomReflectable {
    /// How a message is signed; the raw value stands before the signature.
    package enum Scheme: String, Sendable, CaseIterable {
        /// HMAC-SHA256.
        case symmetric = "v1"
        /// Ed25519.
        case asymmetric = "v1a"
    }

    private enum Key: Sendable {
        /// The bytes, and the authentication code with them mixed in already, of which each message takes a copy.
        case symmetric([UInt8], HMAC<SHA256>)
        case asymmetric(Curve25519.Signing.PrivateKey)
    }

    static let symmetricPrefix = "whsec_"
    static let privatePrefix = "whsk_"
    static let publicPrefix = "whpk_"
    /// The lengths that the specification allows, in bytes.
    private static let symmetricLengths = 24...64

    private let key: Key

    private init(_ key: Key) {
        self.key = key
    }

    private init(symmetric bytes: [UInt8]) {
        self.init(.symmetric(bytes, HMAC(key: SymmetricKey(data: bytes))))
    }

    /// Makes a new secret.
    package static func generate(_ scheme: Scheme) -> WebhookSecret {
        switch scheme {
        case .symmetric: WebhookSecret(symmetric: SymmetricKey(size: .bits256).withUnsafeBytes { Array($0) })
        case .asymmetric: WebhookSecret(.asymmetric(Curve25519.Signing.PrivateKey()))
        }
    }

    /// Reads a secret.
    /// - Throws: `SubscriptionError` with code `invalid_secret`; its text repeats nothing of it.
    package init(parsing secret: Secret) throws(SubscriptionError) {
        let text = secret.reveal()
        if text.hasPrefix(Self.symmetricPrefix) {
            guard let bytes = decodeBase64(text.dropFirst(Self.symmetricPrefix.count)),
                Self.symmetricLengths.contains(bytes.count)
            else { throw Self.malformed }
            self.init(symmetric: bytes)
        } else if text.hasPrefix(Self.privatePrefix) {
            guard let bytes = decodeBase64(text.dropFirst(Self.privatePrefix.count)), bytes.count == 64,
                let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: bytes[..<32]),
                Array(key.publicKey.rawRepresentation) == Array(bytes[32...])
            else { throw Self.malformed }
            self.init(.asymmetric(key))
        } else {
            throw Self.malformed
        }
    }

    private static let malformed = SubscriptionError(
        .invalidSecret,
        "A webhook secret is `whsec_` with 24 to 64 bytes in Base64, or `whsk_` with an Ed25519 key of 64 bytes."
    )

    package var description: String { "WebhookSecret(\(scheme.rawValue))" }
    package var customMirror: Mirror { Mirror(self, children: []) }

    package var scheme: Scheme {
        switch key {
        case .symmetric: .symmetric
        case .asymmetric: .asymmetric
        }
    }

    /// The secret as text, for whoever stores it sealed or shows it once.
    package var text: Secret {
        switch key {
        case .symmetric(let bytes, _): Secret(Self.symmetricPrefix + Data(bytes).base64EncodedString())
        case .asymmetric(let key):
            Secret(Self.privatePrefix + (key.rawRepresentation + key.publicKey.rawRepresentation).base64EncodedString())
        }
    }

    /// What the receiver needs to check signatures: `whsec_…` itself, or the public half as `whpk_…`.
    package var receiverKey: Secret {
        switch key {
        case .symmetric: text
        case .asymmetric(let key):
            Secret(Self.publicPrefix + key.publicKey.rawRepresentation.base64EncodedString())
        }
    }

    /// A message's signature with its scheme in front, such as `v1,…`.
    /// - Parameter signedBytes: as `signedBytes(id:timestamp:body:)` makes them.
    package func signature(of signedBytes: [UInt8]) -> String {
        switch key {
        case .symmetric(_, let keyed):
            var code = keyed
            code.update(data: signedBytes)
            return "v1," + Data(code.finalize()).base64EncodedString()
        case .asymmetric(let key):
            // Signing fails for want of memory alone; a message without a signature is refused by its receiver.
            guard let signature = try? key.signature(for: signedBytes) else { return "v1a," }
            return "v1a," + signature.base64EncodedString()
        }
    }

    /// The bytes that are signed: id, moment in seconds and body, with full stops between.
    package static func signedBytes(id: String, timestamp: Int64, body: [UInt8]) -> [UInt8] {
        Array("\(id).\(timestamp).".utf8) + body
    }
}

/// Reads Base64, with its padding or without.
func decodeBase64(_ text: Substring) -> [UInt8]? {
    let missing = (4 - text.utf8.count % 4) % 4
    guard missing < 3 else { return nil }
    return Data(base64Encoded: String(text) + String(repeating: "=", count: missing)).map { Array($0) }
}
