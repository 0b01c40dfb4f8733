/// What parsing a text may cost at worst, from one pass over its bytes.
///
/// The cmark-gfm of Debian and Ubuntu, 0.29.0.gfm.6, takes quadratic time in more places than later ones, and some of
/// them are in all of them. What is counted here, with what 256 KiB of it cost where ordinary text costs 13 ms:
///
/// - `<?`, `<!A` and `<![CDATA[` without an end: each is looked for to the end of its paragraph (7 s).
/// - Emphasis, brackets, images: a mark is compared with all those before it in its paragraph (`![[]()`: 5 s).
/// - Quotes and lists in each other: every line and every inline walks through all of them (minutes).
/// - Link definitions: every link has a copy of what its definition says (4 GB of memory).
/// - Tables: missing cells are filled in, so rows × columns nodes come out of rows + columns bytes, and the delimiter
///   row is matched in quadratic time (6 s).
/// - Autolinks: the surroundings of every `@` are looked at (minutes), and a word is read from its end for every `)`
///   in it and from its beginning for every `www.` and `:` (18 s).
///
/// Fences are not looked for: what stands in code counts as well, so a text may be refused that would have been cheap.
struct MarkdownCost {
    let bytes: Int
    private let counts: MarkdownCounts

    /// Longer texts are not parsed at all: an answer of the greatest length and what is said around it are shorter.
    static let maximumParsedBytes = 512 << 10
    private static let maximumMarks = 6_000
    private static let maximumDeclarationSteps = 100_000_000
    private static let maximumNestingSteps = 8_000_000
    private static let maximumDefinitionBytes = 30_000_000
    private static let maximumTableCells = 500_000
    private static let maximumTableColumns = 256
    private static let maximumAddressSteps = 50_000_000
    private static let maximumLinkSteps = 20_000_000

    init(of text: String) {
        var text = text
        bytes = text.utf8.count
        counts = text.withUTF8 { MarkdownCounts(of: $0) }
    }

    /// Whether the text can be parsed; otherwise it is seen as it was written.
    var allowsParsing: Bool {
        bytes <= Self.maximumParsedBytes && counts.mostMarks <= Self.maximumMarks
            && counts.declarationSteps <= Self.maximumDeclarationSteps
            && counts.deepest * bytes <= Self.maximumNestingSteps
            && counts.longestDefinition * counts.closingBrackets <= Self.maximumDefinitionBytes
    }

    var allowsTables: Bool {
        counts.mostPipes <= Self.maximumTableColumns
            && (counts.mostPipes + 1) * counts.lines <= Self.maximumTableCells
    }

    var allowsAutolinks: Bool {
        counts.atSigns * bytes <= Self.maximumAddressSteps && counts.linkSteps <= Self.maximumLinkSteps
    }
}
