/// What stands before a response's body.
struct ResponseHead: Sendable {
    var status: Int
    var headers: [(name: String, value: String)]

    /// The first value of the header with this name, given in lower case.
    func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name }?.value
    }
}

/// Puts a response's head together from the lines that libcurl hands over.
///
/// Interim responses (1xx) are passed over, and so are trailers, which come after the head is complete.
struct ResponseHeadParser {
    enum Outcome {
        /// More lines are needed.
        case incomplete
        /// This line ended the head.
        case complete(ResponseHead)
        case tooLarge
        case malformed
    }

    /// The most that all lines of a response's head may hold, in bytes: what Hummingbird allows for a request, thrice.
    private static let maximumBytes = 256 << 10

    private var head: ResponseHead?
    private var size = 0
    private var isComplete = false

    /// Takes the next line, with its line break.
    mutating func feed(_ bytes: UnsafeBufferPointer<UInt8>) -> Outcome {
        guard !isComplete else { return .incomplete }
        size += bytes.count
        guard size <= Self.maximumBytes else { return .tooLarge }
        var line = bytes[...]
        while let last = line.last, last == 10 || last == 13 { line.removeLast() }

        if line.starts(with: "HTTP/".utf8) {
            let words = line.split(separator: 32, maxSplits: 2)
            guard words.count >= 2, let status = Int(String(decoding: words[1], as: UTF8.self)) else {
                return .malformed
            }
            head = ResponseHead(status: status, headers: [])
            return .incomplete
        }
        guard let status = head?.status else { return .malformed }
        if line.isEmpty {
            guard status >= 200, let head else { return .incomplete }
            isComplete = true
            return .complete(head)
        }
        if line.first == 32 || line.first == 9 {
            // A folded line (RFC 9112, 5.2) continues the value before it.
            guard let last = head?.headers.indices.last else { return .malformed }
            head?.headers[last].value += " " + String(decoding: line, as: UTF8.self).trimmingBlanks()
        } else {
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { return .malformed }
            let name = String(decoding: line[..<colon], as: UTF8.self)
            let value = String(decoding: line[(colon + 1)...], as: UTF8.self)
            head?.headers.append((name, value.trimmingBlanks()))
        }
        return .incomplete
    }
}
