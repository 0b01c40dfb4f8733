import CoreTypes
import Testing

@Suite("The length of a text")
struct TextLengthTests {
    @Test("Every mark counts, and no byte of it twice")
    func marks() {
        #expect(!"€uro".isLonger(than: 4) && "€uros".isLonger(than: 4))
        let marked = "a" + String(repeating: "\u{301}", count: 100)
        #expect(marked.count == 1 && marked.isLonger(than: 100) && !marked.isLonger(than: 101))
        #expect(Substring(marked).isLonger(than: 100) && !"".isLonger(than: 0))
    }

    @Test("A text is shortened by what counts, with the mark within the limit")
    func shortening() {
        #expect("€uro".shortened(to: 4) == "€uro" && "€uros".shortened(to: 4) == "€ur…")
        let marked = "a" + String(repeating: "\u{301}", count: 100)
        #expect(Substring(marked).shortened(to: 40).unicodeScalars.count == 40)
        #expect(marked.shortened(to: 101) == marked && marked.shortened(to: 3, mark: "…!") == "a…!")
    }
}
