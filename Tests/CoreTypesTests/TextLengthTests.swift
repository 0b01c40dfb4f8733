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
}
