import CoreTypes
import HTTPTypes
import Hummingbird
import NIOCore

/// Reads a request's body once, as the bytes that came in, within a size and a time.
struct BodyReader: Sendable {
    let time: any TimeSource
    /// How long a body may take.
    ///
    /// A silent peer is cut off by the connection's idle timeout, a dripping one by this.
    let timeout: Duration

    /// Reads the whole body.
    /// - Parameter limit: the most bytes; a request that announces more is refused before anything is read.
    /// - Throws: `HTTPFailure` 413 or 408, after which the connection has to be closed, or the connection's own error.
    func read(_ request: Request, upTo limit: Int) async throws -> [UInt8] {
        var announced = 0
        if let length = request.headers[.contentLength] {
            guard let number = Int(length), number <= limit else { throw Self.tooLarge }
            if number == 0 { return [] }
            announced = number
        } else if request.headers[.transferEncoding] == nil {
            return []
        }
        let start = time.now()
        var bytes: [UInt8] = []
        // What is only announced gets no memory yet.
        bytes.reserveCapacity(min(announced, Self.usualBytes))
        for try await buffer in request.body {
            guard bytes.count + buffer.readableBytes <= limit else { throw Self.tooLarge }
            buffer.withUnsafeReadableBytes { bytes.append(contentsOf: $0) }
            // What was announced is there, so the common body of one part costs no look at the clock.
            if bytes.count < announced || announced == 0, time.now() - start > timeout { throw Self.tooSlow }
        }
        return bytes
    }

    private static let usualBytes = 16 << 10
    private static let tooLarge = HTTPFailure(.contentTooLarge, "too_large", "The body is too large.")
    private static let tooSlow = HTTPFailure(.requestTimeout, "timeout", "The body took too long to arrive.")
}

extension HTTPFailure {
    /// Whether the rest of the body was left unread, so that the connection cannot be used any more.
    var leavesBodyUnread: Bool { status == .contentTooLarge || status == .requestTimeout }
}
