package import CoreTypes

/// A request's body as Slack sends it, and where it sends it.
package struct SlackPayload: Sendable {
    /// The route below the adapter's base, such as `events`.
    package let route: String
    package let contentType: String
    package let body: [UInt8]

    /// Wraps a body.
    package init(route: String, contentType: String, body: [UInt8]) {
        self.route = route
        self.contentType = contentType
        self.body = body
    }

    /// A body of JSON.
    package static func json(_ route: String, _ value: JSONValue) -> SlackPayload {
        SlackPayload(route: route, contentType: "application/json", body: value.bytes)
    }

    /// A body of form fields.
    package static func form(_ route: String, _ fields: KeyValuePairs<String, String>) -> SlackPayload {
        let pairs = fields.map { "\($0.key)=\(encoded($0.value))" }
        return SlackPayload(
            route: route,
            contentType: "application/x-www-form-urlencoded",
            body: Array(pairs.joined(separator: "&").utf8)
        )
    }

    private static func encoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var output: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "*"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "_"):
                output.append(byte)
            case UInt8(ascii: " "): output.append(UInt8(ascii: "+"))
            default: output += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: output, as: UTF8.self)
    }
}
