import Hummingbird

/// Says who uses the API: a program with a key of its own, or whoever the access policy lets through.
struct APIAccess: Sendable {
    let policy: AccessPolicy
    /// Who knows the keys of programs; nil where there are none.
    let keys: KeyPolicy?

    /// Says who asks.
    /// - Throws: `HTTPFailure` 401, 403 or 415.
    func caller(_ request: Request, _ context: GatewayContext) async throws -> Caller {
        // The operator may have chosen a token that looks like a key.
        if let keys, let key = KeyPolicy.key(shownIn: request), !policy.isToken(key) {
            return try await keys.authorize(key, request)
        }
        return try policy.authorize(request, context)
    }
}
