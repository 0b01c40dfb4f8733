import Channels
import CoreTypes
import SlackIntegration
import TestSupport
import Testing

@Suite("What Slack's events mean")
struct InterpretationTests {
    private let bench: SlackBench
    private var payloads: SlackPayloads { bench.payloads }

    init() throws {
        bench = try SlackBench()
    }

    private func only(_ payload: SlackPayload) throws -> InboundEvent {
        let events = try bench.events(payload)
        #expect(events.count == 1)
        return try #require(events.first)
    }

    @Test("A mention is a message to us, without our name, answered in the thread that it opens")
    func mention() throws {
        let event = try only(payloads.mention(": Should *we* move?", ts: "1.1"))
        guard case .message(let text, let id, let mentionsUs, let isDirect) = event.kind else {
            Issue.record("It is no message")
            return
        }
        #expect(text == "Should **we** move?")
        #expect(id == "1.1")
        #expect(mentionsUs)
        #expect(!isDirect)
        #expect(event.actor == InboundEvent.Actor(id: "U0ALICE001"))
        #expect(event.address.channel == "C0CHANNEL1")
        #expect(event.address.thread == "1.1" && event.address.threadIsNew)
        #expect(event.address.person == "U0ALICE001")
        #expect(event.originKey == "slack:C0CHANNEL1:1.1")
    }

