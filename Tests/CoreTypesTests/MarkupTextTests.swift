import CoreTypes
import Testing

@Suite("Text in markup")
struct MarkupTextTests {
    @Test("A sign is escaped whatever mark stands in front of it or behind it")
    func marks() {
        #expect("\u{600}<img>\u{600}\"x".escapedForHTML == "\u{600}&lt;img&gt;\u{600}&quot;x")
        #expect("<\u{301}a &\u{20D0}amp; '\u{200D}".escapedForHTML == "&lt;\u{301}a &amp;\u{20D0}amp; &#39;\u{200D}")
        #expect("a\r\n\u{0}ü".escapedForHTML == "a\r\n\u{0}ü")
    }

    @Test("Quotation marks stay where nothing is quoted")
    func quotes() {
        #expect("\"<\u{301}'&".escapedForMarkup(andQuotes: false) == "\"&lt;\u{301}'&amp;")
    }
}
