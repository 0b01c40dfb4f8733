extension String {
    /// The text as JSON writes strings, without the quotes: one line, with nothing in it that a terminal obeys or
    /// hides.
    ///
    /// Beside what JSON demands, all control, format and separator characters are escaped: C1 controls begin commands
    /// as ESC does, and others turn the direction of what follows.
    package var escapedForTerminal: String {
        var quoted: [UInt8] = []
        writeJSONString(self, to: &quoted)
        var output = ""
        for scalar in String(decoding: quoted.dropFirst().dropLast(), as: UTF8.self).unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator:
                for unit in String(scalar).utf16 {
                    let digits = String(unit, radix: 16)
                    output += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                }
            default: output.unicodeScalars.append(scalar)
            }
        }
        return output
    }
}
