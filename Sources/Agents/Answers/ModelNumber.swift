import CoreTypes

/// Numbers as models write them: `7`, `0.8`, `7/10`, `85%`, `8 out of 10`.
struct ModelNumber {
    let value: Double
    /// What the number is out of, where the model said so; 100 for a percentage.
    let scale: Double?

    init?(_ value: JSONValue?) {
        if let text = value?.string {
            self.init(text)
            return
        }
        guard let number = value?.double, number.isFinite else { return nil }
        self.init(value: number, scale: nil)
    }

    private init(value: Double, scale: Double?) {
        self.value = value
        self.scale = scale
    }

    init?(_ text: String) {
        let words = text.replacing(" out of ", with: "/")
        guard let start = words.firstIndex(where: \.isNumber) else { return nil }
        let digits = words[start...].prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        guard let value = Double(digits.hasSuffix(".") ? digits.dropLast() : digits), value.isFinite else { return nil }
        let rest = words[start...].dropFirst(digits.count).drop { $0.isWhitespace }
        var scale: Double?
        if rest.first == "%" {
            scale = 100
        } else if rest.first == "/" {
            let digits = rest.dropFirst().drop { $0.isWhitespace }.prefix { $0.isASCII && $0.isNumber }
            scale = Double(digits).flatMap { $0 > 0 ? $0 : nil }
        }
        self.init(value: value, scale: scale)
    }

    /// The number as a severity from 0 to 1, where models are asked for 0 to 10.
    ///
    /// A fraction below 1 comes from a model that answered on the scale of 0 to 1: nobody means 0.7 of 10.
    var severity: Double {
        if let scale { return value / scale }
        return value > 0 && value < 1 ? value : value / 10
    }

    /// The number as a confidence from 0 to 1, which is what models are asked for.
    var confidence: Double {
        if let scale { return value / scale }
        if value <= 1 { return value }
        return value <= 10 ? value / 10 : value / 100
    }
}
