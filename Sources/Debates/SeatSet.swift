/// A set of places on the panel, in one word.
struct SeatSet: Sendable, Hashable {
    private var bits: UInt32 = 0

    init() {}

    /// The seats from 0 up to a panel's size.
    init(panel count: Int) {
        bits = count >= 32 ? .max : (1 << UInt32(count)) - 1
    }

    var isEmpty: Bool { bits == 0 }
    var count: Int { bits.nonzeroBitCount }
    func contains(_ seat: Int) -> Bool { bits & (1 << UInt32(seat)) != 0 }
    mutating func insert(_ seat: Int) { bits |= 1 << UInt32(seat) }
    mutating func remove(_ seat: Int) { bits &= ~(1 << UInt32(seat)) }
}

extension SeatSet: Sequence {
    /// Gives the seats in the order of the panel.
    struct Iterator: IteratorProtocol {
        fileprivate var bits: UInt32

        mutating func next() -> Int? {
            guard bits != 0 else { return nil }
            defer { bits &= bits - 1 }
            return bits.trailingZeroBitCount
        }
    }

    func makeIterator() -> Iterator { Iterator(bits: bits) }
}
