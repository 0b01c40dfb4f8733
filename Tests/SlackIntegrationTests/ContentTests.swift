import Channels
import CoreTypes
import SlackIntegration
import TestSupport
import Testing

@Suite("What Slack's messages bring beside their words")
struct ContentTests {
    /// A message that somebody forwarded.
    private static let forwarded: JSONValue = [
        "is_share": true, "is_msg_unfurl": true, "from_url": "https://test.slack.com/archives/C1/p11",
        "author_name": "Bob", "text": "stop &amp; *think*\n\nBob", "fallback": "[today] Bob: stop & think",
    ]
    /// What another app says without words of its own.
    private static let alert: JSONValue = ["color": "danger", "fallback": "The build failed"]
    /// What Slack adds to a message by itself.
    private static let previews: [JSONValue] = [
        [
            "service_name": "Example", "from_url": "https://a.example", "original_url": "https://a.example",
            "title": "Example", "text": "A page about examples", "fallback": "Example: a page",
        ],
        ["is_app_unfurl": true, "from_url": "https://b.example", "text": "A card of another app"],
        ["fallback": "[no preview available]", "blocks": []],
        [
            "fallback": "[a/b] Pull request opened", "title": "#1", "footer": "a/b", "bot_id": "B1",
            "app_unfurl_url": "https://c.example/1", "is_app_unfurl": true,
        ],
    ]
    private static let file: JSONValue = ["id": "F1", "name": "plan.pdf", "mimetype": "application/pdf"]
    private static let quotation = "> stop & **think**\n>\n> Bob"

    private let bench: SlackBench
    private var payloads: SlackPayloads { bench.payloads }

    init() throws {
        bench = try SlackBench()
    }

    private func only(_ payload: SlackPayload) throws -> InboundEvent {
        try #require(try bench.events(payload).first)
    }

    private func text(_ payload: SlackPayload) throws -> String {
        let event = try only(payload)
        return switch event.kind {
        case .message(let text, _, _, _), .formRequested(let text): event.withQuotation(text)
        default: "another kind"
        }
    }

    private func passingOn(_ attachments: JSONValue...) -> [String: JSONValue] {
        ["attachments": .array(attachments)]
    }

    @Test("What is passed on stands behind the words, as a quotation that is no command")
    func forwarding() throws {
        let more = passingOn(Self.forwarded, Self.alert)
        let quotations = "\(Self.quotation)\n\n> The build failed"
        #expect(
            try text(payloads.mention("Is *this* right?", ts: "1.1", with: more))
                == "Is **this** right?\n\n\(quotations)"
        )
        #expect(try text(payloads.directMessage("", ts: "1.2", with: more)) == quotations)
        let shortcut = payloads.messageShortcut(on: "Look", ts: "1.1", attachments: [Self.forwarded])
        #expect(try text(shortcut) == "Look\n\n\(Self.quotation)")
    }

    @Test("Previews of links are not what somebody said")
    func previews() throws {
        let more: [String: JSONValue] = ["attachments": .array(Self.previews)]
        #expect(try text(payloads.mention("See a.example?", ts: "1.1", with: more)) == "See a.example?")
        #expect(try text(payloads.directMessage("", ts: "1.2", with: more)).isEmpty)
    }

    @Test("Whoever is mentioned in what is passed on is mentioned by nobody")
    func mentions() throws {
        let more = passingOn(["is_share": true, "text": "<@U0BOT00001> ask <@U3|ben>"])
        let event = try only(payloads.directMessage("Ask <@U2|ben>", ts: "1.1", with: more))
        #expect(event.mentions == ["ben": "U2"])
        guard case .message(let text, _, let mentionsUs, _) = event.kind else {
            Issue.record("It is no message")
            return
        }
        #expect(text == "Ask @ben" && event.quotation == "> ask @ben" && !mentionsUs)
    }

    @Test("Files are known of, with words and without, also in what is passed on")
    func files() throws {
        let more: [String: JSONValue] = ["subtype": "file_share", "files": [Self.file]]
        #expect(try only(payloads.mention("Should we?", ts: "1.1", with: more)).hasFiles)
        #expect(try only(payloads.directMessage("", ts: "1.2", with: more)).hasFiles)
        let shared: JSONValue = ["is_share": true, "text": "Here it is", "files": [Self.file]]
        #expect(try only(payloads.directMessage("And?", ts: "1.3", with: passingOn(shared))).hasFiles)
        #expect(try !only(payloads.directMessage("And?", ts: "1.4", with: ["files": []])).hasFiles)
        #expect(try !only(payloads.directMessage("And?", ts: "1.5", with: passingOn(Self.forwarded))).hasFiles)
    }

    @Test("A thread's history has what was passed on in it")
    func history() async throws {
        try await withSlack { slack, bench in
            var address = bench.address
            let (channel, forwarded, alert) = (address.channel, Self.forwarded, Self.alert)
            let thread = await slack.say("Look:", channel: channel, user: "U0ALICE001", attachments: [forwarded])
            address.thread = thread
            await slack.say("", channel: channel, user: "U0BOB00001", thread: thread, attachments: [alert])
            let previews = Self.previews
            await slack.say("", channel: channel, user: "U0BOB00001", thread: thread, attachments: previews)
            let history = try await bench.adapter.history(of: address, before: nil, limit: 10)
            #expect(
                history == [
                    HistoryMessage(author: "Alice", text: "Look:\n\n\(Self.quotation)"),
                    HistoryMessage(author: "Bob", text: "> The build failed"),
                ]
            )
        }
    }
}
