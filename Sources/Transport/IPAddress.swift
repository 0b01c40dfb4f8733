/// An IPv4 or IPv6 address.
package struct IPAddress: Hashable, Sendable {
    /// The protocol's version, which tells how many bits an address has.
    package enum Version: Int, Sendable { case four = 32, six = 128 }

    package let version: Version
    /// The address as a number, the first byte the highest.
    package let bits: UInt128

    init(version: Version, bits: UInt128) {
        self.version = version
        self.bits = bits
    }

    /// Wraps an address of 4 or 16 bytes in network order; nil for any other length.
    package init?(bytes: [UInt8]) {
        guard bytes.count == 4 || bytes.count == 16 else { return nil }
        self.init(
            version: bytes.count == 4 ? .four : .six,
            bits: bytes.reduce(0) { $0 << 8 | UInt128($1) }
        )
    }

    /// Parses the usual text forms; nil for everything else, names, ports, brackets, zones and octal numbers included.
    package init?(_ text: String) {
        if text.utf8.contains(UInt8(ascii: ":")) {
            guard let bits = parseIPv6(text) else { return nil }
            self.init(version: .six, bits: bits)
        } else {
            guard let bits = parseIPv4(text) else { return nil }
            self.init(version: .four, bits: UInt128(bits))
        }
    }

    /// The IPv4 address inside `::ffff:0:0/96`, and every other address as it is.
    package var canonical: IPAddress {
        guard version == .six, bits >> 32 == 0xffff else { return self }
        return IPAddress(version: .four, bits: bits & 0xffff_ffff)
    }
}

/// Reads four decimal numbers without leading zeros (the strict form of RFC 6943, 3.1.1).
private func parseIPv4(_ text: some StringProtocol) -> UInt32? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    var bits: UInt32 = 0
    for part in parts {
        guard (1...3).contains(part.utf8.count), part.utf8.allSatisfy({ (48...57).contains($0) }),
            part.utf8.count == 1 || part.utf8.first != 48, let byte = UInt8(part)
        else { return nil }
        bits = bits << 8 | UInt32(byte)
    }
    return bits
}

/// Reads the text forms of RFC 4291, 2.2: groups, one `::`, and an IPv4 address at the end.
private func parseIPv6(_ text: String) -> UInt128? {
    guard text.utf8.count <= 45 else { return nil }
    // At most one "::" splits the text into what stands before the run of zeros and what stands behind it.
    var halves: [[UInt16]] = []
    var rest = text[...]
    while true {
        let gap = firstGap(in: rest)
        let half = gap.map { rest[..<$0] } ?? rest
        guard halves.count < 2, let groups = parseGroups(half, isLast: gap == nil) else { return nil }
        halves.append(groups)
        guard let gap else { break }
        rest = rest[rest.index(gap, offsetBy: 2)...]
    }
    let count = halves.reduce(0) { $0 + $1.count }
    guard halves.count == 2 ? count <= 7 : count == 8 else { return nil }
    let zeros = [UInt16](repeating: 0, count: 8 - count)
    let groups = halves.count == 2 ? halves[0] + zeros + halves[1] : halves[0]
    return groups.reduce(0) { $0 << 16 | UInt128($1) }
}

/// Where the first `::` begins.
private func firstGap(in text: Substring) -> Substring.Index? {
    zip(text.indices, text.indices.dropFirst()).first { text[$0.0] == ":" && text[$0.1] == ":" }?.0
}

private func parseGroups(_ text: Substring, isLast: Bool) -> [UInt16]? {
    guard !text.isEmpty else { return [] }
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    var groups: [UInt16] = []
    for (position, part) in parts.enumerated() {
        if part.contains(".") {
            guard isLast, position == parts.count - 1, let bits = parseIPv4(part) else { return nil }
            groups += [UInt16(bits >> 16), UInt16(bits & 0xffff)]
        } else {
            guard (1...4).contains(part.utf8.count),
                part.utf8.allSatisfy({ $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "-") }),
                let group = UInt16(part, radix: 16)
            else { return nil }
            groups.append(group)
        }
    }
    return groups
}
