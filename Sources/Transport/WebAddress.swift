import CCurl

/// An absolute `http` or `https` URL, taken apart by the parser of the library that will connect to it, so that the two
/// can never read it differently.
struct WebAddress: Equatable {
    /// The longest URL that is sent, in bytes.
    private static let maximumBytes = 16 << 10

    /// The URL without its fragment.
    let text: String
    let scheme: String
    /// The host without user name and password: the one part that an error may name.
    let host: String
    let port: Int

    /// Parses a URL; nil where it is no absolute URL, of another scheme, too long, or holds a blank or control character.
    init?(_ text: String) {
        self.init(text, relativeTo: nil)
    }

    /// Parses the `Location` of a redirect, which may be relative.
    func resolving(_ location: String) -> WebAddress? {
        WebAddress(location, relativeTo: text)
    }

    private init?(_ text: String, relativeTo base: String?) {
        guard text.utf8.count <= Self.maximumBytes, text.utf8.allSatisfy({ $0 > 32 && $0 != 127 }) else { return nil }
        guard let url = curl_url() else { return nil }
        defer { curl_url_cleanup(url) }
        if let base, curl_url_set(url, CURLUPART_URL, base, 0) != CURLUE_OK { return nil }
        guard curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK,
            curl_url_set(url, CURLUPART_FRAGMENT, nil, 0) == CURLUE_OK
        else { return nil }

        func part(_ part: CURLUPart, _ flags: UInt32 = 0) -> String? {
            var value: UnsafeMutablePointer<CChar>?
            guard curl_url_get(url, part, &value, flags) == CURLUE_OK, let value else { return nil }
            defer { curl_free(value) }
            return String(cString: value)
        }
        guard let whole = part(CURLUPART_URL), let scheme = part(CURLUPART_SCHEME),
            scheme == "http" || scheme == "https",
            let host = part(CURLUPART_HOST), !host.isEmpty,
            let port = part(CURLUPART_PORT, UInt32(CURLU_DEFAULT_PORT)).flatMap({ Int($0) })
        else { return nil }
        self.text = whole
        self.scheme = scheme
        self.host = host.lowercased()
        self.port = port
    }

    /// Whether both are the same scheme, host and port, so that credentials meant for one may go to the other.
    func isSameOrigin(as other: WebAddress) -> Bool {
        scheme == other.scheme && host == other.host && port == other.port
    }
}
