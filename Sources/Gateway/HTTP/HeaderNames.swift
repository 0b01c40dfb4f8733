import HTTPTypes

extension HTTPField.Name {
    static let apiKey = literal("X-API-Key")
    static let cfConnectingIP = literal("CF-Connecting-IP")
    static let forwarded = literal("Forwarded")
    /// What the first one has become, the types of HTTP give no name.
    static let hostAgain = literal("Host")
    static let idempotencyKey = literal("Idempotency-Key")
    static let lastEventID = literal("Last-Event-ID")
    static let referrerPolicy = literal("Referrer-Policy")
    static let requestID = literal("X-Request-ID")
    static let secFetchSite = literal("Sec-Fetch-Site")
    static let trueClientIP = literal("True-Client-IP")
    static let xForwardedFor = literal("X-Forwarded-For")
    static let xForwardedHost = literal("X-Forwarded-Host")
    static let xForwardedPort = literal("X-Forwarded-Port")
    static let xForwardedProto = literal("X-Forwarded-Proto")
    static let xRealIP = literal("X-Real-IP")

    /// A name that this file spells; the first request would show a wrong one.
    private static func literal(_ name: String) -> HTTPField.Name {
        // Only the literals above come here, all of them RFC 9110 tokens: nothing from outside can fail this.
        guard let parsed = HTTPField.Name(name) else { preconditionFailure("\(name) is no field name") }
        return parsed
    }
}
