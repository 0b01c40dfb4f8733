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

    /// The oldest key that opens; the first call makes one.
    /// - Throws: `DatabaseError` with the reason `sealed` where there are keys and none opens: a new one in silence
    ///   would hide that the encryption keys are wrong.
    package func current(now: Timestamp, in transaction: borrowing Transaction) throws -> SigningKey {
        let rows = try transaction.query(
            "select key_id, sealed_private_key from signing_keys order by created_at, key_id"
        )
        var failure: DatabaseError?
        for row in rows {
            do {
                let identity = Self.identity(try row.text("key_id"))
                let bytes = try sealer.open(try row.blob("sealed_private_key"), identity: identity)
                return SigningKey(try Curve25519.Signing.PrivateKey(rawRepresentation: bytes))
            } catch let error as DatabaseError where error.reason == .sealed {
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
        let privateKey = Curve25519.Signing.PrivateKey()
        let key = SigningKey(privateKey)
        let sealed = try sealer.seal(Array(privateKey.rawRepresentation), identity: Self.identity(key.id))
        try transaction.execute(
            """
            insert into signing_keys (key_id, public_key, sealed_private_key, created_at)
            values (\(key.id), \(key.publicKey), \(sealed), \(now))
            """
        )
        return key
    }

    private static func identity(_ id: String) -> [String] { ["signing_keys", id] }
}
