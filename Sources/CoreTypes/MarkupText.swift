extension String {
    /// The text as HTML shows it: between tags, or as the quoted value of an attribute.
    package var escapedForHTML: String { escapedForMarkup(andQuotes: true) }

    /// The text with `&`, `<` and `>` as entities, and with them quotation marks where that is said.
    ///
    /// Byte by byte, as readers of markup take it: to Swift, a sign with a mark in front of it or behind it is another
    /// character, which a search for the sign does not find.
    package func escapedForMarkup(andQuotes: Bool) -> String {
        var output: [UInt8] = []
        output.reserveCapacity(utf8.count)
        for byte in utf8 {
            switch byte {
            case UInt8(ascii: "&"): output.append(contentsOf: "&amp;".utf8)
            case UInt8(ascii: "<"): output.append(contentsOf: "&lt;".utf8)
            case UInt8(ascii: ">"): output.append(contentsOf: "&gt;".utf8)
            case UInt8(ascii: "\"") where andQuotes: output.append(contentsOf: "&quot;".utf8)
            case UInt8(ascii: "'") where andQuotes: output.append(contentsOf: "&#39;".utf8)
            default: output.append(byte)
            }
        }
        return String(decoding: output, as: UTF8.self)
    }
}
