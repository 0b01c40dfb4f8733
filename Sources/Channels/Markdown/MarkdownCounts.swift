/// How much of what is costly to parse stands in a text.
///
/// A paragraph is whatever stands between two blank lines: an inline never reaches further.
struct MarkdownCounts {
    private(set) var lines = 1
    /// The most `|` in a line.
    private(set) var mostPipes = 0
    private(set) var atSigns = 0
    private(set) var closingBrackets = 0
    /// The most quotes and list items that one line opens.
    private(set) var deepest = 0
    /// The most marks of emphasis, images and ends of brackets in a paragraph.
    private(set) var mostMarks = 0
    /// Beginnings of declarations × bytes, of the costliest paragraph.
    private(set) var declarationSteps = 0
    /// The bytes of the longest paragraph that may define links.
    private(set) var longestDefinition = 0
    /// What makes a link be read again × bytes, of all words.
    private(set) var linkSteps = 0

    private var line = Line()
    private var paragraph = Paragraph()
    private var word = Word()

    private struct Line {
        var isBlank = true
        var pipes = 0
        var depth = 0
        var isAtItsMarkers = true
    }

    private struct Paragraph {
        var bytes = 0
        var marks = 0
        var declarations = 0
        var mayDefine = false
    }

    private struct Word {
        var bytes = 0
        var returns = 0
    }

    init(of text: UnsafeBufferPointer<UInt8>) {
        let newline = UInt8(ascii: "\n")
        var previous = newline
        for position in text.indices {
            let byte = text[position]
            read(byte, after: previous, before: position + 1 < text.count ? text[position + 1] : newline)
            previous = byte
        }
        endLine()
        endParagraph()
    }

    private mutating func read(_ byte: UInt8, after previous: UInt8, before next: UInt8) {
        paragraph.bytes += 1
        switch byte {
        case UInt8(ascii: "\n") where previous == UInt8(ascii: "\r"): return
        case UInt8(ascii: "\n"), UInt8(ascii: "\r"):
            lines += 1
            endLine()
            return
        case UInt8(ascii: " "), UInt8(ascii: "\t"):
            endWord()
            return
        case UInt8(ascii: "*"), UInt8(ascii: "_"), UInt8(ascii: "~"):
            if byte != previous { paragraph.marks += 1 }
        case UInt8(ascii: "["):
            if previous == UInt8(ascii: "!") { paragraph.marks += 1 }
        case UInt8(ascii: "]"):
            paragraph.marks += 1
            closingBrackets += 1
            if next == UInt8(ascii: ":") { paragraph.mayDefine = true }
        case UInt8(ascii: "<"):
            if next == UInt8(ascii: "?") || next == UInt8(ascii: "!") { paragraph.declarations += 1 }
        case UInt8(ascii: ")"), UInt8(ascii: ":"): word.returns += 1
        case UInt8(ascii: "w"):
            if previous == byte { word.returns += 1 }
        case UInt8(ascii: "|"): line.pipes += 1
        case UInt8(ascii: "@"): atSigns += 1
        default: break
        }
        line.isBlank = false
        word.bytes += 1
        if line.isAtItsMarkers { readMarker(byte, before: next) }
    }

    /// Reads the beginning of a line, where quotes and list items open.
    private mutating func readMarker(_ byte: UInt8, before next: UInt8) {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): break
        case UInt8(ascii: ">"): line.depth += 1
        case UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "*"), UInt8(ascii: "."), UInt8(ascii: ")"):
            switch next {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r"): line.depth += 1
            default: line.isAtItsMarkers = false
            }
        default: line.isAtItsMarkers = false
        }
    }

    private mutating func endWord() {
        linkSteps += word.bytes * word.returns
        word = Word()
    }

    private mutating func endLine() {
        endWord()
        if line.isBlank { endParagraph() }
        mostPipes = max(mostPipes, line.pipes)
        deepest = max(deepest, line.depth)
        line = Line()
    }

    private mutating func endParagraph() {
        mostMarks = max(mostMarks, paragraph.marks)
        declarationSteps = max(declarationSteps, paragraph.declarations * paragraph.bytes)
        if paragraph.mayDefine { longestDefinition = max(longestDefinition, paragraph.bytes) }
        paragraph = Paragraph()
    }
}
