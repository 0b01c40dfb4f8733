import CoreTypes
import Testing

/// The pages' own Markdown, in a real browser.
@Suite("Markdown on the built-in pages", .timeLimit(.minutes(5)))
struct MarkdownPageTests {
    private static func many(_ text: String, _ count: Int) -> String { String(repeating: text, count: count) }

    /// Each of them once took minutes, made millions of nodes, or could not be shown at all.
    private static let hostile: [(name: String, text: String)] = [
        ("a heading that is none", "x\n\n#\(many(" ", 6000))\u{2028}\n\nend"),
        ("spaces in a heading", "# a\(many(" ", 200_000))b"),
        ("spaces before many lines", "a\(many(" ", 40_000))b\n\(many("c\n", 100))"),
        ("a table of too many columns", "\(many("a|", 1500))\n\(many("-|", 1500))\n\(many("|\n", 1500))"),
        ("a table of empty cells", "\(many("a|", 200))\n\(many("-|", 200))\n\(many("|\n", 5000))"),
        ("a table of many rows", "a|b\n-|-\n\(many("|\n", 130_000))"),
        ("an item of many nodes", "- \(many("`a`", 130_000))"),
    ]

    /// Opens a page and waits for its scripts.
    private func withPage(_ body: (Browser) async throws -> Void) async throws {
        try await GatewayHarness().run { client async throws in
            let browser = try await client.openInBrowser("/")
            try await browser.wait(until: "typeof markdown === 'function' && typeof prose === 'function'")
            try await body(browser)
        }
    }

    /// What costs more time than its length allows runs into the suite's time limit.
    @Test("A text of any form costs time and nodes by its length alone")
    func costs() async throws {
        try await withPage { browser async throws in
            for (name, text) in Self.hostile {
                let answer = try await browser.evaluate(
                    "markdown(\(JSONValue.string(text).text)).querySelectorAll('*').length"
                )
                let elements = try #require(answer.integer)
                #expect(elements >= 1 && elements <= 2 * text.utf16.count, "\(name)")
            }
        }
    }

    private static let link = #"rel="noopener noreferrer nofollow" target="_blank""#

    private static let forms: [(text: String, html: String)] = [
        ("# a ##", "<h3>a</h3>"),
        ("#   a  # ", "<h3>a</h3>"),
        ("## a#", "<h4>a#</h4>"),
        ("#", "<h3></h3>"),
        ("# ##", "<h3></h3>"),
        ("#a", "<p>#a</p>"),
        ("a  \nb \nc\\\nd", "<p>a<br>b\nc<br>d</p>"),
        ("- a\n- b", "<ul><li>a</li><li>b</li></ul>"),
        (
            "see http://a.example/x). now",
            "<p>see <a href=\"http://a.example/x\" \(link)>http://a.example/x</a>). now</p>"
        ),
        (
            "[a](http://b.example/c(d)e)",
            "<p><a href=\"http://b.example/c(d)e\" \(link)><span>a</span></a></p>"
        ),
        (
            "[a](http://b.example/\(many("c", 2100)))",
            "<p><a href=\"http://b.example/\(many("c", 2100))\" \(link)><span>a</span></a></p>"
        ),
        (
            "a|b|c\n-|-|-\nd|\ne|f|g|h",
            "<div class=\"table\" tabindex=\"0\"><table><thead><tr><th>a</th><th>b</th><th>c</th></tr></thead><tbody>"
                + "<tr><td>d</td><td colspan=\"2\"></td></tr>"
                + "<tr><td>e</td><td>f</td><td>g</td></tr></tbody></table></div>"
        ),
    ]

    @Test("Headings, breaks, links, lists and tables are shown as they were meant")
    func shapes() async throws {
        try await withPage { browser async throws in
            for (text, html) in Self.forms {
                let shown = try await browser.evaluate(
                    """
                    (() => {
                      const place = document.createElement("div");
                      place.append(markdown(\(JSONValue.string(text).text)));
                      return place.innerHTML;
                    })()
                    """
                )
                #expect(shown.string == html)
            }
        }
    }
}
