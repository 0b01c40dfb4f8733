import CCurl
import CoreTypes

extension Transfer {
    /// Sets every option of the easy handle.
    /// - Throws: `TransportError` where libcurl refuses one, which is for want of memory or of a feature.
    func configure(_ configuration: HTTPClient.Configuration) throws(TransportError) {
        let results =
            setConnection(configuration) + setLimits() + setProxy(configuration) + setMethod()
            + setHeaders(configuration)
            + setCallbacks()
        if let failure = results.first(where: { $0 != CURLE_OK }) {
            throw TransportError(failure, host: address.host, mayHaveBeenSent: false)
        }
    }

    private func setConnection(_ configuration: HTTPClient.Configuration) -> [CURLcode] {
        var results = [
            ccurl_set_string(handle, CURLOPT_URL, address.text),
            ccurl_set_string(handle, CURLOPT_PROTOCOLS_STR, "http,https"),
            // Redirects are the client's own: libcurl would take secret headers along to another host.
            ccurl_set_long(handle, CURLOPT_FOLLOWLOCATION, 0),
            ccurl_set_long(handle, CURLOPT_NOSIGNAL, 1),
            // Ending a transfer must not wait for a name server that does not answer.
            ccurl_set_long(handle, CURLOPT_QUICK_EXIT, 1),
            ccurl_set_long(handle, CURLOPT_TCP_KEEPALIVE, 1),
            ccurl_set_long(handle, CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_2TLS)),
            ccurl_set_long(handle, CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2)),
            ccurl_set_long(handle, CURLOPT_MAXAGE_CONN, Int(configuration.idleConnectionLifetime.components.seconds)),
        ]
        if let file = configuration.certificateAuthorities {
            results.append(ccurl_set_string(handle, CURLOPT_CAINFO, file))
        }
        return results
    }

    private func setLimits() -> [CURLcode] {
        var results = [
            ccurl_set_long(handle, CURLOPT_TIMEOUT_MS, milliseconds(request.timeout)),
            ccurl_set_long(handle, CURLOPT_CONNECTTIMEOUT_MS, milliseconds(request.connectTimeout)),
        ]
        if request.method != "HEAD", request.keptResponseBytes == nil {
            // Refuses an announced length at once; the bytes that do arrive are counted as well.
            results.append(
                ccurl_set_offset(handle, CURLOPT_MAXFILESIZE_LARGE, curl_off_t(request.maximumResponseBytes))
            )
        }
        return results
    }

    private func setProxy(_ configuration: HTTPClient.Configuration) -> [CURLcode] {
        // A proxy would connect for us, and no guard would see where to.
        guard addressGuard != nil || !configuration.usesProxies else {
            return [ccurl_set_long(handle, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)]
        }
        return [
            ccurl_set_string(handle, CURLOPT_PROXY, ""),
            ccurl_set_string(handle, CURLOPT_NOPROXY, "*"),
        ]
    }

    private func setMethod() -> [CURLcode] {
        let method = request.method
        guard !request.body.isEmpty || method == "POST" || method == "PUT" || method == "PATCH" else {
            switch method {
            case "GET":
                return [ccurl_set_long(handle, CURLOPT_HTTPGET, 1)]
            case "HEAD":
                return [ccurl_set_long(handle, CURLOPT_NOBODY, 1)]
            default:
                return [
                    ccurl_set_long(handle, CURLOPT_HTTPGET, 1),
                    ccurl_set_string(handle, CURLOPT_CUSTOMREQUEST, method),
                ]
            }
        }
        return [
            ccurl_set_long(handle, CURLOPT_POST, 1),
            ccurl_set_offset(handle, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(request.body.count)),
            request.body.isEmpty
                ? ccurl_set_string(handle, CURLOPT_COPYPOSTFIELDS, "")
                : request.body.withUnsafeBytes { ccurl_set_bytes(handle, CURLOPT_COPYPOSTFIELDS, $0.baseAddress) },
            ccurl_set_string(handle, CURLOPT_CUSTOMREQUEST, method == "POST" ? nil : method),
        ]
    }

    private func setHeaders(_ configuration: HTTPClient.Configuration) -> [CURLcode] {
        // `Name:` takes out a header that libcurl would write by itself: the wait for `100 Continue`, and a type for a
        // body that was given none.
        var lines = ["Expect:"]
        if !request.headers.contains(where: { $0.name.isHeader("content-type") }) {
            lines.append("Content-Type:")
        }
        for (name, value) in request.headers {
            let isBlank = value.utf8.allSatisfy { $0 == 32 || $0 == 9 }
            lines.append(isBlank ? "\(name);" : "\(name): \(value)")
        }
        for line in lines {
            guard let longer = curl_slist_append(headerLines, line) else { return [CURLE_OUT_OF_MEMORY] }
            headerLines = longer
        }
        return [
            // Every compression that libcurl can undo.
            ccurl_set_string(handle, CURLOPT_ACCEPT_ENCODING, ""),
            ccurl_set_string(handle, CURLOPT_USERAGENT, configuration.userAgent),
            ccurl_set_list(handle, CURLOPT_HTTPHEADER, headerLines),
        ]
    }

    private func setCallbacks() -> [CURLcode] {
        let context = Unmanaged.passUnretained(self).toOpaque()
        return [
            ccurl_set_context(handle, CURLOPT_PRIVATE, context),
            ccurl_set_context(handle, CURLOPT_HEADERDATA, context),
            ccurl_set_context(handle, CURLOPT_WRITEDATA, context),
            ccurl_set_context(handle, CURLOPT_OPENSOCKETDATA, context),
            ccurl_set_context(handle, CURLOPT_PREREQDATA, context),
            // A connection outlives the transfer that opened it.
            ccurl_set_context(handle, CURLOPT_CLOSESOCKETDATA, loopContext),
            ccurl_set_close_socket(handle) { context, socket in
                TransferLoop.closeSocket(socket, context)
                return 0
            },
            ccurl_set_writer(handle, CURLOPT_HEADERFUNCTION) { pointer, size, count, context in
                guard let transfer = Transfer.behind(context) else { return 0 }
                return transfer.receiveHeader(bytes(at: pointer, count: size * count)) ? size * count : 0
            },
            ccurl_set_writer(handle, CURLOPT_WRITEFUNCTION) { pointer, size, count, context in
                guard let transfer = Transfer.behind(context) else { return 0 }
                return transfer.receiveBody(bytes(at: pointer, count: size * count))
            },
            ccurl_set_open_socket(handle) { context, _, peer in
                guard let transfer = Transfer.behind(context), let peer else { return CURL_SOCKET_BAD }
                return transfer.openSocket(peer)
            },
            ccurl_set_before_request(handle) { context, peer, _, _, _ in
                guard let transfer = Transfer.behind(context), let peer else { return CURL_PREREQFUNC_ABORT }
                return transfer.allowsRequest(to: String(cString: peer)) ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT
            },
        ]
    }
}

private func bytes(at pointer: UnsafeMutablePointer<CChar>?, count: Int) -> UnsafeBufferPointer<UInt8> {
    UnsafeBufferPointer(start: UnsafeRawPointer(pointer)?.assumingMemoryBound(to: UInt8.self), count: count)
}

/// A duration as libcurl takes it: at least one millisecond, because zero would mean no limit.
private func milliseconds(_ duration: Duration) -> Int {
    Int(min(max(duration.milliseconds, 1), Int64(Int32.max)))
}
