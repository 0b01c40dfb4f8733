import CoreTypes
import Debates

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// The last line of a terminal, which says what a model is writing until its answer is there.
struct TerminalDraft {
    private let width: Int
    private var shown = ""

    /// Makes a line for the terminal that reads both streams.
    /// - Returns: nil where none does: what is kept in a file holds whole answers alone.
    init?() {
        var size = winsize()
        guard isatty(STDOUT_FILENO) == 1, isatty(STDERR_FILENO) == 1 else { return nil }
        let isKnown = ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
        width = isKnown ? Int(size.ws_col) : 80
    }

    /// Shows the end of the first text, and how many others are written beside it.
    mutating func show(_ drafts: [LiveDraft]) {
        let texts = drafts.compactMap { draft in draft.text.map { (agent: draft.agent, text: $0.shown) } }
            .filter { !$0.text.isEmpty }
        guard let first = texts.first else { return clear() }
        let others = texts.count > 1 ? " (and \(texts.count - 1) more)" : ""
        let line = Self.end(of: first.text, behind: "  \(first.agent)\(others) is writing: ", width: width)
        guard line != shown else { return }
        shown = line
        printError("\r\u{1B}[K" + line, terminator: "")
    }

    /// Makes room for lines that stay.
    mutating func clear() {
        guard !shown.isEmpty else { return }
        shown = ""
        printError("\r\u{1B}[K", terminator: "")
    }

    /// As much of the end of a text as has room; a character beyond ASCII may need two places.
    private static func end(of text: String, behind head: String, width: Int) -> String {
        var room = width - 1 - head.count
        var tail: [Character] = []
        for character in text.reversed() {
            room -= character.isASCII ? 1 : 2
            guard room >= 0 else { break }
            tail.append(character.isWhitespace ? " " : character)
        }
        return head + String(tail.reversed())
    }
}
