import Channels
import TestSupport
import Testing

@Suite struct SplitterTests {
    @Test(arguments: [1, 2, 7, 100, 3000])
    func textPiecesJoinToTheTextWithinTheLimit(limit: Int) {
        var generator = SeededGenerator(seed: UInt64(limit))
        for length in [1, 50, 5000, limit > 50 ? 200_000 : 2000] {
            let text = generator.markdown(length: length)
            let pieces = TextSplitter.split(text, limit: limit) { $0.unicodeScalars.count }
            #expect(pieces.joined() == text)
            #expect(pieces.allSatisfy { !$0.isEmpty && $0.unicodeScalars.count <= limit })
        }
    }

    @Test func textIsCutAtTheBestPlace() {
        func split(_ text: String, _ limit: Int) -> [String] { TextSplitter.split(text, limit: limit).map(String.init) }
        #expect(split("one two\n\nthree four five", 16) == ["one two\n\n", "three four five"])
        #expect(split("one two\nthree four five", 15) == ["one two\n", "three four five"])
        #expect(split("One two. Three four five", 15) == ["One two. ", "Three four five"])
        #expect(split("one two three", 9) == ["one two ", "three"])
        #expect(split("onetwothree", 4) == ["onet", "woth", "ree"])
        #expect(split("", 4) == [])
    }

    @Test func aCharacterIsNeverCutUnlessItIsTooLarge() {
        let family = "👨‍👩‍👧‍👦"
        let pieces = TextSplitter.split(String(repeating: family, count: 9), limit: 25)
        #expect(pieces.map(String.init) == Array(repeating: String(repeating: family, count: 2), count: 4) + [family])
        let zalgo = "a" + String(repeating: "\u{0301}", count: 1000)
        let cut = TextSplitter.split(zalgo, limit: 100)
        #expect(cut.allSatisfy { $0.utf16.count <= 100 })
        #expect(cut.map { $0.unicodeScalars.count }.reduce(0, +) == 1001)
    }

    @Test func theMeasureIsWhatCounts() {
        let pieces = TextSplitter.split(String(repeating: "&", count: 100), limit: 20) { text in
            text.reduce(0) { $0 + ($1 == "&" ? 5 : 1) }
        }
        #expect(pieces.allSatisfy { $0.count == 4 })
    }

    @Test func codeIsCutBetweenLines() {
        let code = (0..<100).map { "line \($0)" }.joined(separator: "\n")
        let pieces = CodeSplitter.split(code, limit: 80)
        #expect(pieces.joined() == code)
        #expect(pieces.dropLast().allSatisfy { $0.hasSuffix("\n") && $0.utf16.count <= 80 })
        #expect(CodeSplitter.split("aaaa\n\nbbb\nccc", limit: 10).map(String.init) == ["aaaa\n\n", "bbb\nccc"])
        #expect(CodeSplitter.split(String(repeating: "x", count: 25), limit: 10).map(\.count) == [10, 10, 5])
    }

    @Test func noLineOfTheTextClosesItsFence() {
        #expect(CodeSplitter.fenced("a ``` b") == "````\na ``` b\n````")
        #expect(CodeSplitter.fenced("") == "```\n\n```")
    }

    @Test(arguments: [8, 40, 300])
    func runsKeepTheirTextAndStyle(limit: Int) {
        var generator = SeededGenerator(seed: UInt64(limit) + 100)
        let styles: [InlineRun.Style] = [[], .strong, [.strong, .emphasis], .code]
        let runs = (0..<200).map { number in
            InlineRun(
                (0..<Int.random(in: 1...30, using: &generator)).map { "w\($0)" }.joined(separator: " "),
                style: styles[number % 4],
                link: number.isMultiple(of: 7) ? "https://example.com/\(number)" : nil
            )
        }
        let measure: (InlineRun) -> Int = { $0.text.utf16.count + ($0.style.isEmpty ? 0 : 2) }
        let pieces = RunSplitter.split(runs, limit: limit, measure: measure)
        #expect(pieces.allSatisfy { !$0.isEmpty && $0.reduce(0) { $0 + measure($1) } <= limit })
        func letters(_ runs: [InlineRun]) -> [InlineRun] {
            runs.flatMap { run in run.text.map { InlineRun(String($0), style: run.style, link: run.link) } }
        }
        #expect(letters(pieces.flatMap { $0 }) == letters(runs))
    }

