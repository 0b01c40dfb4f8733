/// Splits texts into words and gives each word a number that is the same on every machine and in every run.
enum Tokens {
    /// Appends the hash of each word, in the order of the text.
    ///
    /// Words are runs of letters and digits, compared without case; each Chinese, Japanese or Korean character counts
    /// as a word of its own, since those scripts put no spaces between words.
    static func hashes(of text: String, into output: inout [UInt64]) {
        var text = text
        let start = output.count
        if !append(&text, isFolded: false, into: &output) {
            output.removeLast(output.count - start)
            text = text.lowercased()
            _ = append(&text, isFolded: true, into: &output)
        }
    }

    /// Appends the hashes; false where the text needs its letters folded to lower case first, for it is not all ASCII.
    private static func append(_ text: inout String, isFolded: Bool, into output: inout [UInt64]) -> Bool {
        text.withUTF8 { bytes in
            var hash = seed
            var inWord = false
            var position = 0
            func close(_ output: inout [UInt64]) {
                if inWord { output.append(finish(hash)) }
                hash = seed
                inWord = false
            }
            while position < bytes.count {
                var byte = bytes[position]
                if byte >= 0x80, !isFolded { return false }
                if byte >= 0xE3, byte <= 0xED, position + 2 < bytes.count {
                    close(&output)
                    for offset in 0..<3 { hash = mix(hash, bytes[position + offset]) }
                    output.append(finish(hash))
                    hash = seed
                    position += 3
                    continue
                }
                if byte == 0xE2, position + 2 < bytes.count, bytes[position + 1] == 0x80 {
                    // Typographic punctuation, U+2010 to U+203F; U+2019 is also the apostrophe.
                    if bytes[position + 2] >= 0x90, bytes[position + 2] != 0x99 { close(&output) }
                    position += 3
                    continue
                }
                if byte &- UInt8(ascii: "A") < 26 { byte |= 0x20 }
                let isWord = byte &- UInt8(ascii: "a") < 26 || byte &- UInt8(ascii: "0") < 10 || byte >= 0x80
                // An apostrophe belongs to its word, so that "don't" stays one.
                if isWord {
                    hash = mix(hash, byte)
                    inWord = true
                } else if byte != UInt8(ascii: "'") {
                    close(&output)
                }
                position += 1
            }
            close(&output)
            return true
        }
    }

    /// The hash of one word in lower case, without apostrophes.
    static func hash(ofWord word: StaticString) -> UInt64 {
        var hash = seed
        for position in 0..<word.utf8CodeUnitCount { hash = mix(hash, word.utf8Start[position]) }
        return finish(hash)
    }

    // FNV-1a, 64 bits, and the final mix of MurmurHash3.
    private static let seed: UInt64 = 0xCBF2_9CE4_8422_2325

    @inline(__always)
    private static func mix(_ hash: UInt64, _ byte: UInt8) -> UInt64 {
        (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
    }

    @inline(__always)
    private static func finish(_ hash: UInt64) -> UInt64 {
        var hash = hash ^ (hash >> 33)
        hash = hash &* 0xFF51_AFD7_ED55_8CCD
        return hash ^ (hash >> 33)
    }
}
