/// The emoji of several code points, each of which counts as one.
///
/// Unicode's list; a sequence that is newer than the list counts by its members, never less than X counts it.
struct EmojiSequences: Sendable {
    /// The list that stands beside this file.
    static let standard = EmojiSequences(String(decoding: PackageResources.emoji_sequences_txt, as: UTF8.self))

    /// The sequences by their first code point, the longest first.
    private let sequences: [Unicode.Scalar: [[Unicode.Scalar]]]

    private init(_ list: String) {
        var sequences: [Unicode.Scalar: [[Unicode.Scalar]]] = [:]
        for line in list.unicodeScalars.split(separator: "\n") {
            guard let first = line.first else { continue }
            sequences[first, default: []].append(Array(line))
        }
        self.sequences = sequences.mapValues { $0.sorted { $0.count > $1.count } }
    }

    /// How many code points the emoji has that begins at a position; nil where no such emoji begins there.
    func length(in text: [Unicode.Scalar], at start: Int) -> Int? {
        // The two single emoji that would count as Latin letters.
        let single = text[start] == "\u{A9}" || text[start] == "\u{AE}" ? 1 : nil
        return sequences[text[start]]?.first { text[start...].starts(with: $0) }?.count ?? single
    }
}
