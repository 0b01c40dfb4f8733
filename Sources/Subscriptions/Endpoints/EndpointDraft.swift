package import CoreTypes
import Crypto

/// An endpoint that somebody wants to have.
package struct EndpointDraft: Sendable {
    package var workspace: WorkspaceID
    package var url: String
    package var name = ""
    package var details = ""
    package var source = "api"
    package var settings = EndpointSettings()
    /// The secret that the caller brings; nil to have one made.
    package var secret: Secret?
    package var scheme = WebhookSecret.Scheme.symmetric
    package var headers: [(name: String, value: String)] = []
    package var createdBy: String
    package var idempotencyKey: String?
    /// Whether an endpoint that the same key led to before is made what this draft says once more, whatever became of it
    /// meanwhile.
    package var renewsRepeated = false

    private static let mostHeaders = 10
    /// Headers that say something about the request itself, or that are ours.
    private static let reservedHeaders: Set<String> = [
        "connection", "content-encoding", "content-length", "content-type", "expect", "host", "te", "trailer",
        "transfer-encoding", "upgrade", "user-agent",
    ]

    /// Describes an endpoint.
    package init(workspace: WorkspaceID, url: String, createdBy: String) {
        self.workspace = workspace
        self.url = url
        self.createdBy = createdBy
    }

    /// Refuses what cannot hold, the URL apart.
    /// - Throws: `SubscriptionError`.
    func check() throws(SubscriptionError) {
        try settings.check()
        guard name.utf8.count <= 200, details.utf8.count <= 2000, !(name + details).utf8.contains(0) else {
            throw SubscriptionError(
                .invalidSettings,
                "`name` may have 200 bytes and `description` 2000, without NUL characters."
            )
        }
        guard headers.count <= Self.mostHeaders else {
            throw SubscriptionError(.invalidSettings, "There may be \(Self.mostHeaders) headers at most.")
        }
        for (name, value) in headers {
            let isToken = name.utf8.allSatisfy { byte in
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 32)
                    || (48...57).contains(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
            }
            let lowered = name.lowercased()
            guard isToken, (1...100).contains(name.utf8.count), !Self.reservedHeaders.contains(lowered),
                !lowered.hasPrefix("webhook-"), !lowered.hasPrefix("x-aragora-"),
                value.utf8.count <= 4000, value.utf8.allSatisfy({ $0 >= 32 && $0 < 127 })
            else { throw SubscriptionError(.invalidSettings, "The header \(name.prefix(50)) cannot be sent.") }
        }
    }

    /// Tells this draft from another one, under the same key of idempotency or without one.
    package var hash: String {
        let json: JSONValue = [
            "url": .string(url), "name": .string(name), "description": .string(details), "source": .string(source),
            "settings": settings.json, "scheme": .string(scheme.rawValue),
            "secret": secret.map { .string($0.reveal()) } ?? .null,
            "headers": .strings(headers.map { "\($0.name): \($0.value)" }),
        ]
        return hexadecimal(SHA256.hash(data: json.bytes))
    }
}
