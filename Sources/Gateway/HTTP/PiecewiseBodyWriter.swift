import HTTPTypes
import Hummingbird
import NIOCore

/// Writes an answer of any length in pieces, so that no more of it is held in memory than its peer is about to take.
struct PiecewiseBodyWriter: ResponseBodyWriter {
    private static let pieceBytes = 64 << 10

    private var writer: any ResponseBodyWriter
    private let eventLoop: any EventLoop

    /// Makes a writer.
    /// - Parameter eventLoop: where the connection lives.
    init(_ writer: any ResponseBodyWriter, eventLoop: any EventLoop) {
        self.writer = writer
        self.eventLoop = eventLoop
    }

    @concurrent
    mutating func write(_ buffer: ByteBuffer) async throws {
        var rest = buffer
        while rest.readableBytes > 0, let piece = rest.readSlice(length: min(rest.readableBytes, Self.pieceBytes)) {
            try await writer.write(piece)
            // A write only waits where the connection is known to be full, and only its own thread finds that out: until
            // it has seen this piece, all the others would be written into memory.
            try await eventLoop.submit {}.get()
        }
    }

    @concurrent
    consuming func finish(_ trailingHeaders: HTTPFields?) async throws {
        try await writer.finish(trailingHeaders)
    }
}
