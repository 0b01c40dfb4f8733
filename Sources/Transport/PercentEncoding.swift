/// Writes a text as ASCII: every byte but letters, digits and the unreserved ones as `%` and two hexadecimal digits.
/// - Parameter unreserved: what else stays as it is; the marks of a URL (RFC 3986, 2.3) unless told.
package func percentEncoded(_ text: String, unreserved: String = "-._~") -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var bytes: [UInt8] = []
    for byte in text.utf8 {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            bytes.append(byte)
        case _ where unreserved.utf8.contains(byte):
            bytes.append(byte)
        default:
            bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        }
    }
    return String(decoding: bytes, as: UTF8.self)
}
