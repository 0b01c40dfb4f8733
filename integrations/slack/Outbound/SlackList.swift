import Channels
import CoreTypes

/// Collects the items of a list, with those of the lists inside it, into blocks of rich text.
///
/// Slack's lists are flat: each level is a list of its own with an indent, and a numbered list that goes on says with
/// which number.
struct SlackList {
    /// Where an item stands.
    struct Place: Equatable {
        /// Nil for a bullet.
        var number: Int?
        var indent: Int
        var isQuoted: Bool
    }

    /// Deeper lists are shown at this depth.
    private static let maximumIndent = 8
    /// What a list costs beside its items, and an item beside its runs, as JSON.
    private static let listOverhead = 110
    private static let itemOverhead = 50

    private var lists: [(place: Place, items: [JSONValue])] = []
    private var used = 0

    /// Adds an item.
    /// - Returns: blocks that are full.
    mutating func add(_ line: [InlineRun], at place: Place) -> [SlackBody.Block] {
        let fixed = Self.listOverhead + Self.itemOverhead
        let room = SlackLimits.richText - SlackRichText.blockOverhead - fixed
        let pieces = RunSplitter.split(line, limit: room, measure: SlackRichText.cost)
        let first = pieces.first ?? []
        var output: [SlackBody.Block] = []
        let cost = fixed + SlackRichText.cost(first)
        if used + cost > SlackLimits.richText - SlackRichText.blockOverhead { output += finish() }
        var place = place
        place.indent = min(place.indent, Self.maximumIndent)
        if let last = lists.last, continues(last, place) {
            lists[lists.count - 1].items.append(SlackRichText.section(first))
        } else {
            lists.append((place, [SlackRichText.section(first)]))
        }
        used += cost
        // What is left of an item that is too long for one block follows below it, without a bullet of its own.
        for piece in pieces.dropFirst() {
            output += finish()
            output += SlackBody.sections(piece, isQuoted: place.isQuoted)
        }
        return output
    }

    /// Gives the last block and starts anew.
    mutating func finish() -> [SlackBody.Block] {
        guard !lists.isEmpty else { return [] }
        let elements = lists.map { list in
            JSONValue.record([
                "type": "rich_text_list",
                "style": list.place.number == nil ? "bullet" : "ordered",
                "indent": .integer(Int64(list.place.indent)),
                "offset": list.place.number.flatMap { $0 > 1 ? .integer(Int64($0) - 1) : nil },
                "border": .integer(list.place.isQuoted ? 1 : 0),
                "elements": .array(list.items),
            ])
        }
        lists = []
        used = 0
        return [SlackBody.Block(json: SlackRichText.block(elements))]
    }

    private func continues(_ list: (place: Place, items: [JSONValue]), _ place: Place) -> Bool {
        guard list.place.indent == place.indent, list.place.isQuoted == place.isQuoted else { return false }
        switch (list.place.number, place.number) {
        case (nil, nil): return true
        case (let first?, let number?): return number == first + list.items.count
        default: return false
        }
    }
}
