/// The scheme and the authority of a URL, as far as trusting a host needs them.
struct WebAddress: Equatable {
    /// `http` or `https`.
    let scheme: String
    /// The host in lower case, without a port.
    let host: String
    /// What stands behind the colon, or empty.
    let port: String

    /// Takes a URL apart; nil for other schemes, for user names and for anything unusual in a host.
    init?(_ text: String) {
        guard let separator = text.firstRange(of: "://") else { return nil }
        scheme = text[..<separator.lowerBound].lowercased()
        guard scheme == "https" || scheme == "http" else { return nil }
        let rest = text[separator.upperBound...]
        let end = rest.firstIndex { "/?#\\".contains($0) } ?? rest.endIndex
        let authority = rest[..<end].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard let name = authority.first, !name.isEmpty else { return nil }
        let allowed = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."):
                true
            default: false
            }
        }
        guard allowed else { return nil }
        host = name.lowercased()
        port = authority.count == 2 ? String(authority[1]) : ""
        guard port.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
    }

    /// Whether an answer may be sent to this URL: only on the host of the Web API or its `hooks` sibling, and over TLS
    /// unless the Web API itself was configured without.
    static func isResponseURL(_ text: String, ofAPI apiURL: String) -> Bool {
        guard let candidate = WebAddress(text), let api = WebAddress(apiURL) else { return false }
        guard candidate.scheme == api.scheme, candidate.port == api.port else { return false }
        if candidate.host == "hooks.\(api.host)" { return true }
        return apiURL != SlackConfiguration.defaultAPIURL && candidate.host == api.host
    }
}
