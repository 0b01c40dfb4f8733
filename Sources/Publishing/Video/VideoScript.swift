package import CoreTypes

/// What the video of a verdict shows: a title card, the panel, the verdict in pages, and how the panel came out.
package struct VideoScript: Sendable, Hashable {
    package var title: String
    package var panel: [String]
    /// Plain text.
    package var text: String
    package var standing: String

    /// Writes a script.
    package init(title: String, panel: [String], text: String, standing: String) {
        self.title = title
        self.panel = panel
        self.text = text
        self.standing = standing
    }

    /// Writes the script of a debate's outcome.
    package init(_ outcome: DebateOutcome) {
        self.init(
            title: outcome.question,
            panel: outcome.panel,
            text: PlainText.of(markdown: outcome.answer),
            standing: outcome.standing
        )
    }

    /// The script as it is stored.
    package var json: JSONValue {
        [
            "title": .string(title), "panel": .strings(panel), "text": .string(text), "standing": .string(standing),
        ]
    }

    /// Reads what `json` wrote.
    /// - Throws: `PublicationError` for anything else.
    package init(json: JSONValue) throws(PublicationError) {
        guard let title = json["title"]?.string, let text = json["text"]?.string else {
            throw .invalid("The script of a video has `title` and `text`.")
        }
        self.init(
            title: title,
            panel: (json["panel"]?.array ?? []).compactMap(\.string),
            text: text,
            standing: json["standing"]?.string ?? ""
        )
    }

    /// One picture with its text.
    package struct Card: Sendable, Hashable {
        package var heading: String
        /// Already broken into lines.
        package var lines: [String]
        /// What is said while it is shown.
        package var spoken: String

        /// How long it takes to read: 2.5 words a second, and never under four seconds.
        package var readingTime: Duration {
            let words = spoken.split(whereSeparator: \.isWhitespace).count
            // Scripts without blanks between words are counted by their characters.
            return .milliseconds(max(4000, Int64(max(words * 400, spoken.count * 60))))
        }
    }

    /// The widest line and the most lines of a card, in characters of the font that the renderer uses.
    static let columns = 54
    static let rows = 13
    /// Verdicts are pages long, not books: no video is longer than this.
    static let maximumCards = 200

    /// The cards in their order.
    /// - Throws: `PublicationError` for a text that would make an endless video.
    package func cards() throws(PublicationError) -> [Card] {
        var cards = pages("The question", title)
        if !panel.isEmpty { cards += pages("The panel", panel.joined(separator: "\n")) }
        cards += pages("The verdict", text)
        if !standing.isEmpty { cards += pages("How the panel came out", standing) }
        guard cards.count <= Self.maximumCards else {
            throw .invalid("The verdict is too long for a video: it would have \(cards.count) pages.")
        }
        return cards
    }

    private func pages(_ heading: String, _ text: String) -> [Card] {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).flatMap { Self.wrapped(String($0)) }
        var cards: [Card] = []
        var rest = lines[...]
        while !rest.isEmpty {
            rest = rest.drop { $0.isEmpty }
            let page = Array(rest.prefix(Self.rows))
            rest = rest.dropFirst(Self.rows)
            let spoken = page.joined(separator: " ").split(whereSeparator: \.isWhitespace).joined(separator: " ")
            if !spoken.isEmpty { cards.append(Card(heading: heading, lines: page, spoken: spoken)) }
        }
        return cards
    }

    /// Breaks a line between words, and inside of a word that is longer than a line.
    static func wrapped(_ line: String) -> [String] {
        var lines: [String] = []
        var current = ""
        var width = 0
        for word in line.split(separator: " ") {
            for piece in pieces(of: word) {
                let length = piece.reduce(0) { $0 + columns(of: $1) }
                if width > 0, width + 1 + length > columns {
                    lines.append(current)
                    (current, width) = ("", 0)
                }
                current += (width > 0 ? " " : "") + piece
                width += length + (width > 0 ? 1 : 0)
            }
        }
        return lines + [current]
    }

    private static func pieces(of word: Substring) -> [String] {
        var pieces: [String] = []
        var piece = ""
        var width = 0
        for character in word {
            let length = columns(of: character)
            if width + length > columns {
                pieces.append(piece)
                (piece, width) = ("", 0)
            }
            piece.append(character)
            width += length
        }
        return pieces + [piece]
    }

    /// Characters of East Asian scripts and emoji are two columns wide.
    private static func columns(of character: Character) -> Int {
        (character.unicodeScalars.first?.value ?? 0) >= 0x1100 ? 2 : 1
    }
}
