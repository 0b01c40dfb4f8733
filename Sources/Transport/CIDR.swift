/// A range of addresses: those that share the first bits with one of them.
package struct CIDR: Hashable, Sendable {
    private let base: IPAddress
    private let prefix: Int

    /// Parses `10.0.0.0/8`, `fd00::/8` or a single address; nil for everything else.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let base = IPAddress(String(parts[0])) else { return nil }
        var prefix = base.version.rawValue
        if parts.count == 2 {
            guard (1...3).contains(parts[1].utf8.count), parts[1].utf8.allSatisfy({ (48...57).contains($0) }),
                let given = Int(parts[1]), given <= prefix
            else { return nil }
            prefix = given
        }
        self.base = base
        self.prefix = prefix
    }

    /// Whether an address lies in the range; one of the other version never does.
    package func contains(_ address: IPAddress) -> Bool {
        guard address.version == base.version else { return false }
        let shift = base.version.rawValue - prefix
        return address.bits >> UInt128(shift) == base.bits >> UInt128(shift)
    }
}
