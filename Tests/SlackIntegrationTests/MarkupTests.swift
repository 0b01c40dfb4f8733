import Channels
import Testing

@testable import SlackIntegration

@Suite("Slack's markup")
struct MarkupTests {
    @Test("A text mentions nobody, whatever mark stands around its signs")
    func mentions() {
        for text in ["\u{600}<!channel>", "<\u{301}!channel\u{301}>", "\u{600}<@U12345678>", "&\u{301}lt;!here"] {
            let escaped = SlackMarkup.escaped(text)
            #expect(
                !escaped.utf8.contains(UInt8(ascii: "<")) && !escaped.utf8.contains(UInt8(ascii: ">")),
                "\(escaped)"
            )
            #expect(SlackMarkup.text(InlineRun(text)) == escaped)
        }
        #expect(SlackMarkup.escaped("&\u{301}lt; \"'") == "&amp;\u{301}lt; \"'")
    }
}
