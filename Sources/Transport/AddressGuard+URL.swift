extension AddressGuard {
    /// What speaks against a URL that somebody else chose, before its name is resolved; nil where nothing does.
    ///
    /// The address itself is looked at again at every connection.
    package func objection(to url: String) -> String? {
        guard url.utf8.count <= 2048, let address = WebAddress(url) else {
            return "It is no absolute https URL of at most 2048 bytes."
        }
        let authority = url.drop { $0 != "/" }.drop { $0 == "/" }.prefix { !"/?#".contains($0) }
        guard !authority.contains("@") else { return "It holds a user name or a password." }
        guard address.scheme == "https" || isOpened else {
            return "It has to begin with https://, unless the operator opens its address for webhooks."
        }
        let host = address.host.hasPrefix("[") ? String(address.host.dropFirst().dropLast()) : address.host
        if let literal = IPAddress(host), !allows(literal, isEncrypted: address.scheme == "https") {
            return "Its address may not be reached."
        }
        return nil
    }
}
