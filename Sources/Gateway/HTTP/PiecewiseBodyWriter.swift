import HTTPTypes
import Hummingbird
import NIOCore

/// Writes an answer of any length in pieces, so that no more of it is held in memory than its peer is about to take: a
/// write waits for the one before it, but never for itself.
struct PiecewiseBodyWriter: ResponseBodyWriter {
    private static let pieceBytes = 64 << 10

    private var writer: any ResponseBodyWriter

    init(_ writer: any ResponseBodyWriter) {
        self.writer = writer
    }

    @concurrent
    mutating func write(_ buffer: ByteBuffer) async throws {
        var rest = buffer
        while rest.readableBytes > 0, let piece = rest.readSlice(length: min(rest.readableBytes, Self.pieceBytes)) {
            try await writer.write(piece)
        }
    }

    @concurrent
    consuming func finish(_ trailingHeaders: HTTPFields?) async throws {
        try await writer.finish(trailingHeaders)
    }
}
