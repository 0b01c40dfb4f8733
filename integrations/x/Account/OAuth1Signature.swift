package import CoreTypes
import Crypto
import Transport

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Signs requests with OAuth 1.0a and HMAC-SHA1 (RFC 5849), which is what X takes for an account of one's own.
package struct OAuth1Signature: Sendable {
    /// The two pairs that a signature is made with.
    package struct Credentials: Sendable {
        package var consumerKey: String
        package var consumerSecret: Secret
        package var token: String
        package var tokenSecret: Secret

        /// Pairs the app's key with the account's token.
        package init(consumerKey: String, consumerSecret: Secret, token: String, tokenSecret: Secret) {
            self.consumerKey = consumerKey
            self.consumerSecret = consumerSecret
            self.token = token
            self.tokenSecret = tokenSecret
        }
    }

    private let credentials: Credentials

    /// Makes a signer.
    package init(_ credentials: Credentials) {
        self.credentials = credentials
    }

    /// The `Authorization` header of a request.
    /// - Parameters:
    ///   - url: the request's URL with its query.
    ///   - form: the fields of a body of the type `application/x-www-form-urlencoded`; no other body is signed.
    ///   - nonce: letters and digits that were never used before.
    package func header(
        method: String,
        url: String,
        form: [(String, String)] = [],
        nonce: String,
        at moment: Timestamp
    ) -> String {
        var parameters = [
            ("oauth_consumer_key", credentials.consumerKey), ("oauth_nonce", nonce),
            ("oauth_signature_method", "HMAC-SHA1"), ("oauth_timestamp", String(moment.seconds)),
            ("oauth_token", credentials.token), ("oauth_version", "1.0"),
        ]
        let signature = Self.signature(
            method: method,
            url: url,
            parameters: parameters + form,
            consumerSecret: credentials.consumerSecret,
            tokenSecret: credentials.tokenSecret
        )
        parameters.append(("oauth_signature", signature))
        return "OAuth "
            + parameters.sorted { $0.0 < $1.0 }.map { "\($0.0)=\"\(percentEncoded($0.1))\"" }.joined(separator: ", ")
    }

    /// The signature of a request (RFC 5849, 3.4).
    /// - Parameter parameters: those of the `Authorization` header, without the signature, and those of the form.
    package static func signature(
        method: String,
        url: String,
        parameters: [(String, String)],
        consumerSecret: Secret,
        tokenSecret: Secret
    ) -> String {
        let key = "\(percentEncoded(consumerSecret.reveal()))&\(percentEncoded(tokenSecret.reveal()))"
        let text = baseString(method: method, url: url, parameters: parameters)
        let code = HMAC<Insecure.SHA1>.authenticationCode(
            for: Array(text.utf8),
            using: SymmetricKey(data: Array(key.utf8))
        )
        return Data(code).base64EncodedString()
    }

    /// What is signed (RFC 5849, 3.4.1).
    package static func baseString(method: String, url: String, parameters: [(String, String)]) -> String {
        let (address, query) = taken(apart: url)
        // Sorted by their encoded bytes, names first.
        let pairs = (parameters + query).map { (percentEncoded($0.0), percentEncoded($0.1)) }.sorted { left, right in
            left.0 == right.0
                ? left.1.utf8.lexicographicallyPrecedes(right.1.utf8)
                : left.0.utf8.lexicographicallyPrecedes(right.0.utf8)
        }
        let normalized = pairs.map { "\($0.0)=\($0.1)" }.joined(separator: "&")
        return "\(method.uppercased())&\(percentEncoded(address))&\(percentEncoded(normalized))"
    }

    /// The address without its query, with scheme and host in lower case and no usual port; and the query's fields,
    /// decoded.
    private static func taken(apart url: String) -> (address: String, query: [(String, String)]) {
        let parts = url.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        var address = String(parts[0].prefix { $0 != "#" })
        if let separator = address.firstRange(of: "://") {
            let scheme = address[..<separator.lowerBound].lowercased()
            let rest = address[separator.upperBound...]
            let pathStart = rest.firstIndex(of: "/") ?? rest.endIndex
            var host = rest[..<pathStart].lowercased()
            for (usual, port) in [("http", ":80"), ("https", ":443")] where scheme == usual && host.hasSuffix(port) {
                host.removeLast(port.count)
            }
            let path = rest[pathStart...]
            address = "\(scheme)://\(host)\(path.isEmpty ? "/" : path)"
        }
        let query = parts.count == 2 ? parts[1].prefix { $0 != "#" } : ""
        let fields = query.split(separator: "&").map { field in
            let halves = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (decoded(halves[0]), halves.count == 2 ? decoded(halves[1]) : "")
        }
        return (address, fields)
    }

    private static func decoded(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2, let high = hexadecimalDigit(rest[rest.startIndex]),
                let low = hexadecimalDigit(rest[rest.startIndex + 1])
            {
                bytes.append(high << 4 | low)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
