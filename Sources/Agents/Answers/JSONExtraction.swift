import CoreTypes

/// Finds JSON objects in what a model wrote around them.
enum JSONExtraction {
    /// How many places are looked at; an answer with more opening braces is no attempt at one object.
    private static let maximumAttempts = 200

    /// All outermost objects of a text, in their order.
    static func objects(in text: String) -> [JSONValue] {
        let bytes = Array(text.utf8)
        if let whole = value(bytes), whole.object != nil { return [whole] }
        var found: [JSONValue] = []
        var position = 0
        var attempts = 0
        while attempts < maximumAttempts,
            let start = bytes[position...].firstIndex(of: UInt8(ascii: "{"))
        {
            attempts += 1
            position = start + 1
            guard let end = end(of: start, in: bytes) else { continue }
            guard let value = value(Array(bytes[start...end])) else { continue }
            found.append(value)
            position = end + 1
        }
        return found
    }

    /// A value out of JSON, or out of what models write in its place.
    private static func value(_ bytes: [UInt8]) -> JSONValue? {
        (try? JSONValue(parsing: bytes)) ?? (try? JSONValue(parsing: LooseJSON.mended(bytes)))
    }

    /// The position of the brace that closes the one at `start`; braces inside strings do not count.
    private static func end(of start: Int, in bytes: [UInt8]) -> Int? {
        var depth = 0
        var isString = false
        var isEscaped = false
        for position in start..<bytes.count {
            let byte = bytes[position]
            if isString {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isString = false
                }
            } else if byte == UInt8(ascii: "\"") {
                isString = true
            } else if byte == UInt8(ascii: "{") {
                depth += 1
            } else if byte == UInt8(ascii: "}") {
                depth -= 1
                if depth == 0 { return position }
            }
        }
        return nil
    }
}
