import Foundation

/// A text as X counts it (twitter-text 3): any address is 23, an emoji is 2, and so is each character of scripts like
/// Chinese; the text is brought into the normal form C before.
package struct WeightedText: Sendable {
    /// What must not be torn apart: an address, an emoji, or one code point.
    struct Atom: Sendable {
        let range: Range<Int>
        /// In hundredths.
        let weight: Int
        let isAddress: Bool
    }

    let scalars: [Unicode.Scalar]
    let atoms: [Atom]

    /// Takes a text apart.
    package init(_ text: String) {
        let unified = text.replacing("\r\n", with: "\n").replacing("\r", with: "\n")
        scalars = Array(unified.precomposedStringWithCanonicalMapping.unicodeScalars)
        atoms = Self.atoms(of: scalars)
    }

    /// How many characters X counts.
    package var length: Int { atoms.reduce(0) { $0 + $1.weight } / XLimits.weightScale }

    /// Whether X would take the text as one post.
    package var fits: Bool {
        (1...XLimits.postLength).contains(length)
            && !scalars.contains { $0.value == 0xFFFE || $0.value == 0xFEFF || $0.value == 0xFFFF }
    }

    /// The text in X's normal form.
    package var text: String { String(String.UnicodeScalarView(scalars)) }

    private static func atoms(of scalars: [Unicode.Scalar]) -> [Atom] {
        var atoms: [Atom] = []
        atoms.reserveCapacity(scalars.count)
        var addresses = AddressScanner(scalars).addresses()[...]
        var position = 0
        while position < scalars.count {
            while let first = addresses.first, first.lowerBound < position { addresses.removeFirst() }
            if let address = addresses.first, address.lowerBound == position {
                let weight = XLimits.addressLength * XLimits.weightScale
                atoms.append(Atom(range: address, weight: weight, isAddress: true))
                position = address.upperBound
            } else if let length = EmojiSequences.standard.length(in: scalars, at: position) {
                let range = position..<(position + length)
                atoms.append(Atom(range: range, weight: XLimits.defaultWeight, isAddress: false))
                position += length
            } else {
                let atom = Atom(range: position..<(position + 1), weight: weight(scalars[position]), isAddress: false)
                atoms.append(atom)
                position += 1
            }
        }
        return atoms
    }

    private static func weight(_ scalar: Unicode.Scalar) -> Int {
        XLimits.lightRanges.contains { $0.contains(scalar.value) } ? XLimits.lightWeight : XLimits.defaultWeight
    }
}

extension WeightedText {
    /// The text in its pieces, addresses among them.
    package var atomTexts: [(text: String, isAddress: Bool)] {
        atoms.map { (String(String.UnicodeScalarView(scalars[$0.range])), $0.isAddress) }
    }
}
