#if canImport(Glibc)
import Glibc
#endif

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
        // C would end the text there.
        guard !text.utf8.contains(0) else { return nil }
        var four = in_addr()
        var six = in6_addr()
        if inet_pton(AF_INET, text, &four) == 1 {
            self.init(version: .four, bits: UInt128(UInt32(bigEndian: four.s_addr)))
        } else if inet_pton(AF_INET6, text, &six) == 1 {
            let bits = withUnsafeBytes(of: &six) { $0.loadUnaligned(as: UInt128.self) }
            self.init(version: .six, bits: UInt128(bigEndian: bits))
        } else {
            return nil
        }
    }

    /// The IPv4 address inside `::ffff:0:0/96`, and every other address as it is.
    package var canonical: IPAddress {
        guard version == .six, bits >> 32 == 0xffff else { return self }
        return IPAddress(version: .four, bits: bits & 0xffff_ffff)
    }
}
