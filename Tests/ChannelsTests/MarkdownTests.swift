import Channels
import TestSupport
import Testing

@Suite struct MarkdownTests {
    private func blocks(_ text: String) -> [MarkdownBlock] { MarkdownDocument(parsing: text).blocks }

    @Test func plainTextHasNoMarkup() {
        let text = "# A *title*\n\n- **one** `two`\n- [three](https://a.example)\n\n> four\n\n|a|b|\n|-|-|\n|c|d|\n"
        #expect(MarkdownDocument(parsing: text).plainText == "A title one two three four a b c d")
        #expect(MarkdownDocument(parsing: "").plainText == "")
    }

    @Test func blocksKeepTheirKind() {
        #expect(blocks("# One\n\ntwo") == [.heading(level: 1, [.text("One")]), .paragraph([.text("two")])])
        #expect(blocks("> a\n> b") == [.quote([.paragraph([.text("a"), .softBreak, .text("b")])])])
        #expect(blocks("a\n\n---") == [.paragraph([.text("a")]), .thematicBreak])
        #expect(blocks("```swift x\nlet a\n```") == [.code(info: "swift x", text: "let a")])
        #expect(blocks("    indented\n") == [.code(info: "", text: "indented")])
        #expect(blocks("") == [])
    }

    @Test func inlinesKeepTheirMarkup() {
        #expect(
            blocks("a **b *c*** ~~d~~ `e` [f](https://x.y/?a=1&b=2) ![g](h.png)") == [
                .paragraph([
                    .text("a "), .strong([.text("b "), .emphasis([.text("c")])]), .text(" "),
                    .strikethrough([.text("d")]), .text(" "), .code("e"), .text(" "),
                    .link(url: "https://x.y/?a=1&b=2", [.text("f")]), .text(" "),
                    .image(url: "h.png", alternative: "g"),
                ])
            ]
        )
        #expect(blocks("a  \nb") == [.paragraph([.text("a"), .lineBreak, .text("b")])])
    }

    @Test func aSingleTildeIsNoMarkup() {
        #expect(blocks("~5 min and ~10 min") == [.paragraph([.text("~5 min and ~10 min")])])
    }

    @Test func plainURLsBecomeLinks() {
        #expect(
            blocks("see https://example.com/a_b.") == [
                .paragraph([
                    .text("see "), .link(url: "https://example.com/a_b", [.text("https://example.com/a_b")]),
                    .text("."),
                ])
            ]
        )
    }

    @Test func htmlIsTheTextThatWasWritten() {
        #expect(blocks("<script>alert(1)</script>") == [.paragraph([.text("<script>alert(1)</script>")])])
        #expect(blocks("a <b>c</b>") == [.paragraph([.text("a <b>c</b>")])])
    }

    @Test(arguments: [
        "```swift\nlet a", "~~~~\nlet a\n", "text\n\n````\n```\ncode\n```", "<!-- note", "<pre>\na", "<script>",
        "<?php",
        "<![CDATA[ a", "<!DOCTYPE a", "- a\n\n  ```\n  b\n\n```\nc", "```\na\n```\n\n~~~\nb",
    ])
    func whatATextLeavesOpenSwallowsNothingBehindIt(_ text: String) {
        let closed = MarkdownDocument.closed(text)
        #expect(closed.hasPrefix(text) && closed.count > text.count)
        #expect(blocks("\(closed)\n\n**Dissent**").last == .paragraph([.strong([.text("Dissent")])]))
    }

    @Test(arguments: [
        "", "text", "```\na\n```", "a < b", "<b>c</b>", "- a\n\n  ```\n  b", "> ```\n> a", "|a|\n|-|\n|<|",
    ])
    func whatIsCompleteStaysAsItIs(_ text: String) {
        #expect(MarkdownDocument.closed(text) == text)
    }

    @Test func listsKnowTheirNumbersAndTasks() {
        guard case .list(let ordered) = blocks("3. a\n4. b").first,
            case .list(let tasks) = blocks("- [x] a\n- [ ] b\n- c").first
        else {
            Issue.record("These are lists.")
            return
        }
        #expect(ordered.start == 3)
        #expect(ordered.items.map(\.isChecked) == [nil, nil])
        #expect(tasks.start == nil)
        #expect(tasks.items.map(\.isChecked) == [true, false, nil])
        #expect(tasks.items[0].blocks == [.paragraph([.text("a")])])
    }

    @Test func tablesHaveAlignedColumnsAndFullRows() {
        guard case .table(let table) = blocks("| a | b | c |\n|:--|:-:|--:|\n| 1 | **2** |\n").first else {
            Issue.record("This is a table.")
            return
        }
        #expect(table.alignments == [.left, .center, .right])
        #expect(table.header == [[.text("a")], [.text("b")], [.text("c")]])
        #expect(table.rows == [[[.text("1")], [.strong([.text("2")])], []]])
    }

    @Test func runsAreFlatAndCarryTheirStyle() {
        let paragraph: [MarkdownInline] = [
            .text("a "), .strong([.text("b "), .emphasis([.text("c")]), .link(url: "u", [.code("d")])]), .softBreak,
            .image(url: "i", alternative: ""), .lineBreak,
        ]
        #expect(
            paragraph.runs() == [
                InlineRun("a "), InlineRun("b ", style: .strong), InlineRun("c", style: [.strong, .emphasis]),
                InlineRun("d", style: [.strong, .code], link: "u"), InlineRun(" "), InlineRun("i", link: "i"),
                InlineRun("\n"),
            ]
        )
        #expect(paragraph.plainText == "a b cd \n")
    }

    @Test func hostileTextIsParsedInTimeAndInBounds() {
        let hostile = [
            String(repeating: ">", count: 100_000) + "a", String(repeating: "- ", count: 50_000) + "a",
            String(repeating: "**a *b ", count: 20_000), String(repeating: "[", count: 100_000),
            String(repeating: "a|", count: 50_000) + "\n|-|\n", String(repeating: "a@", count: 100_000),
            "|" + String(repeating: "a|", count: 20_000) + "\n|" + String(repeating: "-|", count: 20_000) + "\n"
                + String(repeating: "|\n", count: 20_000),
            String(repeating: "*_", count: 50_000) + "x" + String(repeating: "_*", count: 50_000), "\u{0}\u{FFFF}",
            String(repeating: "![", count: 50_000), String(repeating: "\u{0301}", count: 10_000),
            String(repeating: "_", count: 100_000) + "." + String(repeating: "_", count: 100_000),
            String(repeating: "![l", count: 80_000) + "\n", "a" + String(repeating: "<!--", count: 60_000),
            String(repeating: "[a](<b", count: 40_000), "www.a" + String(repeating: ")", count: 250_000),
            String(repeating: "www._", count: 50_000),
            String(repeating: String(repeating: "a", count: 130) + "@", count: 1_900),
        ]
        let ordinary =
            "The *quick* [fox](https://a.example) `jumps` over the **lazy** dog.\nAnd _again_.\n\n- one\n- two\n\n"
        let clock = ContinuousClock()
        for text in hostile + unparsed {
            let usual = String(repeating: ordinary, count: text.utf8.count / ordinary.utf8.count + 1)
            let allowed = clock.measure { _ = blocks(usual) } * 10 + .milliseconds(50)
            let elapsed = clock.measure {
                for block in blocks(text) { #expect(depth(of: block) <= 3 * MarkdownDocument.maximumDepth) }
            }
            // Without the guards, the slowest of these takes minutes or all memory.
            #expect(elapsed < allowed, "\(text.prefix(20))")
        }
    }

    /// What the parser takes seconds or gigabytes for.
    private let unparsed: [String] = [
        "a " + String(repeating: "<?", count: 130_000), String(repeating: "a <!A ", count: 40_000),
        String(repeating: "a <![CDATA[", count: 20_000), String(repeating: "![[]()", count: 40_000),
        String(repeating: "*_", count: 20_000) + "." + String(repeating: "[]()", count: 20_000),
        String(repeating: "**a ", count: 20_000) + "." + String(repeating: "*_", count: 40_000),
        String(repeating: "- ", count: 20_000) + "a" + String(repeating: "\r\n", count: 20_000),
        String(repeating: ">", count: 20_000) + String(repeating: "a*", count: 20_000),
        "[a]: " + String(repeating: "b", count: 100_000) + "\n\n" + String(repeating: "[a] ", count: 30_000),
        String(repeating: "a <?\r\n", count: 30_000),
    ]

    @Test func whatWouldTakeTooLongIsSeenAsItWasWritten() {
        for text in unparsed { #expect(blocks(text) == [.paragraph([.text(text)])], "\(text.prefix(20))") }
    }

    @Test func aLongAnswerIsParsed() {
        let code = (0..<60).map { "    if values[\($0)] != nil { print(\"<\\(values[\($0)]!)>\") } // @main" }.joined(
            separator: "\n"
        )
        let list = (0..<60).map { "- **Term \($0)**: _see_ [this](https://example.com/\($0)) and `that`" }.joined(
            separator: "\n"
        )
        let section =
            "## Part\n\n\(list)\n\n> Quoted, *with* emphasis.\n\n```swift\n\(code)\n```\n\n|a|b|\n|-|-|\n|c|d|\n\n"
        let text = String(repeating: section, count: 256 * 1024 / section.utf8.count)
        #expect(blocks(text).count == 5 * (256 * 1024 / section.utf8.count))
    }

    @Test func anyBytesCanBeParsed() {
        var generator = SeededGenerator(seed: 7)
        let alphabet = Array("*_~`[]()<>#|-+ \n\t\\!&:@.wx1👩‍👩‍👧‍👦é\u{0}")
        for _ in 0..<500 {
            let text = String(
                (0..<Int.random(in: 1...300, using: &generator)).compactMap { _ in
                    alphabet.randomElement(using: &generator)
                }
            )
            let nested = String(repeating: "> ", count: Int.random(in: 0...60, using: &generator)) + text
            for block in blocks(nested) {
                #expect(depth(of: block) <= 2 * MarkdownDocument.maximumDepth + 2, "\(nested)")
            }
        }
    }

    @Test func noLetterIsLostWhateverMarkupIsAroundIt() {
        var generator = SeededGenerator(seed: 8)
        // Letters that no case's name has; and no markup that takes words for itself, as the definition of a link does.
        let letters = ["é", "ж", "ß"]
        let markup = [
            "*", "**", "_", "~~", "`", "```", "[", "]", "<", ">", "#", "- ", "1. ", "+", " ", "\n", "\n\n", "\t", "\\",
            "!", "&", "@", ".", "www.", "![ж](ß)", "[é](ж)", "👩‍👩‍👧‍👦", "\u{0}",
        ]
        let pieces = letters + letters + letters + markup
        for _ in 0..<500 {
            let text = (0..<Int.random(in: 1...300, using: &generator)).compactMap { _ in
                pieces.randomElement(using: &generator)
            }.joined()
            let shown = String(describing: blocks(text))
            for letter in letters {
                #expect(occurrences(of: letter, in: shown) >= occurrences(of: letter, in: text), "\(text)")
            }
        }
    }

    private func occurrences(of letter: String, in text: String) -> Int {
        text.unicodeScalars.filter { letter.unicodeScalars.contains($0) }.count
    }

    @Test func nothingOfADeepTextIsLost() {
        let text = String(repeating: "> ", count: 200) + "deep [link](https://example.com)"
        #expect(String(describing: blocks(text)).contains("deep link (https://example.com)"))
    }

    @Test func parsingAtTheSameTimeKeepsTheExtensions() async {
        // cmark-gfm keeps the special characters of its extensions in one global table.
        let right = await withTaskGroup(of: Bool.self) { group in
            for number in 0..<400 {
                group.addTask {
                    let text = number.isMultiple(of: 2) ? "~~a~~ www.example.com" : "plain"
                    let expected = 1 + (number.isMultiple(of: 2) ? 2 : 0)
                    guard case .paragraph(let inlines) = MarkdownDocument(parsing: text).blocks.first else {
                        return false
                    }
                    return inlines.count == expected
                }
            }
            return await group.reduce(true) { $0 && $1 }
        }
        #expect(right)
    }

    private func depth(of block: MarkdownBlock) -> Int {
        switch block {
        case .paragraph(let inlines), .heading(_, let inlines): 1 + (inlines.map(depth).max() ?? 0)
        case .quote(let blocks): 1 + (blocks.map(depth).max() ?? 0)
        case .list(let list): 1 + (list.items.flatMap(\.blocks).map(depth).max() ?? 0)
        case .table(let table): 1 + (table.rows.flatMap { $0 }.flatMap { $0 }.map(depth).max() ?? 0)
        case .code, .thematicBreak: 1
        }
    }

    private func depth(of inline: MarkdownInline) -> Int {
        switch inline {
        case .emphasis(let children), .strong(let children), .strikethrough(let children), .link(_, let children):
            1 + (children.map(depth).max() ?? 0)
        case .text, .code, .image, .softBreak, .lineBreak: 1
        }
    }
}
