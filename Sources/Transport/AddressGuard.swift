/// Decides which addresses a request may reach whose URL somebody else chose.
///
/// Everything that is not a public unicast address is refused, and so is every form of IPv6 that carries an IPv4 address
/// to somewhere else. The rules are IANA's special-purpose registries (RFC 6890 and its updates).
package struct AddressGuard: Sendable {
    private let allowed: [CIDR]

    /// Whether the operator opened any range: plain `http` may lead there, and nowhere else.
    var isOpened: Bool { !allowed.isEmpty }

    /// Makes a guard.
    /// - Parameter allowed: ranges that the operator opens, whatever the rules say.
    package init(allowing allowed: [CIDR] = []) {
        self.allowed = allowed
    }

    /// Whether a connection to the address may be made.
    /// - Parameter isEncrypted: whether everything is sent under TLS; what is not may reach opened ranges alone.
    package func allows(_ address: IPAddress, isEncrypted: Bool) -> Bool {
        let address = address.canonical
        if allowed.contains(where: { $0.contains(address) }) { return true }
        guard isEncrypted else { return false }
        return switch address.version {
        case .four: !Self.refusedIPv4.contains { $0.contains(address) }
        case .six:
            Self.publicIPv6.contains { $0.contains(address) } && !Self.refusedIPv6.contains { $0.contains(address) }
        }
    }

    private static let refusedIPv4 = [
        "0.0.0.0/8",  // this network
        "10.0.0.0/8",  // private
        "100.64.0.0/10",  // carrier-grade NAT
        "127.0.0.0/8",  // loopback
        "169.254.0.0/16",  // link-local, and the clouds' metadata
        "172.16.0.0/12",  // private
        "192.0.0.0/24",  // protocol assignments
        "192.0.2.0/24",  // documentation
        "192.88.99.0/24",  // 6to4 relays
        "192.168.0.0/16",  // private
        "198.18.0.0/15",  // benchmarks
        "198.51.100.0/24",  // documentation
        "203.0.113.0/24",  // documentation
        "224.0.0.0/4",  // multicast
        "240.0.0.0/4",  // reserved, and broadcast
    ].compactMap(CIDR.init)

    /// All that IANA has given out for global unicast.
    ///
    /// Outside lie loopback, IPv4-compatible, NAT64, discard-only,
    /// segment routing, unique local, link-local, site-local and multicast addresses.
    private static let publicIPv6 = ["2000::/3"].compactMap(CIDR.init)

    private static let refusedIPv6 = [
        "2001::/23",  // protocol assignments: Teredo, benchmarks, ORCHID
        "2001:db8::/32",  // documentation
        "2002::/16",  // 6to4
        "3fff::/20",  // documentation
    ].compactMap(CIDR.init)
}
