import CoreTypes
import HTTPTypes
import Hummingbird
import NIOCore

/// Reads a request's body once, as the bytes that came in, within a size and a time.
struct BodyReader: Sendable {
    let time: any TimeSource
    /// How long a body may take, whether its peer drips or is silent.
    let timeout: Duration

    /// Reads the whole body.
    /// - Parameter limit: the most bytes; a request that announces more is refused before anything is read.
    /// - Throws: `HTTPFailure` 415 for an encoded one; 413, 408 or, for a body that breaks off, 400, after which the
    ///   connection has to be closed.
    func read(_ request: Request, upTo limit: Int) async throws -> [UInt8] {
        var announced = 0
        if let length = request.headers[.contentLength] {
            guard let number = Int(length), number <= limit else { throw Self.tooLarge(limit) }
            if number == 0 { return [] }
            announced = number
        } else if request.headers[.transferEncoding] == nil {
            return []
        }
        if let coding = request.headers[.contentEncoding], coding.lowercased() != "identity" { throw Self.encoded }
        return try await withThrowingTaskGroup(of: [UInt8].self) { [announced] group in
            defer { group.cancelAll() }
            group.addTask { try await Self.read(request.body, announced: announced, upTo: limit) }
            group.addTask {
                try await time.sleep(for: timeout)
                throw Self.tooSlow
            }
            return try await group.next() ?? []
        }
    }

    private static func read(_ body: RequestBody, announced: Int, upTo limit: Int) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        // What is only announced gets no memory yet.
        bytes.reserveCapacity(min(announced, usualBytes))
        do {
            for try await buffer in body {
                guard bytes.count + buffer.readableBytes <= limit else { throw tooLarge(limit) }
                buffer.withUnsafeReadableBytes { bytes.append(contentsOf: $0) }
            }
        } catch {
            if error is HTTPFailure || error is CancellationError { throw error }
            // The connection's own error: what came is no HTTP, or whoever sent it has left.
            throw HTTPFailure.brokenBody
        }
        return bytes
    }

    private static let usualBytes = 16 << 10

    private static func tooLarge(_ limit: Int) -> HTTPFailure {
        HTTPFailure(.contentTooLarge, "too_large", "The body may have \(limit) bytes at most. Send less at a time.")
    }

    private static let encoded = HTTPFailure(
        .unsupportedMediaType,
        "unsupported_encoding",
        "Bodies are read as they come: send it without a Content-Encoding.",
        headers: [.acceptEncoding: "identity"]
    )

    private static let tooSlow = HTTPFailure(
        .requestTimeout,
        "timeout",
        "The body took too long to arrive. Send it at once."
    )
}

extension HTTPFailure {
    /// Whether the rest of the body was left unread, so that the connection cannot be used any more.
    var leavesBodyUnread: Bool {
        status == .contentTooLarge || status == .requestTimeout || code == Self.brokenBody.code
    }

    static let brokenBody = HTTPFailure(
        .badRequest,
        "broken_body",
        "The body broke off, or it does not come in the form that its head announces. Send all of it again."
    )
}
