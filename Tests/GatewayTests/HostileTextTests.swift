import Channels
import Testing
import WebIntegration

@Suite("Hostile text on pages")
struct HostileTextTests {
    /// To Swift each `<` here is a part of a longer character; to a browser it begins a tag.
    private static let texts = [
        "\u{600}<img>\u{600}\"x", "<\u{301}script>", "\u{600}</pre\u{301}>\u{600}<form method=post>\u{600}<button>",
        "\u{600}</textarea>\u{600}<img>", "'\u{301}&\u{301}lt;",
    ]

    /// How often the signs of HTML stand in a page.
    private static func signs(_ html: String) -> [UInt8: Int] {
        html.utf8.reduce(into: [:]) { counts, byte in
            if "<>\"'".utf8.contains(byte) { counts[byte, default: 0] += 1 }
        }
    }

    private static func page(with text: String, isTextEditable: Bool, isOpen: Bool) throws -> String {
        var form = ApprovalPages.Form(
            title: text,
            question: text,
            context: text,
            text: text,
            isTextEditable: isTextEditable,
            document: text,
            hash: text,
            summary: text,
            person: text,
            number: 1,
            until: text,
            options: [(id: text, label: text, requiresComment: true)],
            isOpen: isOpen,
            isStale: false
        )
        form.problem = text
        form.comment = text
        return try ApprovalPages().form(form)
    }

    @Test("Nothing that is decided becomes a part of the page on which it is decided", arguments: texts)
    func form(text: String) throws {
        for isTextEditable in [true, false] {
            for isOpen in [true, false] {
                let page = try Self.page(with: text, isTextEditable: isTextEditable, isOpen: isOpen)
                let harmless = try Self.page(with: "x", isTextEditable: isTextEditable, isOpen: isOpen)
                #expect(Self.signs(page) == Self.signs(harmless), "\(page)")
            }
        }
    }

    @Test("Nor does it on the page that says what became of the answer", arguments: texts)
    func message(text: String) throws {
        let pages = try ApprovalPages()
        #expect(Self.signs(pages.message(text, text)) == Self.signs(pages.message("x", "x")))
    }

    @Test("Nor does it where an account is connected", arguments: texts)
    func acknowledgement(text: String) {
        func html(_ text: String) -> String {
            String(decoding: Acknowledgement.page(200, text, text).body, as: UTF8.self)
        }
        #expect(Self.signs(html(text)) == Self.signs(html("x")))
    }

    @Test("Plain text is shown as it is")
    func plain() throws {
        let page = try ApprovalPages().message("1 < 2 & \"3\"", "it's ü")
        #expect(page.contains("1 &lt; 2 &amp; &quot;3&quot;"))
        #expect(page.contains("it&#39;s ü"))
    }
}
