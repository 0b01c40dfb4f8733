import Hummingbird

/// What a client calls one request, so that repeating it makes nothing twice.
enum IdempotencyKey {
    /// The key of a request, or nil.
    /// - Throws: `HTTPFailure` 400 for one that is empty or too long.
    static func read(_ request: Request) throws(HTTPFailure) -> String? {
        guard let key = request.headers[.idempotencyKey] else { return nil }
        guard (1...200).contains(key.utf8.count) else {
            throw .invalid("The Idempotency-Key has to have 1 to 200 bytes.")
        }
        return key
    }
}
