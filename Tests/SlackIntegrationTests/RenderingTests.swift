import Channels
import CoreTypes
import Foundation
import SlackIntegration
import TestSupport
import Testing

@Suite("What Slack is given")
struct RenderingTests {
    private let adapter: SlackAdapter

    init() throws {
        adapter = try SlackBench().adapter
    }

    @Test(
        "Typical posts look as they always did",
        arguments: [("verdict", SamplePosts.verdict), ("prompt", SamplePosts.prompt), ("tables", SamplePosts.tables)]
    )
    func golden(_ name: String, _ post: Post) throws {
        let lines = adapter.render(post).map(\.payload.text)
        let text = lines.joined(separator: "\n") + "\n"
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "Golden/\(name).jsonl")
        if ProcessInfo.processInfo.environment["ARAGORA_RECORD_GOLDEN"] == "1" {
            try text.write(to: file, atomically: true, encoding: .utf8)
        }
        #expect(try String(contentsOf: file, encoding: .utf8) == text)
    }

    @Test("A typical verdict is one message that holds all of it")
    func wholeVerdict() throws {
        let parts = adapter.render(SamplePosts.verdict)
        try #require(parts.count == 1)
        let payload = try JSONValue(parsing: parts[0].payload.text)
        let types = (payload["blocks"]?.array ?? []).compactMap { $0["type"]?.string }
        #expect(types.first == "header")
        #expect(types.suffix(2) == ["context", "actions"])
        #expect(types.contains("table"))
        #expect(types.contains("divider"))
        #expect(payload["text"]?.string == "Verdict of debate #42: move to four-day weeks &amp; measure")
    }

    @Test("Nothing that a text holds becomes a mention, a link to a script or an element of another kind")
    func inert() throws {
        let hostile = [
            "<!channel> <!here> <@U1> <#C1> <!subteam^S1>",
            "[x](javascript:alert(1)) [y](data:text/html,x) [z](slack://open)",
            "<https://evil.example|click>", "*bold* _it_ ~s~ `c` ```f```", "&lt;!channel&gt; &amp;lt;!here&amp;gt;",
        ].joined(separator: "\n\n")
        let post = Post(
            title: hostile,
            body: hostile,
            fields: [.init("<!here>", "<@U1>")],
            footer: "<!channel> [x](javascript:1) <@U1>",
            fallbackText: "<!channel> <@U1>"
        )
        for part in adapter.render(post) {
            let payload = try JSONValue(parsing: part.payload.text)
            #expect(payload["text"]?.string?.contains("<") == false)
            for block in payload["blocks"]?.array ?? [] {
                switch block["type"]?.string {
                case "rich_text":
                    for leaf in leaves(block) {
                        #expect(["text", "link"].contains(leaf["type"]?.string))
                        if let url = leaf["url"]?.string { #expect(url.hasPrefix("http")) }
                    }
                case "section", "context":
                    for text in (block["fields"] ?? block["elements"])?.array ?? [] {
                        #expect(text["text"]?.string?.contains("<!") == false)
                        #expect(text["text"]?.string?.contains("<@") == false)
                    }
                default: #expect(["header", "actions", "divider"].contains(block["type"]?.string))
                }
            }
        }
    }

    @Test("A word that is longer than any message is cut into pieces, all of which are there")
    func longWord() throws {
        let word = (0..<9000).map { String($0) }.joined()
        let parts = adapter.render(Post(body: word, fallbackText: "x"))
        #expect(parts.count > 2)
        let pieces = try parts.flatMap { part in
            try (JSONValue(parsing: part.payload.text)["blocks"]?.array ?? []).flatMap(leaves)
        }
        #expect(pieces.compactMap { $0["text"]?.string }.joined() == word)
    }

    private func blocks(_ post: Post) throws -> [JSONValue] {
        try adapter.render(post).flatMap { try JSONValue(parsing: $0.payload.text)["blocks"]?.array ?? [] }
    }

    /// The text of each block of a body, once it is rendered.
    private func texts(_ body: String) throws -> [String] {
        try blocks(Post(body: body, fallbackText: "x")).map { block in
            #expect(block.text.utf16.count <= 3000)
            return leaves(block).compactMap { $0["text"]?.string }.joined()
        }
    }

    @Test("A paragraph that fits into a block is never cut, and shares its block with its neighbours")
    func wholeParagraphs() throws {
        let styled = (1...40).map { number -> String in
            "In part \(number) the panel is **quite sure** that `service_\(number)` reads from [the replica]"
                + "(https://example.com/\(number)). We recommend moving the billing service because the read path "
                + "is simple. Nothing else has to change for that."
        }
        let shown = (1...40).map { number -> String in
            "In part \(number) the panel is quite sure that service_\(number) reads from the replica. We recommend "
                + "moving the billing service because the read path is simple. Nothing else has to change for that."
        }
        let pieces = try texts(styled.joined(separator: "\n\n"))
        #expect(pieces.count < 40)
        #expect(pieces.flatMap { $0.components(separatedBy: "\n\n") } == shown)

        let plain = (1...200).map { "Paragraph number \($0) says about latency what it has to say." }
        let blocks = try texts(plain.joined(separator: "\n\n"))
        #expect(blocks.count < 8)
        #expect(blocks.flatMap { $0.components(separatedBy: "\n\n") } == plain)
    }

    @Test("Only a paragraph that is over the limit by itself is cut, and no white space is left at a cut")
    func longParagraph() throws {
        let sentence = "The read path is simple, and **nothing** else has to change."
        let long = Array(repeating: sentence, count: 100).joined(separator: " ")
        let pieces = try texts("Before.\n\n\(long)\n\nAfter.")
        #expect(pieces.first == "Before.")
        #expect(pieces.last?.components(separatedBy: "\n\n").last == "After.")
        #expect(pieces.allSatisfy { $0.first?.isWhitespace == false && $0.last?.isWhitespace == false })
        let words = pieces.joined(separator: " ").split(whereSeparator: \.isWhitespace)
        #expect(words == "Before. \(long) After.".replacing("**", with: "").split(separator: " "))
    }

    @Test("A fact is shown as it was written, whatever marks it holds")
    func facts() throws {
        let marked = ["Mind *.log and *.tmp, snake_case and `x`. *Until* forever", "~never~", "As she said:\n> no"]
        let facts = [Post.Field("Rounds", "2")] + marked.map { Post.Field("Status", $0) } + [Post.Field("Cost", "$1")]
        let blocks = try blocks(Post(body: "x", fields: facts, fallbackText: "x"))
        #expect(
            blocks.map { $0["type"]?.string }
                == ["rich_text", "section", "rich_text", "rich_text", "rich_text", "section"]
        )
        #expect(blocks[2...4].map { leaves($0).compactMap { $0["text"]?.string } } == marked.map { ["Status: ", $0] })
        let plain = [blocks[1], blocks[5]].flatMap { $0["fields"]?.array ?? [] }.compactMap { $0["text"]?.string }
        #expect(plain == ["*Rounds*\n2", "*Cost*\n$1"])
    }

    @Test("Whom a post is for is mentioned once, on its last message, and nobody else is")
    func mention() throws {
        let long = String(repeating: "Word. ", count: 6000)
        let parts = adapter.render(Post(body: long, footer: "Small.", fallbackText: "x", mention: "U0ANN"))
        let mentioning = parts.filter { $0.payload.text.contains("<@U0ANN>") }
        #expect(parts.count > 1 && mentioning.count == 1)
        #expect(mentioning.first?.payload.text == parts.last?.payload.text)
        for stranger in ["api:local", "B0BOT", "!channel", "U1> <!here", "", "u0ann"] {
            let blocks = try blocks(Post(body: "x", fallbackText: "x", mention: stranger))
            #expect(blocks.map { $0["type"]?.string } == ["rich_text"], "\(stranger)")
        }
    }

    private func leaves(_ value: JSONValue) -> [JSONValue] {
        guard let children = value["elements"]?.array else { return [value] }
        return children.flatMap(leaves)
    }

    @Test("A link that Slack takes for none is seen beside its text")
    func refusedLinks() throws {
        let part = try #require(adapter.render(Post(body: "[read](ftp://a.example/x)", fallbackText: "x")).first)
        #expect(part.payload.text.contains("read (ftp://a.example/x)"))
    }

    @Test("Buttons and small print are on the last message alone, together")
    func lastPart() throws {
        let body = (0..<400).map { "Paragraph \($0): " + String(repeating: "word ", count: 30) }.joined(
            separator: "\n\n"
        )
        var post = SamplePosts.verdict
        post.body = body
        let parts = adapter.render(post)
        #expect(parts.count > 3)
        for (position, part) in parts.enumerated() {
            let isLast = position == parts.count - 1
            #expect(part.payload.text.contains("tokagree") == isLast)
            #expect(part.payload.text.contains(#""type":"context""#) == isLast)
        }
        let first = try JSONValue(parsing: parts[0].payload.text)
        #expect(first["text"]?.string?.hasSuffix("(1/\(parts.count))") == true)
    }

    @Test("Thirty buttons need two rows of at most twenty-five")
    func manyButtons() throws {
        let buttons = (0..<30).map { Post.Button(label: String(repeating: "label ", count: 20), token: "t\($0)") }
        let parts = adapter.render(Post(body: "x", buttons: buttons, fallbackText: "x"))
        let last = try JSONValue(parsing: try #require(parts.last).payload.text)
        let rows = (last["blocks"]?.array ?? []).filter { $0["type"]?.string == "actions" }
        #expect(rows.map { $0["elements"]?.array?.count } == [25, 5])
        for element in rows.flatMap({ $0["elements"]?.array ?? [] }) {
            #expect(try #require(element["text"]?["text"]?.string).count <= 75)
        }
    }

    @Test(
        "A table of its own is a table; a large or a second one is code, and one beyond all limits is told row by row"
    )
    func tables() throws {
        func types(_ body: String) -> [String] {
            adapter.render(Post(body: body, fallbackText: "x")).flatMap { part in
                ((try? JSONValue(parsing: part.payload.text))?["blocks"]?.array ?? []).compactMap { block in
                    block["elements"]?.array?.first?["type"]?.string ?? block["type"]?.string
                }
            }
        }
        let small = "| a | b |\n|---|---|\n| 1 | 2 |"
        #expect(types(small) == ["table"])
        #expect(
            types(small + "\n\nand\n\n" + small) == [
                "rich_text_preformatted", "rich_text_section", "rich_text_preformatted",
            ]
        )
        let rows = (0..<300).map { "| \($0) | x |" }.joined(separator: "\n")
        #expect(Set(types("| a | b |\n|---|---|\n\(rows)")) == ["rich_text_preformatted"])
        let columns = (0..<40).map { _ in " column name " }.joined(separator: "|")
        let rule = (0..<40).map { _ in "---" }.joined(separator: "|")
        #expect(Set(types("|\(columns)|\n|\(rule)|\n|\(columns)|")) == ["rich_text_section"])
        let cell = String(repeating: "word ", count: 4000)
        #expect(Set(types("| a |\n|---|\n| \(cell) |")) == ["rich_text_section"])
    }

    @Test("Numbered lists keep their numbers across what interrupts them")
    func numbering() throws {
        let part = try #require(
            adapter.render(
                Post(body: "3. three\n\n   ```\n   code\n   ```\n4. four\n   - inner\n5. five", fallbackText: "x")
            ).first
        )
        let blocks = try JSONValue(parsing: part.payload.text)["blocks"]?.array ?? []
        let lists = blocks.flatMap { $0["elements"]?.array ?? [] }.filter { $0["type"]?.string == "rich_text_list" }
        #expect(lists.compactMap { $0["style"]?.string } == ["ordered", "ordered", "bullet", "ordered"])
        #expect(lists.map { $0["offset"]?.integer } == [2, 3, nil, 4])
        #expect(lists.map { $0["indent"]?.integer } == [0, 0, 1, 0])
    }

    @Test("A post without a text is still a message")
    func empty() {
        #expect(adapter.render(Post(body: "", fallbackText: "")).count == 1)
        #expect(adapter.render(Post(body: "   \n", fallbackText: "Something")).count == 1)
    }
}
