import NIOHTTP1

/// A request that the router answers, as far as its answer depends on what the router does not see: the version of HTTP
/// that its peer speaks, and how an answer without content is written.
struct RoutedRequest {
    /// Whether only the head of the answer is wanted.
    let isHead: Bool
    /// Whether its answer is the connection's last one.
    private(set) var isLast: Bool
    /// Whether the peer speaks HTTP/1.0, which has no chunks.
    private let isOld: Bool

    /// Looks at a request, and tells the router what it has to know.
    init(_ request: inout HTTPRequestHead) {
        isHead = request.method == .HEAD
        isOld = request.version == .http1_0
        // Where an answer has no length, its end is that of the connection.
        isLast = isOld || !request.isKeepAlive || request.endsHTTP
        if !request.waitsWithBody { request.headers.remove(name: "Expect") }
        if isLast { request.headers.replaceOrAdd(name: "Connection", value: "close") }
    }

    /// Makes the head of an answer one that the peer understands, and looks whether it says that it is the last one.
    mutating func fit(_ head: inout HTTPResponseHead) {
        if isOld { head.version = .http1_0 }
        if isLast { head.headers.replaceOrAdd(name: "Connection", value: "close") }
        isLast = head.headers.first(name: "Connection")?.lowercased() == "close"
    }
}

extension HTTPRequestHead {
    /// Whether the client sends its body only when it hears that it is wanted (RFC 9110, section 10.1.1); one that
    /// speaks HTTP/1.0 does not.
    var waitsWithBody: Bool {
        guard version != .http1_0, headers.first(name: "Expect")?.lowercased() == "100-continue" else { return false }
        return headers.contains(name: "Transfer-Encoding") || headers.first(name: "Content-Length") ?? "0" != "0"
    }
}
