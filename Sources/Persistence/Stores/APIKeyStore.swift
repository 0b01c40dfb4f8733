package import CoreTypes
import Crypto

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// A key that a program shows to use the API of one workspace.
package struct APIKey: Sendable {
    /// What a key may be used for.
    package enum Scope: String, Sendable, CaseIterable {
        case readDebates = "debates:read"
        case writeDebates = "debates:write"
        case readWebhooks = "webhooks:read"
        case writeWebhooks = "webhooks:write"
        case readApprovals = "approvals:read"
        case decideApprovals = "approvals:decide"
    }

    package let workspace: WorkspaceID
    package let id: String
    package let name: String
    package let scopes: Set<Scope>
    package let createdAt: Timestamp
    package let expiresAt: Timestamp?
    package let lastUsedAt: Timestamp?
    package let revokedAt: Timestamp?

    /// Describes a key.
    package init(
        workspace: WorkspaceID,
        id: String,
        name: String,
        scopes: Set<Scope>,
        createdAt: Timestamp,
        expiresAt: Timestamp? = nil,
        lastUsedAt: Timestamp? = nil,
        revokedAt: Timestamp? = nil
    ) {
        self.workspace = workspace
        self.id = id
        self.name = name
        self.scopes = scopes
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.lastUsedAt = lastUsedAt
        self.revokedAt = revokedAt
    }

    /// Whether it opens anything at a moment.
    package func isValid(at now: Timestamp) -> Bool {
        revokedAt == nil && (expiresAt.map { $0 > now } ?? true)
    }
}

/// The table `api_keys`: the keys themselves are shown once and kept as hashes.
///
/// A key has 32 random bytes, so that a plain hash is enough: there is nothing to guess.
package struct APIKeyStore: Sendable {
    /// How every key begins, so that one that leaks is recognised.
    package static let prefix = "ara_"
    /// So that a key in use does not cost a write for each request.
    private static let useInterval = Duration.seconds(60)

    /// Makes the store.
    package init() {}

    /// Makes a key and keeps its hash.
    /// - Returns: the key's text, which nobody can see again.
    /// - Throws: `DatabaseError`.
    package func create(_ key: APIKey, in transaction: borrowing Transaction) throws -> Secret {
        let random = SymmetricKey(size: .bits256).withUnsafeBytes { Data($0) }.base64EncodedString()
        let text = Self.prefix + random.filter { $0 != "=" }.map { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 }
        try transaction.execute(
            """
            insert into api_keys (workspace_id, key_id, name, key_hash, scopes_json, created_at, expires_at)
            values (\(key.workspace), \(key.id), \(key.name), \(Self.hash(text)),
                \(JSONValue.strings(key.scopes.map(\.rawValue).sorted())), \(key.createdAt), \(key.expiresAt))
            """
        )
        return Secret(text)
    }

    /// The key with this text, whether it is valid or not; nil where there is none.
    /// - Throws: `DatabaseError`.
    package func find(_ text: Secret, in transaction: borrowing Transaction) throws -> APIKey? {
        try transaction.query("select * from api_keys where key_hash = \(Self.hash(text.reveal()))").first.map(Self.key)
    }

    /// Notes that a key was used.
    /// - Throws: `DatabaseError`.
    package func noteUse(of key: APIKey, now: Timestamp, in transaction: borrowing Transaction) throws {
        try transaction.execute(
            "update api_keys set last_used_at = \(now) where workspace_id = \(key.workspace) and key_id = \(key.id)"
        )
    }

    /// Whether a use is worth being noted.
    package static func shouldNoteUse(of key: APIKey, now: Timestamp) -> Bool {
        key.lastUsedAt.map { now - $0 >= useInterval } ?? true
    }

    /// The keys of a workspace, or of all; the newest first.
    /// - Throws: `DatabaseError`.
    package func list(workspace: WorkspaceID?, in transaction: borrowing Transaction) throws -> [APIKey] {
        let owner: SQL = workspace.map { "workspace_id = \($0)" } ?? "true"
        return try transaction.query(
            "select * from api_keys where \(owner) order by created_at desc, key_id desc"
        ).map(Self.key)
    }

    /// Ends a key at once.
    /// - Returns: false where there is no such key, or it was revoked before.
    /// - Throws: `DatabaseError`.
    package func revoke(_ id: String, now: Timestamp, in transaction: borrowing Transaction) throws -> Bool {
        try transaction.execute(
            "update api_keys set revoked_at = \(now) where key_id = \(id) and revoked_at is null"
        ) == 1
    }

    private static func hash(_ text: String) -> String { hexadecimal(SHA256.hash(data: Array(text.utf8))) }

    private static func key(_ row: Row) throws -> APIKey {
        APIKey(
            workspace: try row.id("workspace_id"),
            id: try row.text("key_id"),
            name: try row.text("name"),
            scopes: Set((try row.json("scopes_json").array ?? []).compactMap { $0.string.flatMap(APIKey.Scope.init) }),
            createdAt: try row.timestamp("created_at"),
            expiresAt: try row.timestampOrNil("expires_at"),
            lastUsedAt: try row.timestampOrNil("last_used_at"),
            revokedAt: try row.timestampOrNil("revoked_at")
        )
    }
}
