package import CoreTypes
import Crypto

/// Writes the headers that prove where a message comes from.
package struct WebhookSigner: Sendable {
    private let secrets: [WebhookSecret]
    private let addsLegacySignature: Bool

    /// Makes a signer.
    /// - Parameters:
    ///   - secrets: every secret that is valid now, the newest first; while one is being replaced there are two.
    ///   - addsLegacySignature: whether the original's headers are added, `X-Aragora-Signature` first among them.
    package init(secrets: [WebhookSecret], addsLegacySignature: Bool = false) {
        self.secrets = secrets
        self.addsLegacySignature = addsLegacySignature
    }

    /// The headers of one attempt.
    /// - Parameters:
    ///   - id: the message's, the same for every attempt; without a full stop.
    ///   - now: the attempt's moment.
    package func headers(id: String, type: String, body: [UInt8], now: Timestamp) -> [(name: String, value: String)] {
        let signed = WebhookSecret.signedBytes(id: id, timestamp: now.seconds, body: body)
        var headers = [
            (name: "webhook-id", value: id),
            (name: "webhook-timestamp", value: String(now.seconds)),
            (name: "webhook-signature", value: secrets.map { $0.signature(of: signed) }.joined(separator: " ")),
        ]
        let symmetric = secrets.filter { $0.scheme == .symmetric }
        if addsLegacySignature, let oldest = symmetric.last, let newest = symmetric.first {
            headers += [
                (name: "X-Aragora-Signature", value: Self.legacySignature(of: body, oldest)),
                (name: "X-Aragora-Event", value: type),
                (name: "X-Aragora-Delivery", value: id), (name: "X-Aragora-Timestamp", value: String(now.seconds)),
            ]
            // The header holds one signature: that of the secret that receivers have had the longest.
            if symmetric.count > 1 {
                headers.append((name: "X-Aragora-Signature-Next", value: Self.legacySignature(of: body, newest)))
            }
        }
        return headers
    }

    /// The original signs the body alone, with the secret's text as the key.
    private static func legacySignature(of body: [UInt8], _ secret: WebhookSecret) -> String {
        let key = SymmetricKey(data: Array(secret.text.reveal().utf8))
        return "sha256=\(hexadecimal(HMAC<SHA256>.authenticationCode(for: body, using: key)))"
    }
}
