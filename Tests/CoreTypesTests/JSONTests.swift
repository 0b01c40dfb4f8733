import CoreTypes
import Foundation
import TestSupport
import Testing

@Suite("JSON")
struct JSONTests {
    @Test(
        "accepts what RFC 8259 accepts",
        arguments: [
            "[]", "{}", " [ 1 , 2.5e-3 , -0 ] ", #"{"a":{"b":[true,false,null]}}"#, #""\u00e9\ud83d\ude00\n""#, "0",
            "-0.0",
            "1E400", #"["\ud800"]"#, "\"\u{7F}\"",
        ]
    )
    func accepts(text: String) throws {
        _ = try JSONDocument(Array(text.utf8))
    }

    @Test(
        "refuses what is not JSON",
        arguments: [
            "", " ", "[", "]", "[1,]", "{,}", #"{"a":}"#, #"{"a" 1}"#, #"{a:1}"#, "01", "1.", ".5", "+1", "-", "1e",
            "tru",
            "nul", "'a'", #""\x""#, #""\u12g4""#, "\"a\nb\"", "[1] 2", "\"abc", #"{"a":1,}"#, "NaN", "Infinity",
            "\u{FEFF}1",
        ]
    )
    func refuses(text: String) {
        #expect(throws: JSONError.self) { try JSONDocument(Array(text.utf8)) }
    }

    @Test("refuses bytes that are not UTF-8, inside strings and outside")
    func refusesWrongUTF8() {
        for bytes: [UInt8] in [[0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22], [0xFF]] {
            #expect(throws: JSONError.self) { try JSONDocument(bytes) }
        }
    }

    @Test("nesting is limited, not a crash")
    func depth() throws {
        let deepest = String(repeating: "[", count: 129) + String(repeating: "]", count: 129)
        _ = try JSONDocument(Array(deepest.utf8))
        #expect(throws: JSONError.self) { try JSONDocument(Array(("[" + deepest + "]").utf8)) }
        #expect(throws: JSONError.self) { try JSONDocument([UInt8](repeating: UInt8(ascii: "["), count: 1_000_000)) }
    }

    @Test("reads fields in place, first key first")
    func fields() throws {
        let document = try JSONDocument(
            Array(#"{"x":[{"deep":"\u00fc\"ok"}],"n":12,"n":13,"e\u0061":true,"z":null}"#.utf8)
        )
        #expect(document["x"]?.array?.first?["deep"]?.string == "ü\"ok")
        #expect(document["n"]?.integer == 12)
        #expect(document["ea"]?.bool == true)
        #expect(document["z"]?.isNull == true)
        #expect(document["missing"] == nil)
        #expect(document["n"]?.string == nil)
        #expect(document.root.members?.map(\.key) == ["x", "n", "n", "ea", "z"])
    }

    @Test("reads the same as Foundation, over random documents")
    func agreesWithFoundation() throws {
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<400 {
            let value = randomValue(depth: 4, using: &generator)
            let bytes = value.bytes
            #expect(try JSONValue(parsing: bytes) == value)
            let theirs = try JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
            let again = try JSONSerialization.data(
                withJSONObject: theirs,
                options: [.fragmentsAllowed, .sortedKeys, .withoutEscapingSlashes]
            )
            #expect(try JSONValue(parsing: Array(again)) == value)
        }
    }

    @Test("what ends or breaks a string is seen at every place in it")
    func marksInStrings() throws {
        for length in 0..<20 {
            for place in 0...length {
                let (before, after) = (
                    String(repeating: "a", count: place), String(repeating: "b", count: length - place)
                )
                func text(_ middle: [UInt8]) -> [UInt8] {
                    Array("\"\(before)".utf8) + middle + Array("\(after)\"".utf8)
                }
                for mark in ["", "\\n", "é", "\u{7f}", "\\\"", "日"] {
                    let value = mark.replacing("\\n", with: "\n").replacing("\\\"", with: "\"")
                    #expect(try JSONDocument(text(Array(mark.utf8))).root.string == before + value + after)
                }
                for wrong: [UInt8] in [[0x1F], [0x00], [0x80], [0xFF], [0x0A], [0x22], [0x5C, 0x78]] {
                    #expect(throws: JSONError.self) { try JSONDocument(text(wrong)) }
                }
            }
        }
    }

    @Test("no mutation of a document crashes the scanner")
    func mutations() {
        var generator = SeededGenerator(seed: 11)
        let seed = Array(#"{"a":[1,-2.5e10,"x\u00e9\ud83d\ude00",{"b":null}],"c":"ü","d":true}"#.utf8)
        for _ in 0..<20_000 {
            var bytes = seed
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let position = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: bytes[position] = UInt8.random(in: 0...255, using: &generator)
                case 1: bytes.remove(at: position)
                default: bytes.insert(UInt8.random(in: 0...255, using: &generator), at: position)
                }
            }
            if let document = try? JSONDocument(bytes) { _ = JSONValue(document.root).bytes }
        }
    }

