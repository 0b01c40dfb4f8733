/// Cuts styled text into pieces that fit.
///
/// Markup is never broken: a run that is cut is closed and opened again, because each half is a run of its own with the
/// same style and link.
package enum RunSplitter {
    /// Cuts runs into pieces within a limit; the pieces joined are the same text in the same styles.
    ///
    /// A link moves to the next piece whole unless it is over the limit by itself.
    /// - Parameters:
    ///   - limit: the most that a piece may measure.
    ///   - measure: what a run costs once it is rendered, with its markup. Apart from the markup it must add up.
    package static func split(
        _ runs: [InlineRun],
        limit: Int,
        measure: (InlineRun) -> Int
    ) -> [[InlineRun]] {
        var pieces: [[InlineRun]] = []
        var piece: [InlineRun] = []
        var used = 0
        func finishPiece() {
            if !piece.isEmpty { pieces.append(piece) }
            piece = []
            used = 0
        }
        for run in runs {
            var rest = run
            while !rest.text.isEmpty {
                let cost = measure(rest)
                if used + cost <= limit {
                    piece.append(rest)
                    used += cost
                    break
                }
                if let cut = cut(rest, room: limit - used, isAlone: piece.isEmpty, measure: measure) {
                    piece.append(cut.fitting)
                    rest = cut.rest
                }
                finishPiece()
            }
        }
        finishPiece()
        return pieces
    }

    /// Cuts a run that does not fit; nil where the next piece offers a better place.
    private static func cut(
        _ run: InlineRun,
        room: Int,
        isAlone: Bool,
        measure: (InlineRun) -> Int
    ) -> (fitting: InlineRun, rest: InlineRun)? {
        if run.link != nil, !isAlone { return nil }
        var empty = run
        empty.text = ""
        let markup = measure(empty)
        let textCost: (Substring) -> Int = { text in
            var part = run
            part.text = String(text)
            return measure(part) - markup
        }
        // A limit that is smaller than the markup cannot be met; one scalar at a time still ends.
        let room = max(isAlone ? 1 : 0, room - markup)
        let text = run.text[...]
        let fitting =
            isAlone
            ? TextSplitter.firstPiece(of: text, limit: room, measure: textCost)
            : TextSplitter.firstWords(of: text, limit: room, measure: textCost)
        guard let fitting, !fitting.isEmpty else { return nil }
        var first = run
        first.text = String(fitting)
        var rest = run
        rest.text = String(text[fitting.endIndex...])
        return (first, rest)
    }
}
