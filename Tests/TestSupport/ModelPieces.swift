import Synchronization

/// One streamed answer that is written by a test, piece by piece.
package final class ModelPieces: Sendable {
    let texts: AsyncStream<String>
    private let continuation: AsyncStream<String>.Continuation
    private let whole = Atomic(false)

    /// An answer without any text yet.
    package init() {
        (texts, continuation) = AsyncStream.makeStream()
    }

    /// Whether the answer came to its end.
    var isWhole: Bool { whole.load(ordering: .acquiring) }

    /// Sends the next piece.
    package func send(_ text: String) { continuation.yield(text) }

    /// Ends the answer as it should.
    package func finish() {
        whole.store(true, ordering: .releasing)
        continuation.finish()
    }

    /// Ends the stream in the middle of the answer.
    package func breakOff() { continuation.finish() }
}
