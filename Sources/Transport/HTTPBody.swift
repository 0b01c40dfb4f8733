/// The body of a streaming response, in pieces as they arrive.
///
/// While nobody asks for the next piece, no more than a few are buffered: the transfer pauses, and the peer is made to
/// wait.
package struct HTTPBody: AsyncSequence, Sendable {
    package typealias Element = [UInt8]
    package typealias Failure = TransportError

    private let pull: @Sendable () async throws(TransportError) -> [UInt8]?

    /// Makes a body of a function that gives the next piece, and nil at the end.
    package init(pull: @escaping @Sendable () async throws(TransportError) -> [UInt8]?) {
        self.pull = pull
    }

    /// Reads all that is left; the request's `maximumResponseBytes` bounds it.
    /// - Throws: `TransportError`.
    package func collect() async throws(TransportError) -> [UInt8] {
        var bytes: [UInt8] = []
        while let piece = try await pull() { bytes += piece }
        return bytes
    }

    package func makeAsyncIterator() -> AsyncIterator { AsyncIterator(pull: pull) }

    /// Gives the pieces one after the other.
    package struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let pull: @Sendable () async throws(TransportError) -> [UInt8]?

        package mutating func next() async throws(TransportError) -> [UInt8]? {
            try await pull()
        }

        package mutating func next(isolation actor: isolated (any Actor)?) async throws(TransportError) -> [UInt8]? {
            try await pull()
        }
    }
}
