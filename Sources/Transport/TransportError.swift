import CoreTypes

/// A failure of an outbound request.
///
/// Its text names the host alone: never the path, the query or a header.
package struct TransportError: CodedError, Hashable {
    /// The closed list of reasons.
    package enum Code: String, Sendable {
        /// The request, its connection or the gap between two bytes took longer than allowed.
        case timeout
        /// No connection came about.
        case connect
        /// The host's name has no address.
        case dns
        /// The TLS handshake did not complete.
        case tls
        /// The peer's certificate cannot be trusted.
        case certificate
        /// The address guard does not allow the host's address.
        case refusedAddress = "refused_address"
        /// The response is larger than the request allows.
        case tooLarge = "too_large"
        /// The request cannot be sent as it is: its URL, its method or a header is not acceptable.
        case invalidRequest = "invalid_request"
        /// The peer does not speak HTTP as it should.
        case protocolError = "protocol_error"
        /// The connection broke after the request had begun.
        case interrupted
        /// The calling task was cancelled.
        case cancelled
        /// The client was shut down.
        case closed
    }

    package let reason: Code
    package let description: String
    /// Whether a byte of the request may have reached the peer: false until a connection stands, true from then on.
    ///
    /// Where this is true the request must not be repeated blindly.
    package var mayHaveBeenSent: Bool

    package var code: String { "transport_\(reason.rawValue)" }
    package var isRetryable: Bool {
        switch reason {
        case .timeout, .connect, .dns, .tls, .interrupted, .closed: true
        case .certificate, .refusedAddress, .tooLarge, .invalidRequest, .protocolError, .cancelled: false
        }
    }

    /// Describes a failure; the description names no more of the URL than its host.
    package init(_ reason: Code, _ description: String, mayHaveBeenSent: Bool = false) {
        self.reason = reason
        self.description = description
        self.mayHaveBeenSent = mayHaveBeenSent
    }
}