    @Test(
        "tells what a value would lose, and where",
        arguments: [
            (#"{"a":1,"b":{"a":1}}"#, nil), (#"["\ud83d\ude00","\\ud800"]"#, nil),
            (#"{"a":1,"b":2,"a":1}"#, JSONLoss.Kind.repeatedKey), (#"[{"b":{"a":{},"\u0061":{}}}]"#, .repeatedKey),
            // The same key for Swift, in two ways of writing.
            ("{\"\u{E9}\":1,\"e\u{301}\":2}", .repeatedKey), (#""\ud83d""#, .loneSurrogate),
            (#"{"\udc00":1}"#, .loneSurrogate), (#"["\ud83d\ud83d\ude00"]"#, .loneSurrogate),
            (#"["\ud83d\n"]"#, .loneSurrogate), (#"["\ude00\ud83d"]"#, .loneSurrogate),
        ] as [(String, JSONLoss.Kind?)]
    )
    func losses(text: String, kind: JSONLoss.Kind?) throws {
        #expect(try JSONDocument(Array(text.utf8)).firstLoss?.kind == kind)
    }

    @Test("a loss is found by its keys")
    func pathOfLoss() throws {
        let text = #"{"x":[1,{"y":{"z":1,"z":2}}]}"#
        #expect(try JSONDocument(Array(text.utf8)).firstLoss?.path == "x.y.z")
    }

    @Test("writes the canonical form")
    func canonical() throws {
        let value: JSONValue = ["b": 1, "a": [true, nil, "\u{1}\"\\/\n"], "é": 1.5, "z": 2.0]
        #expect(value.text == #"{"a":[true,null,"\u0001\"\\/\n"],"b":1,"z":2,"é":1.5}"#)
    }

    @Test("numbers that would lose digits are found")
    func inexactNumbers() throws {
        for text in [
            "1e999", "-1e999", "1000000000000000000001", "999999999999999999999", "9223372036854775808",
            "9007199254740993.0", "1000000000000000000001e0", "18446744073709551615",
        ] {
            #expect(try JSONDocument(Array("[1,{\"a\":\(text)}]".utf8)).firstInexactNumber == text)
        }
        let exact = "[0,-0.0,1.50,0.1,1e-7,1e30,-9223372036854775808,9223372036854775807,9007199254740992.0,\"1e999\"]"
        #expect(try JSONDocument(Array(exact.utf8)).firstInexactNumber == nil)
    }

    @Test("sorts keys by UTF-16 code units, as RFC 8785 section 3.2.3 does")
    func keyOrder() {
        let value: JSONValue = [
            "\u{20ac}": "Euro Sign", "\r": "Carriage Return", "\u{fb33}": "Hebrew Letter Dalet With Dagesh", "1": "One",
            "\u{1f600}": "Emoji: Grinning Face", "\u{80}": "Control", "\u{f6}": "Latin Small Letter O With Diaeresis",
        ]
        let order = ["\\r", "1", "\u{80}", "\u{f6}", "\u{20ac}", "\u{1f600}", "\u{fb33}"]
        let positions = order.compactMap { value.text.range(of: "\"\($0)\":")?.lowerBound }
        #expect(positions.count == order.count)
        #expect(positions == positions.sorted())
    }

    private func randomValue(depth: Int, using generator: inout SeededGenerator) -> JSONValue {
        switch Int.random(in: 0..<(depth > 0 ? 7 : 5), using: &generator) {
        case 0: return .null
        case 1: return .bool(Bool.random(using: &generator))
        case 2: return .integer(Int64.random(in: -1_000_000_000_000...1_000_000_000_000, using: &generator))
        case 3: return .number(Double(Int64.random(in: -1000...1000, using: &generator)) + 0.5)
        case 4: return .string(randomString(using: &generator))
        case 5: return .array((0..<3).map { _ in randomValue(depth: depth - 1, using: &generator) })
        default:
            return .object(
                Dictionary(
                    (0..<3).map { _ in
                        (randomString(using: &generator), randomValue(depth: depth - 1, using: &generator))
                    },
                    uniquingKeysWith: { first, _ in first }
                )
            )
        }
    }

    private func randomString(using generator: inout SeededGenerator) -> String {
        let alphabet = Array("abcXYZ019 \"\\/\n\t\u{1}üß€😀")
        return String(
            (0..<Int.random(in: 0...12, using: &generator)).map { _ in
                alphabet[Int.random(in: 0..<alphabet.count, using: &generator)]
            }
        )
    }
}
