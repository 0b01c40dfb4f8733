/// The classes of characters that the rules of twitter-text name.
extension AddressScanner {
    private static let punctuation = Set("!'#%&()*+,\\-./:;<=>?@[]^_{|}~$".unicodeScalars)
    private static let pathPunctuation = Set("!*';:=+,.$/%#[]-_~@|&\u{2013}".unicodeScalars)
    private static let queryPunctuation = Set("!?*'@();:&=+$/%#[]-_.,~|".unicodeScalars)

    static func isLetterOrDigit(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9": true
        default: false
        }
    }

    static func lowercased(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        guard ("A"..."Z").contains(scalar) else { return scalar }
        return Unicode.Scalar(UInt8(scalar.value) + 32)
    }

    /// Whether a character may stand before an address.
    static func mayPrecede(_ scalar: Unicode.Scalar) -> Bool {
        !isLetterOrDigit(scalar) && !"@\u{FF20}$#\u{FF03}".unicodeScalars.contains(scalar) && !isInvalid(scalar)
    }

    static func isDomainCharacter(_ scalar: Unicode.Scalar) -> Bool {
        !punctuation.contains(scalar) && !isSpace(scalar) && !isInvalid(scalar) && !isDirectional(scalar)
    }

    static func isPathCharacter(_ scalar: Unicode.Scalar) -> Bool {
        isLetterOrDigit(scalar) || pathPunctuation.contains(scalar) || isCyrillic(scalar) || isLatin(scalar)
    }

    static func mayEndPath(_ scalar: Unicode.Scalar) -> Bool {
        isLetterOrDigit(scalar) || "+-=_#/".unicodeScalars.contains(scalar) || isCyrillic(scalar) || isLatin(scalar)
    }

    static func isQueryCharacter(_ scalar: Unicode.Scalar) -> Bool {
        isLetterOrDigit(scalar) || queryPunctuation.contains(scalar)
    }

    static func isCyrillic(_ scalar: Unicode.Scalar) -> Bool { (0x400...0x4FF).contains(scalar.value) }

    /// Latin letters with marks.
    static func isLatin(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0xC0...0xD6, 0xD8...0xF6, 0xF8...0xFF, 0x100...0x24F, 0x253, 0x254, 0x256, 0x257, 0x259, 0x25B, 0x263,
            0x268, 0x26F, 0x272, 0x289, 0x28B, 0x2BB, 0x300...0x36F, 0x1E00...0x1EFF:
            true
        default: false
        }
    }

    private static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09...0x0D, 0x20, 0x85, 0xA0, 0x1680, 0x180E, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000:
            true
        default: false
        }
    }

    private static func isInvalid(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value == 0xFFFE || scalar.value == 0xFEFF || scalar.value == 0xFFFF
    }

    private static func isDirectional(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x202A...0x202E, 0x61C, 0x200E, 0x200F, 0x2066...0x2069: true
        default: false
        }
    }
}
