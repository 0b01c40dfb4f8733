package import CoreTypes
import Crypto

/// Checks messages as their receivers do (Standard Webhooks 1.0).
package struct WebhookVerifier: Sendable {
    private enum Key: Sendable {
        case symmetric([UInt8])
        case asymmetric(Curve25519.Signing.PublicKey)
    }

    /// How old or new a message may be; the reference libraries have the same.
    package static let tolerance = Duration.seconds(300)

    private let key: Key

    /// Makes a verifier.
    /// - Parameter receiverKey: `whsec_…` or `whpk_…`.
    /// - Throws: `SubscriptionError` with code `invalid_secret`.
    package init(receiverKey: Secret) throws(SubscriptionError) {
        let text = receiverKey.reveal()
        if text.hasPrefix(WebhookSecret.publicPrefix) {
            guard let bytes = decodeBase64(text.dropFirst(WebhookSecret.publicPrefix.count)), bytes.count == 32,
                let publicKey = try? Curve25519.Signing.PublicKey(rawRepresentation: bytes)
            else { throw Self.malformed }
            key = .asymmetric(publicKey)
        } else {
            guard text.hasPrefix(WebhookSecret.symmetricPrefix),
                let bytes = decodeBase64(text.dropFirst(WebhookSecret.symmetricPrefix.count)), !bytes.isEmpty
            else { throw Self.malformed }
            key = .symmetric(bytes)
        }
    }

    private static let malformed = SubscriptionError(
        .invalidSecret,
        "The key has to be `whsec_…` or `whpk_…`, as it was shown when the webhook was made."
    )

    /// Checks one message.
    /// - Parameters:
    ///   - now: the moment against which its timestamp is held; nil leaves the age unchecked.
    /// - Throws: `SubscriptionError` with code `invalid_signature`, which says what is wrong.
    package func verify(
        id: String?,
        timestamp: String?,
        signatures: String?,
        body: [UInt8],
        now: Timestamp?
    ) throws(SubscriptionError) {
        guard let id, !id.isEmpty, let timestamp, let signatures else {
            throw SubscriptionError(.invalidSignature, "A header is missing: webhook-id, -timestamp or -signature.")
        }
        guard timestamp.utf8.allSatisfy({ (48...57).contains($0) }), let seconds = Int64(timestamp),
            seconds < Int64.max / 2000
        else { throw SubscriptionError(.invalidSignature, "The timestamp is no whole number of seconds.") }
        if let now {
            let age = now - Timestamp(milliseconds: seconds * 1000)
            guard age <= Self.tolerance, age >= .zero - Self.tolerance else {
                throw SubscriptionError(.invalidSignature, "The timestamp is more than five minutes away from now.")
            }
        }
        let signed = WebhookSecret.signedBytes(id: id, timestamp: seconds, body: body)
        for entry in signatures.split(separator: " ") {
            let parts = entry.split(separator: ",", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, let signature = decodeBase64(parts[1]) else { continue }
            if isValid(signature, scheme: parts[0], of: signed) { return }
        }
        throw SubscriptionError(.invalidSignature, "No signature fits the body, the headers and the key.")
    }

    private func isValid(_ signature: [UInt8], scheme: Substring, of signed: [UInt8]) -> Bool {
        switch key {
        case .symmetric(let bytes):
            // Compared in constant time by the library.
            scheme == "v1"
                && HMAC<SHA256>.isValidAuthenticationCode(
                    signature,
                    authenticating: signed,
                    using: SymmetricKey(data: bytes)
                )
        case .asymmetric(let key):
            scheme == "v1a" && signature.count == 64 && key.isValidSignature(signature, for: signed)
        }
    }
}
