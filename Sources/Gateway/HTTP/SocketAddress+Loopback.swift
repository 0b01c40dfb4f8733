import NIOCore

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

extension SocketAddress {
    /// The 4 or 16 bytes of the address, those of IPv4 also where it stands inside `::ffff:0:0/96`; nil for a socket in
    /// the file system.
    var bytes: [UInt8]? {
        guard let text = ipAddress else { return nil }
        var bytes = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET, text, &bytes) == 1 { return Array(bytes.prefix(4)) }
        guard inet_pton(AF_INET6, text, &bytes) == 1 else { return nil }
        let isMapped = bytes.prefix(12) == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]
        return isMapped ? Array(bytes.suffix(4)) : bytes
    }

    /// Whether only this machine has the address.
    var isLoopback: Bool {
        if case .unixDomainSocket = self { return true }
        guard let bytes else { return false }
        return bytes.count == 4 ? bytes[0] == 127 : bytes.dropLast().allSatisfy { $0 == 0 } && bytes.last == 1
    }
}
