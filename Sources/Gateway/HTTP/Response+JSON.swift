import CoreTypes
import HTTPTypes
import Hummingbird
import NIOCore

extension Response {
    /// An answer that is one JSON value.
    static func json(_ value: JSONValue, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]) -> Response {
        .bytes(value.bytes, contentType: "application/json", status: status, headers: headers)
    }

    /// An answer whose bytes are there already.
    static func bytes(
        _ bytes: [UInt8],
        contentType: String,
        status: HTTPResponse.Status = .ok,
        headers: HTTPFields = [:]
    ) -> Response {
        var headers = headers
        headers[.contentType] = contentType
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    /// A failure in the flat form that the public client reads: `{error, code, trace_id}`.
    static func failure(_ failure: HTTPFailure, requestID: String) -> Response {
        .json(
            [
                "error": .string(failure.description),
                "code": .string(failure.code),
                "trace_id": .string(requestID),
            ],
            status: failure.status,
            headers: failure.headers
        )
    }

    /// The same answer, after which the connection is closed whatever the peer is still sending.
    func closing(_ channel: any Channel) -> Response {
        var response = self
        let body = self.body
        response.headers[.connection] = "close"
        response.body = ResponseBody(contentLength: body.contentLength) { writer in
            try await body.write(writer)
            channel.closeSoon()
        }
        return response
    }
}
