import CoreTypes
import Gateway
import Persistence

/// A key of the local workspace that may read debates.
struct ReadingKey: KeyAuthority {
    static let text = APIKeyStore.prefix + "a-key-that-reads"

    func holder(of key: Secret) async throws -> APIKey? {
        guard key.reveal() == Self.text else { return nil }
        return APIKey(
            workspace: .local,
            id: "k2",
            name: "reader",
            scopes: [.readDebates],
            createdAt: Timestamp(milliseconds: 0)
        )
    }
}
