import CoreTypes
import Transport

/// A server that answers every request in the same way, without a network.
struct CannedTransport: HTTPTransport {
    var status = 200
    var type = "text/event-stream"
    /// The body, in the pieces in which it comes.
    let pieces: [String]
    /// How the connection breaks behind the last piece; nil where the body is whole.
    var end: TransportError?
    /// How often something was asked.
    let calls = Shared(0)

    /// Describes the answers.
    init(status: Int = 200, type: String = "text/event-stream", _ pieces: [String], end: TransportError? = nil) {
        self.status = status
        self.type = type
        self.pieces = pieces
        self.end = end
    }

    private var headers: [(name: String, value: String)] { [(name: "Content-Type", value: type)] }

    func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPResponse {
        calls.change { $0 += 1 }
        return HTTPResponse(status: status, headers: headers, body: Array(pieces.joined().utf8))
    }

    func stream<R: Sendable>(
        _ request: HTTPRequest,
        _ consume: (StreamingResponse) async throws -> R
    ) async throws -> R {
        calls.change { $0 += 1 }
        let position = Shared(0)
        let pieces = pieces
        let end = end
        let body = HTTPBody { () async throws(TransportError) -> [UInt8]? in
            let next = position.change { $0 += 1 } - 1
            if next < pieces.count { return Array(pieces[next].utf8) }
            if let end { throw end }
            return nil
        }
        return try await consume(StreamingResponse(status: status, headers: headers, body: body))
    }
}