    @Test(
        "Our name is left out however the envelope says who we are",
        arguments: [SlackPayloads.Authorization.full, .legacy, .none]
    )
    func envelopes(_ authorization: SlackPayloads.Authorization) throws {
        var payloads = payloads
        payloads.authorization = authorization
        let event = try only(payloads.mention("Should <@U0BOB00001> move?", ts: "1.1"))
        guard case .message(let text, _, let mentionsUs, _) = event.kind else {
            Issue.record("It is no message")
            return
        }
        #expect(mentionsUs)
        #expect(text == "Should @U0BOB00001 move?")
        #expect(event.mentions == ["U0BOB00001": "U0BOB00001"])
        // Whoever installed the app may be named there, and still speaks for themselves.
        payloads.botUser = payloads.user
        #expect(
            try bench.receive(payloads.directMessage("Should we?", ts: "1.2")).entries.count
                == (authorization == .full ? 0 : 1)
        )
    }

    @Test("In a conversation of several people we are spoken to by name")
    func groups() throws {
        #expect(try bench.events(payloads.groupMessage("Should we?", ts: "1.1")).isEmpty)
        let event = try only(payloads.groupMessage("<@U0BOT00001> Should we?", ts: "1.1"))
        guard case .message(let text, _, let mentionsUs, let isDirect) = event.kind else {
            Issue.record("It is no message")
            return
        }
        #expect(text == "Should we?" && mentionsUs && !isDirect)
        #expect(event.address.thread == "1.1")
    }

    @Test("A reply in a thread is no mention, unless its text has one")
    func replies() throws {
        func mentions(_ text: String) throws -> Bool {
            let event = try only(payloads.message(text, ts: "1.2", thread: "1.1"))
            #expect(event.address.thread == "1.1" && !event.address.threadIsNew)
            if case .message(_, _, let mentionsUs, _) = event.kind { return mentionsUs }
            return false
        }
        #expect(try !mentions("I agree"))
        #expect(try !mentions("I agree, <@U0BOT0000> and <@U0BOT000012>"))
        #expect(try mentions("I agree, <@U0BOT00001>"))
        #expect(try mentions("<@U0BOT00001|aragora> stop"))
    }

    @Test("A direct message is answered beside it, not below it")
    func direct() throws {
        let event = try only(payloads.directMessage("Should we?", ts: "1.1"))
        #expect(event.address.thread == nil)
        if case .message(_, _, let mentionsUs, let isDirect) = event.kind {
            #expect(isDirect)
            #expect(!mentionsUs)
        } else {
            Issue.record("It is no message")
        }
        #expect(try only(payloads.directMessage("And?", ts: "1.2", thread: "1.1")).address.thread == "1.1")
    }

    @Test("Another app is known as one")
    func bots() throws {
        let event = try only(payloads.botMessage("<@U0BOT00001> why?", ts: "1.1"))
        #expect(event.actor.isBot)
        #expect(event.actor.displayName == "Build Bot")
    }

    @Test("A command carries its text, its person and its way back")
    func command() throws {
        let event = try only(payloads.command("debate --rounds 3 Should we &amp; could we?", trigger: "7.7"))
        guard case .command(let text) = event.kind else {
            Issue.record("It is no command")
            return
        }
        #expect(text == "debate --rounds 3 Should we & could we?")
        #expect(event.actor == InboundEvent.Actor(id: "U0ALICE001", displayName: "alice"))
        #expect(event.address.trigger == "7.7")
        #expect(event.address.thread == nil)
        #expect(event.address.responseURL == "http://127.0.0.1:9/response/C0CHANNEL1-U0ALICE001-7.7")
        #expect(event.address.responseURLExpires == SlackBench.now + .seconds(1800))
        #expect(event.originKey == "slack:command:7.7")
    }

    @Test("Whom a text mentions is known by the id that Slack resolved, never by a name that somebody typed")
    func mentions() throws {
        let command = try only(payloads.command("delegate <@U2|ben> until 2026-12-31 or @BEN", trigger: "7.8"))
        guard case .command(let text) = command.kind else {
            Issue.record("It is no command")
            return
        }
        #expect(text == "delegate @ben until 2026-12-31 or @BEN")
        #expect(command.mentions == ["ben": "U2"])
        let two = try only(payloads.command("<@U2|ben> <@U3|ben> <@W4> <#C1|ben> &lt;@U5&gt; <", trigger: "7.9"))
        #expect(two.mentions == ["W4": "W4"])
        let message = try only(payloads.mention("delegate <@U2> until 2026-12-31", ts: "1.1"))
        #expect(message.mentions == ["U2": "U2"])
    }

    @Test(
        "A response URL is honoured on Slack's own host alone",
        arguments: [
            ("https://hooks.slack.com/commands/1", true), ("http://hooks.slack.com/commands/1", false),
            ("https://hooks.slack.com.evil.example/1", false), ("https://hooks.slack.com@evil.example/1", false),
            ("https://evil.example/hooks.slack.com", false), ("https://hooks.slack.com:8443/1", false),
            ("https://evil.example\\@hooks.slack.com/", false), ("https://slack.com/1", false), ("nonsense", false),
        ]
    )
    func responseURL(_ url: String, isHonoured: Bool) throws {
        let bench = try SlackBench(changes: ["SLACK_API_URL": "https://slack.com/api"])
        var payloads = bench.payloads
        payloads.responseBase = url
        payloads.channel = ""
        payloads.user = "U1"
        let form = SlackPayload.form(
            "commands",
            [
                "team_id": "T1", "channel_id": "C1", "user_id": "U1", "trigger_id": "1.1", "response_url": url,
                "text": "help",
            ]
        )
        #expect(try bench.events(form).first?.address.responseURL == (isHonoured ? url : nil))
    }

    @Test("A message says when it was written, and a button does not")
    func writing() throws {
        let written = try only(payloads.mention("Should we?", ts: "1750000000.123456")).writtenAt
        #expect(written == Timestamp(milliseconds: 1_750_000_000_123))
        #expect(try only(payloads.mention("Should we?", ts: "17.05")).writtenAt == Timestamp(milliseconds: 17_050))
        #expect(try only(payloads.press("tok123", messageTS: "1.2")).writtenAt == nil)
    }

    @Test("A button brings its token and the thread that it stands in")
    func button() throws {
        let event = try only(payloads.press("tok123", messageTS: "1.2", thread: "1.1", trigger: "8.8"))
        if case .button(let token) = event.kind { #expect(token == "tok123") } else { Issue.record("It is no button") }
        #expect(event.address.thread == "1.1")
        #expect(event.address.trigger == "8.8")
        #expect(event.actor.id == "U0ALICE001")
        #expect(try only(payloads.press("tok123", messageTS: "1.2")).address.thread == "1.2")
        #expect(try only(payloads.press("tok123", messageTS: "1.2", isEphemeral: true)).address.thread == nil)
    }

    @Test("Shortcuts ask for the form, with what they were used on")
    func shortcuts() throws {
        let global = try only(payloads.shortcut(trigger: "5.5"))
        if case .formRequested(let text) = global.kind {
            #expect(text.isEmpty)
        } else {
            Issue.record("No form is asked for")
        }
        #expect(global.address.channel == "U0ALICE001")
        #expect(global.address.trigger == "5.5")
        let about = try only(payloads.messageShortcut(on: "Is &lt;this&gt; right, <@U2|bob>?", ts: "1.1"))
        if case .formRequested(let text) = about.kind {
            #expect(text == "Is <this> right, @bob?")
        } else {
            Issue.record("No form is asked for")
        }
        #expect(about.address.thread == "1.1")
    }

    @Test("The end of the app in a workspace is told; the end of a single person's token is not")
    func removal() throws {
        if case .uninstalled(let reason, let moment) = try only(payloads.uninstalled()).kind {
            #expect(reason == "app_uninstalled")
            // At some moment of the second that Slack names.
            #expect(moment == Timestamp(milliseconds: 1_750_000_000_999))
        } else {
            Issue.record("It is no removal")
        }
        #expect(try bench.events(payloads.tokensRevoked(bot: true)).count == 1)
        #expect(try bench.events(payloads.tokensRevoked(bot: false)).isEmpty)
    }
}

