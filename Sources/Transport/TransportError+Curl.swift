import CCurl

extension TransportError {
    /// Translates libcurl's result for a request to a host.
    init(_ result: CURLcode, host: String, mayHaveBeenSent: Bool) {
        let reason: Code =
            switch result {
            case CURLE_OPERATION_TIMEDOUT: .timeout
            case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: .dns
            case CURLE_COULDNT_CONNECT, CURLE_INTERFACE_FAILED, CURLE_PROXY: .connect
            case CURLE_SSL_CONNECT_ERROR: .tls
            case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER, CURLE_SSL_CACERT_BADFILE,
                CURLE_SSL_ISSUER_ERROR, CURLE_SSL_PINNEDPUBKEYNOTMATCH, CURLE_SSL_INVALIDCERTSTATUS:
                .certificate
            case CURLE_FILESIZE_EXCEEDED: .tooLarge
            case CURLE_URL_MALFORMAT: .invalidRequest
            case CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_GOT_NOTHING, CURLE_PARTIAL_FILE, CURLE_HTTP2,
                CURLE_HTTP2_STREAM, CURLE_ABORTED_BY_CALLBACK:
                .interrupted
            default: .protocolError
            }
        // The text behind a result is a constant of libcurl's and holds nothing of the request.
        let text = curl_easy_strerror(result).map { String(cString: $0) } ?? "unknown failure"
        self.init(reason, "The request to \(host) failed: \(text)", mayHaveBeenSent: mayHaveBeenSent)
    }
}
