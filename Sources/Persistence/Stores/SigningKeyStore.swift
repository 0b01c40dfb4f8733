package import CoreTypes
import Crypto

/// A key that signs receipts (Ed25519).
package struct SigningKey: Sendable, CustomStringConvertible, CustomReflectable {
    package let id: String
    /// 32 bytes.
    package let publicKey: [UInt8]
    private let privateKey: Curve25519.Signing.PrivateKey

    fileprivate init(_ privateKey: Curve25519.Signing.PrivateKey) {
        self.privateKey = privateKey
        publicKey = Array(privateKey.publicKey.rawRepresentation)
        id = "ed25519-" + hexadecimal(SHA256.hash(data: publicKey).prefix(8))
    }

    package var description: String { "SigningKey(\(id))" }
    package var customMirror: Mirror { Mirror(self, children: ["id": id]) }

    /// The key itself, 32 bytes, for whoever signs; it is kept sealed and shown nowhere.
    package var privateKeyBytes: [UInt8] { Array(privateKey.rawRepresentation) }
}

/// The keys that sign receipts (table `signing_keys`); the private halves are sealed.
package struct SigningKeyStore: Sendable {
    private let sealer: Sealer

    /// Makes the store.
    package init(sealer: Sealer) {
        self.sealer = sealer
    }

    /// The key that signs; the first call makes one.
    /// - Throws: what `keys(in:)` throws.
    package func current(now: Timestamp, in transaction: borrowing Transaction) throws -> SigningKey {
        if let key = try keys(in: transaction).first { return key }
        if transaction.dialect == .postgres {
            // Of processes that start together, the others find here what the first one has made.
            try transaction.executeScript("lock table signing_keys in share row exclusive mode")
            if let key = try keys(in: transaction).first { return key }
        }
        return try make(at: now, renewedAt: nil, in: transaction)
    }

    /// Makes a key that is the current one from now on; the former ones stay, for the receipts that they signed.
    /// - Throws: what `keys(in:)` throws.
    package func renew(now: Timestamp, in transaction: borrowing Transaction) throws -> SigningKey {
        _ = try keys(in: transaction)
        let rows = try transaction.query("select max(renewed_at) as latest from signing_keys")
        // Also by a clock that was set back it is the latest.
        let earliest = try rows.first?.timestampOrNil("latest").map { $0 + .milliseconds(1) }
        return try make(at: now, renewedAt: max(now, earliest ?? now), in: transaction)
    }

    /// The keys that open, the one that signs first: that of the latest renewal, and before any the oldest one, for a
    /// former version let processes that started together make one each.
    /// - Throws: `DatabaseError` with the reason `sealed` where there are keys and none opens, or where the first one
    ///   does not open with the encryption key that it names: a new one in silence would hide that the encryption keys
    ///   are wrong.
    package func keys(in transaction: borrowing Transaction) throws -> [SigningKey] {
        let rows = try transaction.query(
            """
            select key_id, sealed_private_key from signing_keys
            order by coalesce(renewed_at, 0) desc, created_at, key_id
            """
        )
        var keys: [SigningKey] = []
        var failure: DatabaseError?
        for row in rows {
            let sealed = try row.blob("sealed_private_key")
            let isFirst = keys.isEmpty && failure == nil
            do {
                let bytes = try sealer.open(sealed, identity: Self.identity(try row.text("key_id")))
                keys.append(SigningKey(try Curve25519.Signing.PrivateKey(rawRepresentation: bytes)))
            } catch let error as DatabaseError where error.reason == .sealed {
                // Another installation's key of the same name: no secret that the others seal would open here.
                if isFirst, sealer.keys.contains(where: { $0.name == Sealer.keyName(of: sealed) }) { throw error }
                failure = failure ?? error
            }
        }
        if keys.isEmpty, let failure { throw failure }
        return keys
    }

    private func make(
        at now: Timestamp,
        renewedAt: Timestamp?,
        in transaction: borrowing Transaction
    ) throws -> SigningKey {
        let privateKey = Curve25519.Signing.PrivateKey()
        let key = SigningKey(privateKey)
        let sealed = try sealer.seal(Array(privateKey.rawRepresentation), identity: Self.identity(key.id))
        try transaction.execute(
            """
            insert into signing_keys (key_id, public_key, sealed_private_key, created_at, renewed_at)
            values (\(key.id), \(key.publicKey), \(sealed), \(now), \(renewedAt))
            """
        )
        return key
    }

    private static func identity(_ id: String) -> [String] { ["signing_keys", id] }
}
