import Channels
import CoreTypes
import DatabaseSupport
import Foundation
import SlackIntegration
import TestSupport
import Testing

@Suite("Slack's own library judges what we write")
struct PeerTests {
    private let adapter: SlackAdapter

    init() throws {
        adapter = try SlackBench().adapter
    }

    /// Pieces of Markdown, from ordinary to hostile, that long verdicts are made of.
    private static let pieces = [
        "The panel agrees, **with one condition**: `output` is _measured_ before and after. ~~Never~~ Always.",
        "- one\n- two\n  - deeper\n    1. and deeper\n- three, [with a link](https://example.com/a?b=1&c=2)",
        "> A quote with **bold** and\n> > a quote inside\n>\n> - and a list",
        "```python\nfor x in range(10):\n    print(x)  # <!channel> & ```\n```",
        "| Option | Votes |\n|---|--:|\n| four | 3 |\n| `five` | <!here> |",
        "## A heading with `code` and <@U123>",
        "### " + String(repeating: "a long heading ", count: 20),
        "<!channel> <!here> <@U1> <#C1> & < > * _ ~ ` | \\ \u{0} \u{202E}",
        "[x](javascript:alert(1)) ![image](https://example.com/i.png) <https://evil.example|x> http://",
        String(repeating: "ver", count: 1500),
        "日本語の長い文章。" + String(repeating: "とても長い。", count: 200),
        "👨‍👩‍👧‍👦 " + String(repeating: "🇩🇪", count: 300),
        "***\n\n* * *\n\n1) one\n2) two\n\n- [ ] open\n- [x] done",
        "\"quotes\" and \\backslashes\\ \t tabs\u{1}\u{2}\u{3}",
        "*unclosed **bold `code\n\n```\nunclosed fence",
    ]

    private static func verdict(characters: Int, seed: Int) -> String {
        var text = ""
        var position = seed
        while text.count < characters {
            if !text.isEmpty { text += "\n\n" }
            text += pieces[position % (pieces.count - 1)]
            position += 1 + position % 3
        }
        return String(text.prefix(characters))
    }

    @Test("Every message passes, for verdicts of one to two hundred thousand characters")
    func messages() async throws {
        var lines: [String] = []
        func add(_ name: String, _ post: Post) throws {
            for (position, part) in adapter.render(post).enumerated() {
                let payload = try JSONValue(parsing: part.payload.text)
                lines.append(JSONValue.object(["name": .string("\(name) part \(position)"), "payload": payload]).text)
            }
        }
        for (seed, size) in [1, 2, 75, 150, 151, 2999, 3000, 3001, 11_999, 12_001, 40_000, 200_000].enumerated() {
            for shift in 0..<(size > 20_000 ? 1 : 3) {
                var post = SamplePosts.verdict
                post.body = Self.verdict(characters: size, seed: seed + shift * 5)
                try add("verdict of \(size), \(shift)", post)
            }
        }
        for (position, piece) in Self.pieces.enumerated() {
            let post = Post(
                title: piece,
                body: String(repeating: piece + "\n\n", count: 30),
                fields: [.init(piece, piece), .init("n", String(repeating: piece, count: 20))],
                buttons: (0..<30).map { .init(label: piece, token: "token\($0)") },
                footer: piece,
                fallbackText: String(repeating: piece, count: 100)
            )
            try add("piece \(position)", post)
        }
        try add("verdict", SamplePosts.verdict)
        try add("prompt", SamplePosts.prompt)
        try add("tables", SamplePosts.tables)
        #expect(try await complaints(lines) == "checked \(lines.count)\n")
    }

    @Test("Every form passes")
    func forms() async throws {
        let (views, count) = try await withSlack { slack, bench in
            for (position, form) in ModalTests.forms.enumerated() {
                var address = bench.address
                address.trigger = "t\(position)"
                let outcome = await bench.adapter.open(form, at: address, key: "k\(position)")
                #expect(word(outcome) == "sent")
            }
            return (await slack.views, ModalTests.forms.count)
        }
        try #require(views.count == count)
        let lines = views.enumerated().map { position, view in
            var bare = view
            bare["id"] = nil
            bare["hash"] = nil
            return JSONValue.object(["name": .string("form \(position)"), "view": bare]).text
        }
        #expect(try await complaints(lines) == "checked \(lines.count)\n")
    }

    private func complaints(_ lines: [String]) async throws -> String {
        try await withTemporaryDirectory { directory in
            let file = URL(fileURLWithPath: directory).appending(path: "cases.jsonl")
            try lines.joined(separator: "\n").write(to: file, atomically: true, encoding: .utf8)
            return try await runPeer("validate_blocks.py", [file.path()])
        }
    }
}
