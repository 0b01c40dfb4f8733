extension HTTPRequest {
    /// Headers that libcurl writes itself: a second opinion on them would let a request be smuggled.
    private static let reservedHeaders: [StaticString] = [
        "connection", "content-length", "expect", "host", "te", "trailer", "transfer-encoding", "upgrade",
    ]
    private static let maximumHeaderBytes = 64 << 10

    /// Refuses what must not be written to a connection.
    /// - Parameter addresses: the addresses that are known already.
    /// - Returns: the request's address.
    /// - Throws: `TransportError` with the reason `invalidRequest`.
    func check(_ addresses: AddressBook) throws(TransportError) -> WebAddress {
        guard let address = addresses.address(of: url) else {
            throw TransportError(.invalidRequest, "The URL is not an absolute http or https URL")
        }
        guard (1...20).contains(method.utf8.count), method.utf8.allSatisfy(isTokenByte) else {
            throw TransportError(.invalidRequest, "The method of the request to \(address.host) is not acceptable")
        }
        var size = 0
        for (name, value) in headers {
            guard !name.isEmpty, name.utf8.allSatisfy(isTokenByte), !Self.reservedHeaders.contains(where: name.isHeader)
            else {
                throw TransportError(.invalidRequest, "A header's name in the request to \(address.host) is refused")
            }
            guard value.utf8.allSatisfy({ $0 == 9 || ($0 >= 32 && $0 != 127) }) else {
                throw TransportError(
                    .invalidRequest,
                    "The header \(name) in the request to \(address.host) holds a control character"
                )
            }
            size += name.utf8.count + value.utf8.count
        }
        guard size <= Self.maximumHeaderBytes else {
            throw TransportError(.invalidRequest, "The headers of the request to \(address.host) are too long")
        }
        return address
    }
}

/// Whether a byte may stand in a method or in a header's name (`tchar` of RFC 9110, 5.6.2).
private func isTokenByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"):
        true
    default:
        "!#$%&'*+-.^_`|~".utf8.contains(byte)
    }
}

extension String {
    /// Whether this is the name of a header, given in lower case, in whatever case this is written.
    func isHeader(_ name: StaticString) -> Bool {
        guard utf8.count == name.utf8CodeUnitCount else { return false }
        return name.withUTF8Buffer { name in
            zip(utf8, name).allSatisfy { $0 == $1 || (65...90).contains($0) && $0 | 32 == $1 }
        }
    }
}
