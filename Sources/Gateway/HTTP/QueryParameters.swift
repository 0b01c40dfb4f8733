/// A query as browsers and programs send it (`application/x-www-form-urlencoded`), in its order.
struct QueryParameters: Sendable {
    let pairs: [(name: String, value: String)]

    /// Reads the text behind the question mark.
    init(_ query: String?) {
        pairs = (query ?? "").utf8.split(separator: UInt8(ascii: "&")).map { pair in
            let halves = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            return (Self.decoded(halves[0]), halves.count > 1 ? Self.decoded(halves[1]) : "")
        }
    }

    /// The first value of a name, or nil.
    subscript(name: String) -> String? {
        pairs.first { $0.name == name }?.value
    }

    /// The number of a name, `fallback` where it is missing.
    /// - Throws: `HTTPFailure` 400 for what is no number of the range; a number above it becomes the highest.
    func integer(_ name: String, in range: ClosedRange<Int64>, default fallback: Int64) throws(HTTPFailure) -> Int64 {
        guard let text = self[name] else { return fallback }
        guard let number = Int64(text), number >= range.lowerBound else {
            throw .invalid("`\(name)` has to be a whole number from \(range.lowerBound).")
        }
        return min(number, range.upperBound)
    }

    private static func decoded(_ text: Substring.UTF8View) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count)
        var rest = text[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+"): bytes.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                let digits = rest.prefix(2)
                let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
                if digits.count == 2, let value, digits.first != UInt8(ascii: "+") {
                    bytes.append(value)
                    rest = rest.dropFirst(2)
                } else {
                    bytes.append(byte)
                }
            default: bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
