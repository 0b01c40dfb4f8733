package import CoreTypes

/// A response that was received whole.
package struct HTTPResponse: Sendable {
    package let status: Int
    /// The headers in the order in which they came.
    package let headers: [(name: String, value: String)]
    /// The body after decompression.
    package let body: [UInt8]

    /// Describes a response.
    package init(status: Int, headers: [(name: String, value: String)] = [], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// The first value of the header with this name, in whatever case it was written.
    package func header(_ name: String) -> String? { firstValue(of: name, in: headers) }

    /// How long `Retry-After` asks to wait, at most an hour; nil where it is missing or unreadable.
    package func retryAfter(now: Timestamp) -> Duration? {
        header("retry-after").flatMap { parseRetryAfter($0, now: now) }
    }
}

/// A response whose head has arrived and whose body is still coming.
package struct StreamingResponse: Sendable {
    package let status: Int
    /// The headers in the order in which they came.
    package let headers: [(name: String, value: String)]
    /// The body after decompression; it can be read once, and only inside the closure that was given the response.
    package let body: HTTPBody

    /// Describes a response.
    package init(status: Int, headers: [(name: String, value: String)] = [], body: HTTPBody) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// The first value of the header with this name, in whatever case it was written.
    package func header(_ name: String) -> String? { firstValue(of: name, in: headers) }

    /// How long `Retry-After` asks to wait, at most an hour; nil where it is missing or unreadable.
    package func retryAfter(now: Timestamp) -> Duration? {
        header("retry-after").flatMap { parseRetryAfter($0, now: now) }
    }
}

private func firstValue(of name: String, in headers: [(name: String, value: String)]) -> String? {
    let wanted = name.lowercased()
    return headers.first { $0.name.lowercased() == wanted }?.value
}
