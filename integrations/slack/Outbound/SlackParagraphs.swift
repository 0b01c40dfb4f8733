import Channels

/// Packs paragraphs into pieces, each of which fits into a block of rich text.
enum SlackParagraphs {
    private static let room = SlackLimits.richText - SlackRichText.blockOverhead

    /// As many whole paragraphs share a piece as fit; only one that is over the limit by itself is cut.
    ///
    /// No piece begins or ends with white space, which a block does not need.
    static func pieces(_ paragraphs: [[InlineRun]]) -> [[InlineRun]] {
        var pieces: [[InlineRun]] = []
        for paragraph in paragraphs {
            let cut = RunSplitter.split(withoutOuterSpace(paragraph), limit: room, measure: SlackRichText.cost)
                .map(withoutOuterSpace)
                .filter { !$0.isEmpty }
            if cut.count == 1, let last = pieces.last {
                let both = joined(last, cut[0])
                if SlackRichText.cost(both) <= room {
                    pieces[pieces.count - 1] = both
                    continue
                }
            }
            pieces += cut
        }
        return pieces
    }

    /// Two paragraphs with a blank line between them, which is no run of its own where there is plain text beside it.
    private static func joined(_ first: [InlineRun], _ second: [InlineRun]) -> [InlineRun] {
        var runs = first
        for run in [InlineRun("\n\n")] + second {
            if let last = runs.last, last.style == run.style, last.link == run.link {
                runs[runs.count - 1].text += run.text
            } else {
                runs.append(run)
            }
        }
        return runs
    }

    private static func withoutOuterSpace(_ runs: [InlineRun]) -> [InlineRun] {
        var runs = runs
        while let first = runs.first {
            if let start = first.text.firstIndex(where: { !$0.isWhitespace }) {
                runs[0].text = String(first.text[start...])
                break
            }
            runs.removeFirst()
        }
        while let last = runs.last {
            if let end = last.text.lastIndex(where: { !$0.isWhitespace }) {
                runs[runs.count - 1].text = String(last.text[...end])
                break
            }
            runs.removeLast()
        }
        return runs
    }
}
