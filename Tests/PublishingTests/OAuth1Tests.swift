import CoreTypes
import TestSupport
import Testing
import Transport
import XIntegration

@Suite("OAuth 1.0a")
struct OAuth1Tests {
    /// The example of RFC 5849, 3.4.1.
    @Test func baseStringOfTheStandard() {
        let base = OAuth1Signature.baseString(
            method: "post",
            url: "http://EXAMPLE.COM:80/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b",
            parameters: [
                ("oauth_consumer_key", "9djdj82h48djs9d2"), ("oauth_token", "kkk9d7dh3k39sjv7"),
                ("oauth_signature_method", "HMAC-SHA1"), ("oauth_timestamp", "137131201"),
                ("oauth_nonce", "7d8f3e4a"), ("c2", ""), ("a3", "2 q"),
            ]
        )
        let expected =
            "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D%26c%2540"
            + "%3D%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26oauth_signature_method%3D"
            + "HMAC-SHA1%26oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7"
        #expect(base == expected)
    }

    /// The photograph of RFC 5849, 1.2.
    @Test func signatureOfTheStandard() {
        let signature = OAuth1Signature.signature(
            method: "GET",
            url: "http://photos.example.net/photos?file=vacation.jpg&size=original",
            parameters: [
                ("oauth_consumer_key", "dpf43f3p2l4k3l03"), ("oauth_token", "nnch734d00sl2jdk"),
                ("oauth_signature_method", "HMAC-SHA1"), ("oauth_timestamp", "137131202"), ("oauth_nonce", "chapoH"),
            ],
            consumerSecret: Secret("kd94hf93k423kf44"),
            tokenSecret: Secret("pfkkdhi9sl3r4s00")
        )
        #expect(signature == "MdpQcU8iPSUjWoN/UDMsK2sui9I=")
    }

    @Test("oauthlib, as a server, takes what is signed and nothing that was changed")
    func peer() async throws {
        let signer = OAuth1Signature(
            .init(
                consumerKey: "consumer-key",
                consumerSecret: Secret("consumer secret & more"),
                token: "1001-token",
                tokenSecret: Secret("token/secret=1")
            )
        )
        let identifiers = SequentialIdentifiers()
        var lines: [String] = []
        var expected: [String] = []
        func add(
            _ method: String,
            _ url: String,
            form: [(String, String)] = [],
            header changed: ((String) -> String)? = nil,
            sentTo other: String? = nil,
            age: Int64 = 0,
            isValid: Bool = true
        ) {
            let moment = start - .seconds(age)
            var header = signer.header(method: method, url: url, form: form, nonce: identifiers.next(), at: moment)
            if let changed { header = changed(header) }
            var headers: JSONValue = ["Authorization": .string(header)]
            if !form.isEmpty { headers["Content-Type"] = "application/x-www-form-urlencoded" }
            let body = String(decoding: formURLEncoded(form), as: UTF8.self)
            lines.append(
                JSONValue.object([
                    "url": .string(other ?? url), "method": .string(method), "headers": headers,
                    "body": .string(body), "now": .integer(start.seconds),
                ]).text
            )
            expected.append(isValid ? "True" : "False")
        }
        add("POST", "https://api.x.com/2/tweets")
        add("GET", "https://api.x.com/2/users/me")
        add("DELETE", "https://api.x.com/2/tweets/1234567890123456789")
        add("GET", "https://api.x.com/2/users/1/tweets?max_results=100&start_time=2025-06-15T15%3A01%3A40.000Z")
        add("GET", "http://127.0.0.1:41235/2/media/upload?command=STATUS&media_id=19")
        add("GET", "https://api.x.com/2/a?z=1&a=2&a=1&empty=&%E2%98%83=%F0%9F%98%B7&plus=a%2Bb&space=a%20b")
        add("POST", "https://api.x.com/1.1/form?x=y", form: [("status", "Hello Ladies + Gentlemen!"), ("ü", "☃ & =%")])
        add("POST", "https://API.x.com:443/2/tweets")
        // None of these may pass.
        add("POST", "https://api.x.com/2/tweets", sentTo: "https://api.x.com/2/tweets?x=1", isValid: false)
        add("POST", "https://api.x.com/2/tweets", sentTo: "https://evil.example/2/tweets", isValid: false)
        add("POST", "https://api.x.com/2/tweets", age: 301, isValid: false)
        add("GET", "https://api.x.com/2/a", header: { $0.replacing("1001-token", with: "1002-token") }, isValid: false)
        add("GET", "https://api.x.com/2/a", header: { $0.replacing("oauth_version", with: "oauth_x") }, isValid: false)
        lines.append(lines[0])
        expected.append("False")
        #expect(try await runPeer("oauth1.py", lines: lines) == expected)
    }
}
