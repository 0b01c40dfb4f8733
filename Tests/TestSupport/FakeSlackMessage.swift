package import CoreTypes

/// A message as the fake workspace keeps it.
package struct FakeSlackMessage: Sendable {
    package var channel: String
    package var ts: String
    package var thread: String?
    /// Who wrote it.
    package var user: String
    /// The app that wrote it; nil for people.
    package var app: String?
    /// The fallback text.
    package var text: String
    package var blocks: [JSONValue] = []
    /// What it passes on.
    package var attachments: [JSONValue] = []
    package var metadata: JSONValue?
    /// The only one who sees it; nil for everybody.
    package var visibleTo: String?
    /// Whether Slack took it and shows it to nobody: for one person alone, in a thread that has no reply.
    package var isUnseen = false
    /// How often it was changed.
    package var edits = 0

    /// All that a reader sees: the texts of its blocks in their order, or the fallback text where there are none.
    package var plainText: String {
        guard !blocks.isEmpty else { return text }
        var output = ""
        for block in blocks {
            if !output.isEmpty { output += "\n" }
            Self.appendText(of: block, to: &output)
        }
        return output
    }

    /// The ids of its buttons, by their labels.
    package var buttons: [String: String] {
        var found: [String: String] = [:]
        for block in blocks where block["type"]?.string == "actions" {
            for element in block["elements"]?.array ?? [] {
                if let label = element["text"]?["text"]?.string, let value = element["value"]?.string {
                    found[label] = value
                }
            }
        }
        return found
    }

    /// The message as the methods that read give it.
    func json(includesMetadata: Bool) -> JSONValue {
        .record([
            "type": "message",
            "ts": .string(ts),
            "thread_ts": thread.map { .string($0) },
            "user": .string(user),
            "app_id": app.map { .string($0) },
            "bot_id": app.map { .string("B\($0.dropFirst())") },
            "text": .string(text),
            "blocks": blocks.isEmpty ? nil : .array(blocks),
            "attachments": attachments.isEmpty ? nil : .array(attachments),
            "metadata": includesMetadata ? metadata : nil,
        ])
    }

    private static func appendText(of value: JSONValue, to output: inout String) {
        if let text = value["text"] {
            if let plain = text.string { output += plain } else { appendText(of: text, to: &output) }
        }
        let isLines = ["rich_text_list", "rich_text", "actions", "context"].contains(value["type"]?.string)
        for (position, element) in (value["elements"]?.array ?? []).enumerated() {
            if position > 0, isLines { output += "\n" }
            appendText(of: element, to: &output)
        }
        for field in value["fields"]?.array ?? [] {
            output += "\n"
            appendText(of: field, to: &output)
        }
        for row in value["rows"]?.array ?? [] {
            output += "\n"
            for cell in row.array ?? [] {
                appendText(of: cell, to: &output)
                output += "\t"
            }
        }
    }
}
