import NIOHTTP1

/// A request that the router answers, as far as its answer depends on what the router does not see: the version of HTTP
/// that its peer speaks, and how an answer without content is written.
struct RoutedRequest {
    /// Whether only the head of the answer is wanted.
    let isHead: Bool
    /// Whether the peer speaks HTTP/1.0, which has no chunks and does not wait with a body.
    private let isOld: Bool

    /// Looks at a request, and tells the router what it has to know.
    /// - Parameter isLast: whether the router closes the connection behind its answer whatever the request asks for.
    init(_ request: inout HTTPRequestHead, isLast: Bool) {
        isHead = request.method == .HEAD
        isOld = request.version == .http1_0
        if isOld { request.headers.remove(name: "Expect") }
        // Where an answer has no length, its end is that of the connection.
        if isOld || isLast { request.headers.replaceOrAdd(name: "Connection", value: "close") }
    }

    /// Makes the head of an answer one that the peer understands.
    func fit(_ head: inout HTTPResponseHead) {
        guard isOld else { return }
        head.version = .http1_0
        head.headers.replaceOrAdd(name: "Connection", value: "close")
    }
}

extension HTTPRequestHead {
    /// Whether the client sends its body only when it hears that it is wanted (RFC 9110, section 10.1.1).
    var waitsWithBody: Bool {
        version != .http1_0 && headers.first(name: "Expect")?.lowercased() == "100-continue"
    }
}
