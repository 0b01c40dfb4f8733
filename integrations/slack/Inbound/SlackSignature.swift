import Channels
import CoreTypes
import Crypto

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Slack's request signature: HMAC-SHA256 over `v0:<timestamp>:<body>`, in hexadecimal behind `v0=`.
///
/// Source: https://docs.slack.dev/authentication/verifying-requests-from-slack/
struct SlackSignature: Sendable {
    /// How far a request's timestamp may be away, in seconds, into the past and into the future.
    static let toleranceSeconds: Int64 = 300

    /// The authentication code with the key mixed in already; a copy starts each request.
    private let keyed: HMAC<SHA256>

    init(secret: Secret) {
        keyed = HMAC(key: SymmetricKey(data: Array(secret.reveal().utf8)))
    }

    /// Checks a request on its raw bytes.
    /// - Throws: `RequestRefusal` with status 401 where a header is missing, doubled, malformed, too old or wrong.
    func check(_ request: RawRequest) throws(RequestRefusal) {
        let head = try checkHead(request)
        guard constantTimeEquals(head.claimed, code(timestamp: head.timestamp, body: request.body)) else {
            throw .unverified("The signature is wrong.")
        }
    }

    /// Checks what can be seen before the body is there.
    /// - Returns: the bytes that the signature claims to be, and the timestamp as it was sent.
    /// - Throws: `RequestRefusal` with status 401 where a header is missing, doubled, malformed or too old.
    @discardableResult
    func checkHead(_ request: RawRequest) throws(RequestRefusal) -> (claimed: [UInt8], timestamp: String) {
        guard let signature = request.header("x-slack-signature") else {
            throw .unverified("The signature header is missing or stands there twice.")
        }
        guard let timestamp = request.header("x-slack-request-timestamp") else {
            throw .unverified("The timestamp header is missing or stands there twice.")
        }
        guard let seconds = Self.seconds(timestamp) else { throw .unverified("The timestamp is not a number.") }
        guard abs(seconds - request.receivedAt.seconds) <= Self.toleranceSeconds else {
            throw .unverified("The timestamp is more than five minutes away.")
        }
        guard let claimed = Self.digest(signature) else { throw .unverified("The signature is malformed.") }
        return (claimed, timestamp)
    }

    private func code(timestamp: String, body: [UInt8]) -> [UInt8] {
        var code = keyed
        code.update(data: Array("v0:\(timestamp):".utf8))
        code.update(data: body)
        return Array(code.finalize())
    }

    /// Whole seconds in at most twelve digits.
    private static func seconds(_ text: String) -> Int64? {
        guard (1...12).contains(text.utf8.count) else { return nil }
        var value: Int64 = 0
        for byte in text.utf8 {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
            value = value * 10 + Int64(byte - UInt8(ascii: "0"))
        }
        return value
    }

    /// The 32 bytes behind `v0=`.
    private static func digest(_ text: String) -> [UInt8]? {
        guard text.utf8.count == 67, text.hasPrefix("v0=") else { return nil }
        return hexadecimalBytes(String(text.dropFirst(3))) ?? hexadecimalBytes(text.dropFirst(3).lowercased())
    }
}
