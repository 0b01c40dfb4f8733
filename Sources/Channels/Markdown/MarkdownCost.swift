/// What parsing a text may cost at worst, from one pass over its bytes.
///
/// cmark-gfm 0.29 is linear but for two extensions. Tables: missing cells are filled in, so rows × columns nodes come
/// out of rows + columns bytes, and the delimiter row is matched in quadratic time. Autolinks: every `@` is looked at
/// from its surroundings, in quadratic time. Measured with 50 kB of each: 1.1 s and 0.13 s; ordinary text of that size
/// takes under 10 ms.
struct MarkdownCost {
    let bytes: Int
    private var mostPipesInALine = 0
    private var lines = 1
    private var atSigns = 0

    /// Longer texts are not parsed at all: they are seen as they were written.
    static let maximumParsedBytes = 4 << 20
    private static let maximumTableCells = 500_000
    private static let maximumTableColumns = 256
    private static let maximumAtSigns = 2_000

    init(of text: String) {
        var text = text
        bytes = text.utf8.count
        var pipes = 0
        text.withUTF8 { buffer in
            for byte in buffer {
                switch byte {
                case UInt8(ascii: "|"): pipes += 1
                case UInt8(ascii: "@"): atSigns += 1
                case UInt8(ascii: "\n"), UInt8(ascii: "\r"):
                    lines += 1
                    mostPipesInALine = max(mostPipesInALine, pipes)
                    pipes = 0
                default: break
                }
            }
        }
        mostPipesInALine = max(mostPipesInALine, pipes)
    }

    var allowsTables: Bool {
        mostPipesInALine <= Self.maximumTableColumns && (mostPipesInALine + 1) * lines <= Self.maximumTableCells
    }

    var allowsAutolinks: Bool { atSigns <= Self.maximumAtSigns }
}