@Suite("Slack's text as Markdown")
struct TextTests {
    @Test(
        "References, entities and marks become what they stand for",
        arguments: [
            ("plain", "plain"),
            ("a &amp; b &lt;c&gt; &quot;", "a & b <c> &quot;"),
            ("<@U1> <@U1|alice>", "@U1 @alice"),
            ("<#C1|general> <#C1>", "#general #C1"),
            ("<!here> <!channel> <!subteam^S1|@team> <!date^1^x|Monday>", "@here @channel @team Monday"),
            ("<https://a.example/?x=1&amp;y=2>", "https://a.example/?x=1&y=2"),
            ("<@U1|\u{301}a&amp;\u{301}b>", "@\u{301}a&\u{301}b"),
            ("<https://a.example|the site>", "[the site](https://a.example)"),
            ("<http://a.example|a.example>", "http://a.example"),
            ("<mailto:a@b.example|a@b.example>", "a@b.example"),
            ("*bold* _it_ ~gone~ `a*b*c`", "**bold** _it_ ~~gone~~ `a*b*c`"),
            ("2 * 3 * 4 and a*b", "2 * 3 * 4 and a*b"),
            ("```let *x* = 1```", "```let *x* = 1```"),
            ("1 < 2 and <unclosed", "1 < 2 and <unclosed"),
            ("<>", "<>"),
            ("  padded \n", "padded"),
        ]
    )
    func conversion(_ slack: String, _ markdown: String) throws {
        let bench = try SlackBench()
        let events = try bench.events(
            bench.payloads.message(slack.isEmpty ? " " : slack, ts: "1.2", thread: "1.1")
        )
        guard case .message(let text, _, _, _) = try #require(events.first).kind else {
            Issue.record("It is no message")
            return
        }
        #expect(text == markdown)
    }

    // Quadratic work would take minutes; a busy machine takes a few seconds.
    @Test("A long line of marks is read in good time", .timeLimit(.minutes(5)))
    func marks() throws {
        let bench = try SlackBench()
        let hostile = String(repeating: "a* *b ", count: 6000)
        _ = try bench.events(bench.payloads.message(hostile, ts: "1.2", thread: "1.1"))
    }
}