    @Test func aLinkThatFitsIsNotCut() {
        let runs = [InlineRun("some words before "), InlineRun("a link of words", link: "https://example.com")]
        let pieces = RunSplitter.split(runs, limit: 20) { $0.text.count }
        #expect(pieces == [[runs[0]], [runs[1]]])
    }

    @Test func tablesRepeatTheirHeader() {
        let rows: [[[MarkdownInline]]] = (0..<25).map { [[.text("w\($0)")]] }
        let table = MarkdownTable(alignments: [.left], header: [[.text("head")]], rows: rows)
        let measure: ([[MarkdownInline]]) -> Int = { row in row.reduce(0) { $0 + $1.plainText.count } }
        let byRows = TableSplitter.split(table, maximumRows: 11, limit: 10_000, measure: measure)
        #expect(byRows.map(\.rows.count) == [10, 10, 5])
        #expect(byRows.allSatisfy { $0.header == table.header && $0.alignments == table.alignments })
        #expect(byRows.flatMap(\.rows) == rows)
        let bySize = TableSplitter.split(table, maximumRows: 100, limit: 16, measure: measure)
        #expect(bySize.flatMap(\.rows) == rows)
        #expect(bySize.allSatisfy { part in part.rows.reduce(4) { $0 + measure($1) } <= 16 })
        #expect(TableSplitter.split(table, maximumRows: 100, limit: 10_000, measure: measure) == [table])
    }

    @Test func partsKeepEveryLimitAndTheOrder() {
        var generator = SeededGenerator(seed: 3)
        for _ in 0..<200 {
            var packer = PartPacker<(number: Int, size: Int)>(limits: [5, 100])
            for number in 0..<60 {
                let size = Int.random(in: 1...100, using: &generator)
                packer.add(
                    (number, size),
                    costs: [1, size],
                    keepsWithNext: Int.random(in: 0..<5, using: &generator) == 0
                )
            }
            let parts = packer.finish()
            #expect(parts.flatMap { $0 }.map(\.number) == Array(0..<60))
            #expect(
                parts.allSatisfy { part in
                    !part.isEmpty && part.count <= 5 && part.reduce(0) { $0 + $1.size } <= 100
                }
            )
        }
    }

    @Test func aHeadingMovesWithWhatFollows() {
        var packer = PartPacker<String>(limits: [3])
        packer.add("a", costs: [1])
        packer.add("b", costs: [1])
        packer.add("heading", costs: [1], keepsWithNext: true)
        packer.add("c", costs: [1])
        #expect(packer.finish() == [["a", "b"], ["heading", "c"]])
    }

    @Test func aBlockThatIsTooLargeStandsAlone() {
        var packer = PartPacker<String>(limits: [10])
        packer.add("a", costs: [1])
        packer.add("large", costs: [50])
        packer.add("b", costs: [1])
        packer.breakPart()
        packer.add("c", costs: [1])
        #expect(packer.finish() == [["a"], ["large"], ["b"], ["c"]])
    }

    @Test(arguments: [1, 100, 10_000, 200_000])
    func aWholeTextKeepsItsWords(length: Int) {
        var generator = SeededGenerator(seed: UInt64(length))
        let text = generator.markdown(length: length)
        var packer = PartPacker<String>(limits: [20, 2000])
        func add(_ piece: some StringProtocol) { packer.add(String(piece), costs: [1, piece.utf16.count]) }
        func addRuns(_ inlines: [MarkdownInline]) {
            let measure: (InlineRun) -> Int = { $0.text.utf16.count + 8 }
            for piece in RunSplitter.split(inlines.runs(), limit: 1500, measure: measure) {
                add(piece.map(\.text).joined())
            }
        }
        func addBlocks(_ blocks: [MarkdownBlock]) {
            for block in blocks {
                switch block {
                case .paragraph(let inlines), .heading(_, let inlines): addRuns(inlines)
                case .quote(let blocks): addBlocks(blocks)
                case .list(let list): for item in list.items { addBlocks(item.blocks) }
                case .code(_, let text): for piece in CodeSplitter.split(text, limit: 900) { add(piece) }
                case .table(let table): for row in [table.header] + table.rows { for cell in row { addRuns(cell) } }
                case .thematicBreak: add("---")
                }
            }
        }
        addBlocks(MarkdownDocument(parsing: text).blocks)
        let parts = packer.finish()
        #expect(words(in: parts.map { $0.joined(separator: "\n") }.joined(separator: "\n")) == words(in: text))
        #expect(parts.allSatisfy { $0.count <= 20 && $0.reduce(0) { $0 + $1.utf16.count } <= 2000 })
    }
}
