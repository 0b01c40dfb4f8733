package import CoreTypes
package import Persistence

/// Says whose a key is that a program shows.
package protocol KeyAuthority: Sendable {
    /// The key with this text, where it is valid now; nil where it is not.
    func holder(of key: Secret) async throws -> APIKey?
}
