/// Whatever sends HTTP requests.
package protocol HTTPTransport: Sendable {
    /// Sends a request and gives the whole response, of whatever status.
    /// - Throws: `TransportError`; its `mayHaveBeenSent` tells whether the peer may have acted on the request.
    func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPResponse

    /// Sends a request and hands over the response as soon as its head is there; the transfer ends with the closure.
    /// - Throws: `TransportError`, or what the closure threw.
    func stream<R: Sendable>(
        _ request: HTTPRequest,
        _ consume: (StreamingResponse) async throws -> R
    ) async throws -> R
}
