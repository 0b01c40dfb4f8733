/// A value that must not be seen: it prints as `<secret>` wherever it is described, dumped or logged.
package struct Secret: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    private let value: String

    /// Hides a value.
    package init(_ value: String) {
        self.value = value
    }

    package var description: String { "<secret>" }
    package var debugDescription: String { "<secret>" }
    package var customMirror: Mirror { Mirror(self, children: []) }

    /// Gives the value out; only the place that sends or checks it calls this.
    package func reveal() -> String { value }

    /// Whether a secret was configured as an empty string.
    package var isEmpty: Bool { value.isEmpty }
}

/// Compares two byte sequences in a time that depends on their lengths alone.
package func constantTimeEquals(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    guard left.count == right.count else { return false }
    var difference: UInt8 = 0
    for position in left.indices { difference |= left[position] ^ right[position] }
    return difference == 0
}
