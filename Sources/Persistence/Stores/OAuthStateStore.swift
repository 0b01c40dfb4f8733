package import CoreTypes
import Crypto

/// The `state` values of OAuth round trips (table `oauth_states`): stored as hashes, good for one use.
package struct OAuthStateStore: Sendable {
    private let identifiers: any IdentifierSource

    /// Makes the store.
    package init(identifiers: any IdentifierSource = RandomIdentifiers()) {
        self.identifiers = identifiers
    }

    /// Makes a state.
    /// - Parameter payload: what is needed when the person comes back.
    /// - Returns: the value to send with the person; 160 of its bits cannot be guessed.
    /// - Throws: `DatabaseError`.
    package func issue(
        platform: String,
        payload: JSONValue = [:],
        expiresAt: Timestamp,
        in transaction: borrowing Transaction
    ) throws -> Secret {
        let state = identifiers.next() + identifiers.next()
        try transaction.execute(
            """
            insert into oauth_states (state_hash, platform, payload_json, expires_at)
            values (\(Self.hash(state)), \(platform), \(payload), \(expiresAt))
            """
        )
        return Secret(state)
    }

    /// Takes a state back; nobody can use it again.
    /// - Returns: its payload, or nil where it is unknown, used, expired or of another platform.
    /// - Throws: `DatabaseError`.
    package func consume(
        _ state: String,
        platform: String,
        now: Timestamp,
        in transaction: borrowing Transaction
    ) throws -> JSONValue? {
        let rows = try transaction.query(
            "delete from oauth_states where state_hash = \(Self.hash(state)) returning platform, payload_json, expires_at"
        )
        guard let row = rows.first, try row.text("platform") == platform, try row.timestamp("expires_at") > now else {
            return nil
        }
        return try row.json("payload_json")
    }

    /// Forgets what was never used.
    /// - Returns: how many.
    /// - Throws: `DatabaseError`.
    @discardableResult
    package func prune(now: Timestamp, in transaction: borrowing Transaction) throws -> Int {
        try transaction.execute("delete from oauth_states where expires_at <= \(now)")
    }

    private static func hash(_ state: String) -> String {
        hexadecimal(SHA256.hash(data: Array(state.utf8)))
    }
}
