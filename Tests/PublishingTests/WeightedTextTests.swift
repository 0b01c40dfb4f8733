import CoreTypes
import TestSupport
import Testing
import XIntegration

@Suite("X's own way of counting")
struct WeightedTextTests {
    /// Cases that twitter-text publishes for all of its implementations, with its lengths (configuration v3).
    @Test(arguments: [
        ("This is a test.", 15),
        ("http://test.com", 23),
        ("https://test.com", 23),
        ("test.com", 23),
        ("Test https://test.com test https://test.com test.com test", 86),
        ("Hi http://test.co", 26),
        ("저찀쯿쿿", 8),
        ("\u{10000}\u{10FFFF}", 4),
        ("A\u{0301}B", 2),
        ("A\u{FB2C}", 4),
        ("😷👾😡🔥💩", 10),
        ("🙋🏽👨‍🎤", 4),
        ("H🐱☺👨‍👩‍👧‍👦", 7),
    ])
    func publishedCases(text: String, length: Int) {
        #expect(WeightedText(text).length == length)
    }

    @Test(arguments: [
        (String(repeating: "の", count: 140), true), (String(repeating: "の", count: 141), false),
        (String(repeating: "x", count: 280), true), (String(repeating: "x", count: 281), false), ("", false),
        (String(repeating: "🇺🇳", count: 140), true), ("a\u{FFFE}", false),
        ("https://example.com/" + String(repeating: "x", count: 400), true),
    ])
    func whatFits(text: String, fits: Bool) {
        #expect(WeightedText(text).fits == fits)
    }

    /// Pieces that stand beside each other in every order, so that one may change what the next one is.
    private static let pieces = [
        "https://example.com", "http://example.com/path?a=b&c=d#e", "example.com", "sub.example.co.uk/x_(y)_z",
        "HTTPS://EXAMPLE.ORG/", "http://日本語.jp/道", "例え.テスト", "x@example.com", "example.comx", "example.com-",
        "foo_bar.example.com", "foo-.example.com", "http://foo_bar.com", "t.co/abc", "https://t.co/abcdef?x=1",
        "https://t.co/" + String(repeating: "a", count: 41), "https://t.co/a/b/c", "(http://a.de/(b))", "www.a.museum,",
        "http://a.com:8080/x", "a.com?x=1", "a.com/?x=1", "http://" + String(repeating: "a", count: 64) + ".com",
        "a.b.c.d.info", "xn--fiqs8s.xn--fiqs8s", "$example.com", "#example.com", "＃a.com", ".a.com", "/a.com", "-a.com",
        "\"a.com\"", "`a.com`", "a.com。b.com", "これはexample.comです", "über.de", "http://über.de/ü", "мир.рф",
        "http://мир.рф/мир", "1.2.3.4", "e.g. this", "i.e.that", "v1.2.io", "👨‍👩‍👧‍👦", "🇩🇪🇫🇷", "1️⃣", "©", "™️", "👍🏽", "👩🏽‍🚀",
        "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "é", "e\u{301}", "\u{202E}a.com", "日本", "\u{200D}", "…", "—", "“", " ", "\n", "plain words", "\u{FE0F}",
        "http://",
        "http://a", "https://a.b", "a.co.jp/あ", "http://a.com/\u{2013}x", "http://a.com/x!", "http://a.com/x|y~",
        "@a.com",
    ]

    @Test("A port of X's parser counts the same")
    func peer() async throws {
        var generator = SeededGenerator(seed: 11)
        var texts = Self.pieces
        for first in Self.pieces { for second in Self.pieces { texts.append("\(first)\(second)") } }
        for _ in 0..<1500 {
            let count = Int.random(in: 2...12, using: &generator)
            let separators = ["", " ", "\n", ". ", ", "]
            texts.append(
                (0..<count).map { _ in
                    Self.pieces[Int.random(in: 0..<Self.pieces.count, using: &generator)]
                        + separators[Int.random(in: 0..<separators.count, using: &generator)]
                }.joined()
            )
        }
        let answers = try await runPeer("weights.py", lines: texts.map { JSONValue.string($0).text })
        try #require(answers.count == texts.count)
        var differences: [String] = []
        for (text, answer) in zip(texts, answers) {
            let length = WeightedText(text).length
            let theirs = Int(answer.split(separator: " ")[0])
            if length != theirs { differences.append("\(text.debugDescription): \(length), not \(theirs ?? -1)") }
        }
        #expect(differences.isEmpty, "\(differences.count): \(differences.prefix(25).joined(separator: "\n"))")
    }

    // MARK: Threads

    private static let paragraph = """
        The panel agrees, with one condition: output is measured before and after. Nobody could show that shorter weeks \
        hurt; two agents doubt that it carries over to support teams. See https://example.com/studies/2024?page=3 for the \
        numbers. 結論として、四日制は試す価値がある。👩🏽‍🚀🇩🇪
        """

    @Test(arguments: [1, 2, 3, 7, 20, 60])
    func everyPostFitsAndNothingIsLost(repetitions: Int) {
        let text = (1...repetitions).map { "\($0). \(Self.paragraph)" }.joined(separator: "\n\n")
        let posts = ThreadSplitter().split(text)
        for post in posts { #expect(WeightedText(post).fits, "\(WeightedText(post).length): \(post)") }
        var words: [Substring] = []
        for (position, post) in posts.enumerated() {
            var own = post.split(whereSeparator: \.isWhitespace)
            if posts.count > 1 { #expect(own.removeLast() == "\(position + 1)/\(posts.count)") }
            words += own
        }
        // A cut inside of a word, as between sentences without blanks, leaves no word out.
        #expect(words.joined() == text.split(whereSeparator: \.isWhitespace).joined())
    }

    @Test func aShortTextIsOnePostWithoutANumber() {
        #expect(ThreadSplitter().split("  Hello.\n") == ["Hello."])
        #expect(ThreadSplitter().split(" \n ").isEmpty)
    }

    @Test(arguments: 1...12)
    func whateverComesIsSplit(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let text = (0..<400).map { _ in
            Self.pieces[Int.random(in: 0..<Self.pieces.count, using: &generator)]
                + (Bool.random(using: &generator) ? " " : "")
        }.joined()
        let posts = ThreadSplitter().split(text)
        #expect(posts.count > 5)
        for post in posts {
            let length = WeightedText(post).length
            #expect((1...280).contains(length), "\(length): \(post.debugDescription)")
        }
    }

    @Test func aWordThatIsTooLongIsCutBetweenCharacters() {
        let family = "👨‍👩‍👧‍👦"
        let posts = ThreadSplitter().split(String(repeating: family, count: 400))
        #expect(posts.count == 3)
        for post in posts { #expect(post.split(separator: " ")[0].allSatisfy { String($0) == family }) }
    }
}
