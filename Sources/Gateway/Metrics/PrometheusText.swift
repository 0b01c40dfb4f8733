/// The rules of the Prometheus text format, version 0.0.4
/// (https://prometheus.io/docs/instrumenting/exposition_formats/).
enum PrometheusText {
    /// Brings a name into `[a-zA-Z_:][a-zA-Z0-9_:]*`; every other character becomes an underscore.
    static func metricName(_ label: String) -> String {
        sanitised(label, allowing: UInt8(ascii: ":"))
    }

    /// Brings a name into `[a-zA-Z_][a-zA-Z0-9_]*`; two leading underscores are Prometheus's own and lose one.
    static func labelName(_ name: String) -> String {
        var name = sanitised(name, allowing: nil)
        while name.hasPrefix("__") { name.removeFirst() }
        return name
    }

    /// Escapes the text behind `# HELP`: backslash and line feed.
    static func escapedHelp(_ text: String) -> String {
        escaped(text, quote: false)
    }

    /// Escapes a label's value: backslash, line feed and double quote.
    static func escapedValue(_ text: String) -> String {
        escaped(text, quote: true)
    }

    /// Writes a number as Go's `ParseFloat` reads it.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        if let integer = Int64(exactly: value), abs(integer) < 1 << 53 { return String(integer) }
        return value.description
    }

    private static func sanitised(_ name: String, allowing extra: UInt8?) -> String {
        var bytes: [UInt8] = []
        for scalar in name.unicodeScalars {
            guard scalar.isASCII, isNameByte(UInt8(scalar.value)) || UInt8(scalar.value) == extra else {
                bytes.append(UInt8(ascii: "_"))
                continue
            }
            bytes.append(UInt8(scalar.value))
        }
        let startsWithDigit = bytes.first.map { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") } ?? true
        if startsWithDigit { bytes.insert(UInt8(ascii: "_"), at: 0) }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    private static func escaped(_ text: String, quote: Bool) -> String {
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): bytes.append(contentsOf: #"\\"#.utf8)
            case UInt8(ascii: "\n"): bytes.append(contentsOf: #"\n"#.utf8)
            case UInt8(ascii: "\"") where quote: bytes.append(contentsOf: #"\""#.utf8)
            default: bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
