import Channels
import CoreTypes

/// Gives a post Slack's form: Block Kit, split into messages within its limits, with nothing cut off.
enum SlackRenderer {
    /// Renders a post.
    static func render(_ post: Post) -> [RenderedPart] {
        var packer = PartPacker<JSONValue>(limits: SlackBody.messageLimits)
        for block in blocks(of: post) {
            packer.add(block.json, costs: block.costs, keepsWithNext: block.keepsWithNext)
        }
        var messages = packer.finish()
        if messages.isEmpty { messages = [SlackBody.sections([InlineRun(fallback(of: post))]).map(\.json)] }
        return messages.enumerated().map { position, blocks in
            var text = fallback(of: post)
            if messages.count > 1 { text += " (\(position + 1)/\(messages.count))" }
            let payload: JSONValue = ["text": .string(notification(text)), "blocks": .array(blocks)]
            return RenderedPart(payload: JSONText(payload))
        }
    }

    private static func blocks(of post: Post) -> [SlackBody.Block] {
        var blocks: [SlackBody.Block] = []
        if let title = post.title { blocks += SlackBody.heading([InlineRun(title)]) }
        blocks += SlackBody(MarkdownDocument(parsing: post.body)).blocks
        blocks += fields(post.fields)
        var end = (post.mention.flatMap(mention).map { [$0] } ?? []) + (post.footer.map(footer) ?? [])
        let buttons = post.buttons.filter { $0.url.map(isButtonURL) ?? true }
        for button in post.buttons {
            guard let url = button.url, !isButtonURL(url) else { continue }
            end += SlackBody.sections([InlineRun("\(button.label): \(url)")])
        }
        end += actions(buttons)
        // The small print and the buttons stay together on the last message, and with what they belong to.
        for position in end.indices.dropLast() { end[position].keepsWithNext = true }
        return blocks + end
    }

    // MARK: Facts and small print

    private static func fields(_ fields: [Post.Field]) -> [SlackBody.Block] {
        var blocks: [SlackBody.Block] = []
        var packer = PartPacker<JSONValue>(limits: [SlackLimits.sectionFields, SlackLimits.sectionText])
        func flush() {
            for fields in packer.finish() {
                blocks.append(SlackBody.Block(json: ["type": "section", "fields": .array(fields)]))
            }
            packer = PartPacker(limits: [SlackLimits.sectionFields, SlackLimits.sectionText])
        }
        for field in fields {
            let text = SlackMarkup.text([InlineRun(field.name, style: .strong), InlineRun("\n\(field.value)")])
            let isPlain = !SlackMarkup.hasMarks(field.name) && !SlackMarkup.hasMarks(field.value)
            guard isPlain, slackLength(text) <= SlackLimits.sectionField else {
                flush()
                blocks += SlackBody.sections([
                    InlineRun("\(field.name): ", style: .strong), InlineRun(field.value),
                ])
                continue
            }
            let json = markup(text)
            packer.add(json, costs: [1, slackLength(json.text)])
        }
        flush()
        return blocks
    }

    private static func footer(_ markdown: String) -> [SlackBody.Block] {
        let paragraphs = MarkdownDocument(parsing: markdown).blocks.map { block -> [InlineRun]? in
            if case .paragraph(let inlines) = block { inlines.runs() } else { nil }
        }
        let runs = paragraphs.compactMap { $0 }.joined(separator: [InlineRun("\n")])
        let text = SlackMarkup.text(Array(runs))
        guard !text.isEmpty, !paragraphs.contains(nil), slackLength(text) <= SlackLimits.contextText else {
            return SlackBody(MarkdownDocument(parsing: markdown)).blocks
        }
        return [SlackBody.Block(json: ["type": "context", "elements": [markup(text)]])]
    }

    /// Who follows no thread is told of nothing in it but what mentions them
    /// (https://docs.slack.dev/messaging/formatting-message-text/#mentioning-users).
    private static func mention(_ person: String) -> SlackBody.Block? {
        guard person.wholeMatch(of: /[UW][A-Z0-9]+/) != nil else { return nil }
        return SlackBody.Block(json: ["type": "context", "elements": [markup("<@\(person)>")]])
    }

    /// Whether a block mentions whom its post is for: all else is escaped, so that it mentions nobody.
    static func isMention(_ block: JSONValue) -> Bool {
        guard block["type"]?.string == "context", let text = block["elements"]?.array?.first?["text"]?.string else {
            return false
        }
        return text.wholeMatch(of: /<@[UW][A-Z0-9]+>/) != nil
    }

    private static func markup(_ text: String) -> JSONValue {
        ["type": "mrkdwn", "text": .string(text), "verbatim": true]
    }

    // MARK: Buttons

    private static func actions(_ buttons: [Post.Button]) -> [SlackBody.Block] {
        stride(from: 0, to: buttons.count, by: SlackLimits.actionsElements).map { start in
            let end = min(start + SlackLimits.actionsElements, buttons.count)
            let elements = (start..<end).map { element(buttons[$0], position: $0) }
            return SlackBody.Block(json: ["type": "actions", "elements": .array(elements)])
        }
    }

    private static func element(_ button: Post.Button, position: Int) -> JSONValue {
        let label = button.label.isEmpty ? "…" : abbreviated(button.label, to: SlackLimits.buttonText)
        let text: JSONValue = ["type": "plain_text", "text": .string(label), "emoji": true]
        if let url = button.url {
            return [
                "type": "button", "text": text, "url": .string(url), "action_id": .string("link:\(position)"),
            ]
        }
        let style: JSONValue? =
            switch button.style {
            case .plain: nil
            case .primary: "primary"
            case .danger: "danger"
            }
        return .record([
            "type": "button",
            "text": text,
            "action_id": .string(SlackLimits.actionPrefix + button.token),
            "value": .string(button.token),
            "style": style,
        ])
    }

    private static func isButtonURL(_ url: String) -> Bool {
        slackLength(url) <= SlackLimits.buttonURL && WebAddress(url) != nil
    }

    // MARK: Notifications

    private static func fallback(of post: Post) -> String {
        for text in [post.fallbackText, post.title ?? "", post.body] {
            let text = trimmed(text)
            if !text.isEmpty { return text }
        }
        return "…"
    }

    /// What notifications and screen readers get: the blocks hold the text in full, so this one may be abbreviated.
    private static func notification(_ text: String) -> String {
        var kept = abbreviated(text, to: SlackLimits.fallbackText - 16)
        var escaped = SlackMarkup.escaped(kept)
        while slackLength(escaped) >= SlackLimits.fallbackText {
            kept = abbreviated(kept, to: slackLength(kept) / 2)
            escaped = SlackMarkup.escaped(kept)
        }
        return escaped
    }
}
