import Dispatch
import HTTPTypes
import Hummingbird
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import Gateway

/// Answers that are longer than what a connection should hold.
@Suite("The piecewise body writer", .timeLimit(.minutes(1)))
struct PiecewiseBodyWriterTests {
    /// Tells of each piece.
    private struct NotingWriter: ResponseBodyWriter {
        let pieces: AsyncStream<Int>.Continuation

        func write(_ buffer: ByteBuffer) async throws { pieces.yield(buffer.readableBytes) }
        func finish(_ trailingHeaders: HTTPFields?) async throws { pieces.finish() }
    }

    @Test("Nothing more is written until the connection's thread has seen the piece before")
    func patience() async throws {
        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        let (pieces, noted) = AsyncStream.makeStream(of: Int.self)
        let isIdle = Mutex(false)
        let gate = DispatchSemaphore(value: 0)
        eventLoop.execute { gate.wait() }
        async let written: Void = {
            var writer = PiecewiseBodyWriter(NotingWriter(pieces: noted), eventLoop: eventLoop)
            try await writer.write(ByteBuffer(repeating: 0, count: 150_000))
            #expect(isIdle.withLock { $0 })
            try await writer.finish(nil)
        }()
        var sizes: [Int] = []
        for await size in pieces {
            sizes.append(size)
            guard sizes.count == 1 else { continue }
            isIdle.withLock { $0 = true }
            gate.signal()
        }
        try await written
        #expect(sizes == [65536, 65536, 18928])
    }
}
