/// An HTTP request to be sent.
package struct HTTPRequest: Sendable {
    /// The method, in capitals.
    package var method: String
    /// An absolute `http` or `https` URL.
    package var url: String
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]
    /// The longest time that the whole request may take, from its start to the response's last byte.
    package var timeout: Duration
    /// The longest time until the first piece of the response's body; nil for no limit but `timeout`.
    package var firstPieceTimeout: Duration?
    /// The longest time between two pieces of the response's body; nil for no such limit.
    ///
    /// Before the first piece it does not count: whoever answers may have to think.
    package var idleTimeout: Duration?
    /// The longest time that name resolution, connection and TLS handshake may take.
    package var connectTimeout: Duration
    /// The largest response body, after decompression, in bytes.
    package var maximumResponseBytes: Int
    /// How many bytes of the answer's body are kept; nil for all of it.
    ///
    /// Where set, an answer counts as soon as its head is there: what stands behind these bytes is not read, and what of
    /// them never comes is done without. Only `send` heeds it; the largest response is no matter then.
    package var keptResponseBytes: Int?
    /// Whether the address guard decides which addresses may be reached; the proxies are then passed over.
    package var guardAddresses: Bool
    /// Whether redirects are followed, five at most; only `GET` and `HEAD` ever are.
    package var followRedirects: Bool

    /// Describes a request.
    package init(
        method: String = "GET",
        url: String,
        headers: [(name: String, value: String)] = [],
        body: [UInt8] = [],
        timeout: Duration = .seconds(30),
        firstPieceTimeout: Duration? = nil,
        idleTimeout: Duration? = nil,
        connectTimeout: Duration = .seconds(10),
        maximumResponseBytes: Int = 4 << 20,
        keptResponseBytes: Int? = nil,
        guardAddresses: Bool = false,
        followRedirects: Bool = false
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.timeout = timeout
        self.firstPieceTimeout = firstPieceTimeout
        self.idleTimeout = idleTimeout
        self.connectTimeout = connectTimeout
        self.maximumResponseBytes = maximumResponseBytes
        self.keptResponseBytes = keptResponseBytes
        self.guardAddresses = guardAddresses
        self.followRedirects = followRedirects
    }

    /// Whether the method asks for nothing to be done, so that repeating it is harmless (RFC 9110, 9.2.1).
    var isSafe: Bool { method == "GET" || method == "HEAD" || method == "OPTIONS" }
}
