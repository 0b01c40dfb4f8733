import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTPTypes
import Synchronization

/// The body of a client that waits with it until it hears that it is wanted (RFC 9110, section 10.1.1).
///
/// The client is asked for it where somebody begins to read it, so a request that is refused by its head gets its
/// refusal alone.
final class AwaitedBody: AsyncSequence, Sendable {
    typealias Element = ByteBuffer

    private let body: RequestBody
    private let channel: any Channel
    private let asked = Mutex(false)

    init(_ body: RequestBody, channel: any Channel) {
        self.body = body
        self.channel = channel
    }

    /// Whether the client was told to send it.
    var wasAsked: Bool { asked.withLock { $0 } }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(pieces: body.makeAsyncIterator(), body: self) }

    private func ask() {
        let isFirst = asked.withLock { asked in
            defer { asked = true }
            return !asked
        }
        guard isFirst else { return }
        channel.writeAndFlush(HTTPResponsePart.head(HTTPResponse(status: .continue)), promise: nil)
    }

    /// Gives the pieces one after the other.
    struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate var pieces: RequestBody.AsyncIterator
        fileprivate let body: AwaitedBody

        @concurrent
        mutating func next() async throws -> ByteBuffer? {
            body.ask()
            return try await pieces.next()
        }
    }
}
