/// Where a message stands among the others of its channel, on platforms whose ids are numbers that grow, such as
/// `1700000000.000100` or `m12`.
struct MessageNumber: Comparable {
    private let whole: String
    private let fraction: String

    /// Reads a message's id, alone or behind its channel; nil where it is no number.
    init?(_ id: String, in channel: String) {
        let place = "\(channel):"
        let bare = id.hasPrefix(place) ? id.dropFirst(place.count) : id[...]
        let parts = bare.drop(while: \.isLetter).split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = parts.first, !whole.isEmpty,
            parts.allSatisfy({ part in part.allSatisfy { ("0"..."9").contains($0) } })
        else { return nil }
        self.whole = String(whole.drop { $0 == "0" })
        fraction = parts.count == 2 ? String(parts[1]) : ""
    }

    static func < (left: MessageNumber, right: MessageNumber) -> Bool {
        (left.whole.count, left.whole, left.fraction) < (right.whole.count, right.whole, right.fraction)
    }
}
