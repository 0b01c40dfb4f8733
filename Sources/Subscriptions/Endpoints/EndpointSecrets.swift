import CoreTypes
import Persistence

/// All that is secret about an endpoint: what signs for it, and the headers that it wants to see.
///
/// It is stored sealed and never described.
package struct EndpointSecrets: Sendable {
    /// A secret that has been replaced and still signs for a while.
    struct Former: Sendable {
        let secret: WebhookSecret
        let expiresAt: Timestamp
    }

    /// How many replaced secrets may sign at once.
    static let mostFormer = 9
    /// How long a replaced secret signs where nobody says otherwise, and the longest time.
    package static let overlap = (usual: Duration.seconds(24 * 3600), longest: Duration.seconds(7 * 24 * 3600))

    private(set) var current: WebhookSecret
    private var former: [Former] = []
    /// Further headers of every request, such as a receiver's own token.
    var headers: [(name: String, value: String)]

    /// Begins with one secret.
    init(_ current: WebhookSecret, headers: [(name: String, value: String)] = []) {
        self.current = current
        self.headers = headers
    }

    /// The secrets that sign at a moment, the newest first.
    func valid(at now: Timestamp) -> [WebhookSecret] {
        [current] + former.filter { $0.expiresAt > now }.map(\.secret)
    }

    /// Puts a new secret in the first place; the former one signs along until its time is over.
    /// - Parameter overlap: zero where no former secret is to sign any more, as when one leaked.
    /// - Throws: `SubscriptionError` with code `conflict` where too many still sign.
    mutating func rotate(to next: WebhookSecret, overlap: Duration, now: Timestamp) throws(SubscriptionError) {
        former.removeAll { overlap == .zero || $0.expiresAt <= now }
        guard former.count < Self.mostFormer else {
            throw SubscriptionError(.conflict, "Ten secrets sign already; wait until one of them has run out.")
        }
        if overlap > .zero { former.insert(Former(secret: current, expiresAt: now + overlap), at: 0) }
        current = next
    }
}

extension EndpointSecrets {
    /// Opens what the table holds.
    /// - Throws: `DatabaseError` with the reason `sealed`.
    init(sealed bytes: [UInt8], sealer: Sealer, workspace: WorkspaceID, id: EndpointID) throws {
        do {
            let json = try JSONValue(parsing: try sealer.open(bytes, identity: Self.identity(workspace, id)))
            current = try WebhookSecret(parsing: Secret(json["current"]?.string ?? ""))
            former = try (json["former"]?.array ?? []).map { entry in
                Former(
                    secret: try WebhookSecret(parsing: Secret(entry["secret"]?.string ?? "")),
                    expiresAt: Timestamp(milliseconds: entry["expires_at"]?.integer ?? 0)
                )
            }
            headers = (json["headers"]?.array ?? []).compactMap { entry in
                guard let name = entry["name"]?.string, let value = entry["value"]?.string else { return nil }
                return (name, value)
            }
        } catch is SubscriptionError {
            throw DatabaseError(.sealed, "A webhook's stored secret is damaged.")
        } catch is JSONError {
            throw DatabaseError(.sealed, "A webhook's stored secret is damaged.")
        }
    }

    /// Seals for the table.
    /// - Throws: `DatabaseError` with the reason `sealed`.
    func sealed(_ sealer: Sealer, workspace: WorkspaceID, id: EndpointID) throws -> [UInt8] {
        let json: JSONValue = [
            "current": .string(current.text.reveal()),
            "former": .array(
                former.map {
                    ["secret": .string($0.secret.text.reveal()), "expires_at": .integer($0.expiresAt.rawValue)]
                }
            ),
            "headers": .array(headers.map { ["name": .string($0.name), "value": .string($0.value)] }),
        ]
        return try sealer.seal(json.bytes, identity: Self.identity(workspace, id))
    }

    private static func identity(_ workspace: WorkspaceID, _ id: EndpointID) -> [String] {
        ["webhook_configs", workspace.rawValue, id.rawValue]
    }
}
