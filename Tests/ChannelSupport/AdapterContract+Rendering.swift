import Channels
import CoreTypes

extension AdapterContract {
    /// What is wrong with the rendering of posts from small to hostile.
    func renderingViolations() -> [String] {
        var found: [String] = []
        for (name, post) in Self.posts {
            let parts = adapter.render(post)
            if parts.isEmpty { found.append("A post has no parts: \(name)") }
            if parts != adapter.render(post) { found.append("A post is rendered differently the second time: \(name)") }
            for part in parts where (try? JSONValue(parsing: part.payload.text)) == nil {
                found.append("A part is no JSON: \(name)")
            }
            if let lost = firstLostWord(of: post, in: parts) { found.append("The word \(lost) is lost: \(name)") }
            for button in post.buttons where !button.token.isEmpty {
                let holders = parts.indices.filter { parts[$0].payload.text.contains("\"\(button.token)\"") }
                if holders != (isSendOnly ? [] : [parts.count - 1]) {
                    found.append("The button \(button.token) is not on the last part alone: \(name)")
                }
            }
        }
        return found
    }

    /// The first of the post's marked words that does not stand in the parts behind the one before it.
    private func firstLostWord(of post: Post, in parts: [RenderedPart]) -> String? {
        var rest = parts.map(\.payload.text).joined(separator: "\n")[...]
        for word in post.body.split(whereSeparator: { !$0.isLetter && !$0.isNumber }) where word.hasPrefix("w0") {
            guard let range = rest.firstRange(of: word) else { return String(word) }
            rest = rest[range.upperBound...]
        }
        return nil
    }

    private static let posts: [(name: String, post: Post)] = {
        func words(_ range: Range<Int>, by separator: String) -> String {
            range.map { "w0\($0)x" }.joined(separator: separator)
        }
        let buttons = [
            Post.Button(label: "Approve", token: "tokenapprove", style: .primary),
            Post.Button(label: "Reject", token: "tokenreject", style: .danger),
            Post.Button(label: "Look", url: "https://example.com/debates/1"),
        ]
        func post(_ body: String, buttons: [Post.Button] = []) -> Post {
            Post(title: "Title", body: body, fields: [], buttons: buttons, fallbackText: "Fallback")
        }
        let rows = (0..<300).map { "| w0\($0)a | w0\($0)b |" }.joined(separator: "\n")
        let code = (0..<2000).map { "let w0\($0)x = \"<\($0)>\"" }.joined(separator: "\n")
        return [
            ("a line", post("w0a **w0b** _w0c_ ~~w0d~~ `w0e` [w0f](https://example.com/?a=1&b=2)")),
            ("nothing", Post(body: "", fallbackText: "Fallback")),
            ("buttons", post("w0a", buttons: buttons)),
            ("a long text with buttons", post(words(0..<20_000, by: " "), buttons: buttons)),
            ("many paragraphs", post(words(0..<1000, by: "\n\n"))),
            ("a long bold text", post("**\(words(0..<3000, by: " "))**")),
            ("a long code block", post("```swift\n\(code)\n```")),
            ("a long table", post("| A | B |\n|---|---|\n\(rows)")),
            ("a long list", post((0..<1000).map { "- w0\($0)x" }.joined(separator: "\n"))),
            ("a long quote", post((0..<1000).map { "> w0\($0)x" }.joined(separator: "\n"))),
            ("one long word", post("w0" + String(repeating: "x", count: 50_000))),
            ("what a platform might take for markup", post("w0a <!channel> <@U1> & <script>alert(1)</script> w0b")),
            ("controls", post("w0a \u{0} \u{7} \u{202E} \u{FEFF} w0b")),
            ("family emoji", post(String(repeating: "👨‍👩‍👧‍👦", count: 4000))),
            ("deep nesting", post(String(repeating: "> ", count: 500) + "w0a")),
        ]
    }()
}
