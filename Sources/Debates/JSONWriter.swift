import CoreTypes

/// Writes canonical JSON straight into bytes; whoever calls it gives the members in the order of their keys.
///
/// This is the write path of the journal: no value tree, no dictionaries, no formatting machinery.
struct JSONWriter {
    var bytes: [UInt8]

    mutating func openObject() { bytes.append(UInt8(ascii: "{")) }
    mutating func closeObject() { bytes.append(UInt8(ascii: "}")) }
    mutating func openArray() { bytes.append(UInt8(ascii: "[")) }
    mutating func closeArray() { bytes.append(UInt8(ascii: "]")) }

    /// Starts a member; its value follows.
    mutating func key(_ key: StaticString) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        literal(key)
        literal("\":")
    }

    /// Puts a comma where the open array or object already has a member.
    mutating func separate() {
        switch bytes.last {
        case UInt8(ascii: "{"), UInt8(ascii: "["), nil: break
        default: bytes.append(UInt8(ascii: ","))
        }
    }

    mutating func literal(_ text: StaticString) {
        bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    mutating func member(_ key: StaticString, _ value: String) {
        self.key(key)
        writeJSONString(value, to: &bytes)
    }

    /// Writes a member that is left out where it is nil.
    mutating func member(_ key: StaticString, _ value: String?) {
        guard let value else { return }
        member(key, value)
    }

    mutating func member(_ key: StaticString, _ value: Bool) {
        self.key(key)
        literal(value ? "true" : "false")
    }

    mutating func member(_ key: StaticString, _ value: Int) {
        member(key, Int64(value))
    }

    mutating func member(_ key: StaticString, _ value: Int64) {
        self.key(key)
        integer(value)
    }

    /// Writes a share, a confidence or a threshold; it has at most four decimals (see `fourDecimals`).
    mutating func member(_ key: StaticString, _ value: Double) {
        self.key(key)
        fraction(value)
    }

    mutating func member(_ key: StaticString, _ values: [String]) {
        self.key(key)
        openArray()
        for value in values {
            separate()
            writeJSONString(value, to: &bytes)
        }
        closeArray()
    }

    mutating func integer(_ value: Int64) {
        if value < 0 {
            bytes.append(contentsOf: String(value).utf8)
        } else {
            digits(UInt64(value), atLeast: 1)
        }
    }

    private mutating func fraction(_ value: Double) {
        let scaled = (value * 10_000).rounded()
        guard scaled >= 0, scaled < 1e15 else { return writeJSONNumber(value, to: &bytes) }
        let (whole, rest) = UInt64(scaled).quotientAndRemainder(dividingBy: 10_000)
        digits(whole, atLeast: 1)
        guard rest > 0 else { return }
        bytes.append(UInt8(ascii: "."))
        digits(rest, atLeast: 4)
        while bytes.last == UInt8(ascii: "0") { bytes.removeLast() }
    }

    private mutating func digits(_ value: UInt64, atLeast minimum: Int) {
        // The longest has 20 digits.
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
            var rest = value
            var start = digits.count
            while rest > 0 || digits.count - start < minimum {
                start -= 1
                digits.initializeElement(at: start, to: UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
                rest /= 10
            }
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: digits[start...]))
        }
    }
}

/// The number with at most four decimals: the precision of every share and confidence that is written down.
func fourDecimals(_ value: Double) -> Double {
    value.isFinite ? (value * 10_000).rounded() / 10_000 : 0
}
