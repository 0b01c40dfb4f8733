import Channels
import CoreTypes
import SlackIntegration
import TestSupport
import Testing

@Suite("What is sent to Slack")
struct SendingTests {
    @Test("A message arrives in its thread with its key, and without previews of links")
    func post() async throws {
        try await withSlack { slack, bench in
            var address = bench.address
            address.thread = "1749999999.000100"
            let outcome = await bench.adapter.send(try bench.part("Hello **you**"), to: address, key: "key-1")
            let message = try #require(await slack.posts.first)
            #expect(outcome.messageID == message.ts)
            #expect(message.channel == "C0CHANNEL1")
            #expect(message.thread == "1749999999.000100")
            #expect(message.plainText == "Hello you")
            #expect(message.metadata?["event_type"]?.string == "aragora_message")
            #expect(message.metadata?["event_payload"]?["key"]?.string == "key-1")
            let call = try #require(await slack.calls("chat.postMessage").first)
            #expect(call.token == FakeSlack.token)
            #expect(call.arguments["unfurl_links"]?.bool == false)
            #expect(call.arguments["unfurl_media"]?.bool == false)
        }
    }

    @Test("We join the public channels that we post in, so that replies are heard")
    func joining() async throws {
        try await withSlack { slack, bench in
            var address = bench.address
            let sent = [try await bench.send(to: address), try await bench.send(to: address)]
            #expect(sent == ["sent", "sent"])
            #expect(await slack.joinedChannels == ["C0CHANNEL1"])
            #expect(await slack.calls("conversations.join").count == 1)
            for (channel, thread) in [("C0OTHER001", "1.1"), ("U0ALICE001", nil), ("D0DIRECT01", nil)] {
                address.channel = channel
                address.thread = thread
                let sent = try await bench.send(to: address)
                #expect(sent == "sent")
            }
            #expect(await slack.joinedChannels == ["C0CHANNEL1", "C0OTHER001"])
            #expect(await slack.calls("conversations.join").count == 2)
            #expect(await slack.posts.allSatisfy { $0.plainText == "x" })
        }
    }

    @Test("A shortcut works where we are no member: we join before we answer in the message's thread")
    func joiningForShortcut() async throws {
        try await withSlack { slack, bench in
            let (channel, user) = (bench.payloads.channel, bench.payloads.user)
            let ts = await slack.say("Why?", channel: channel, user: user)
            let event = try #require(try bench.events(bench.payloads.messageShortcut(on: "Why?", ts: ts)).first)
            let sent = try await bench.send(to: event.address)
            #expect(sent == "sent")
            #expect(await slack.calls().map(\.method) == ["auth.test", "conversations.join", "chat.postMessage"])
            #expect(await slack.posts.map(\.thread) == [ts])
            #expect(await slack.posts.map(\.plainText) == ["x"])
        }
    }

    @Test("Where a shortcut's channel lets nobody in, the message says how we would hear its thread")
    func refusedShortcut() async throws {
        try await withSlack { slack, bench in
            let (adapter, payloads) = (bench.adapter, bench.payloads)
            await slack.fail("conversations.join", .error("restricted_action"))
            let ts = await slack.say("Why?", channel: payloads.channel, user: payloads.user)
            let shortcut = try #require(try bench.events(payloads.messageShortcut(on: "Why?", ts: ts)).first)
            let sent = await adapter.send(try bench.part("x"), to: shortcut.address, key: "k")
            let id = try #require(sent.messageID)
            #expect(await slack.posts.last?.plainText.contains("/invite @Aragora") == true)
            _ = await adapter.edit(try bench.part("y"), messageID: id, at: shortcut.address)
            #expect(await slack.posts.last?.plainText.contains("/invite @Aragora") == true)
            // What comes behind it says so no more.
            let verdict = try await bench.send(to: shortcut.address.followingUp)
            #expect(verdict == "sent")
            #expect(await slack.posts.last?.plainText == "x")
            // A mention is told to members alone, so we are one.
            let mention = try #require(try bench.events(payloads.mention("Why?", ts: "1.1")).first)
            let answered = try await bench.send(to: mention.address)
            #expect(answered == "sent")
            #expect(await slack.posts.last?.plainText == "x")
        }
    }

    @Test(
        "Where we may not join, the message that opens a thread says how its replies would be heard",
        arguments: [
            // The last two say nothing about the channel.
            ("restricted_action", true), ("too_many_members", true), ("missing_scope", false),
            ("internal_error", false),
        ]
    )
    func refusedJoining(code: String, isTold: Bool) async throws {
        try await withSlack { slack, bench in
            let (adapter, address) = (bench.adapter, bench.address)
            await slack.fail("conversations.join", .error(code), .error(code))
            let id = try #require(await adapter.send(try bench.part("x"), to: address, key: "k").messageID)
            #expect(await slack.posts.last?.plainText.contains("/invite @Aragora") == isTold)
            // Somebody may have invited us, and Slack would not tell.
            #expect(await slack.posts.last?.plainText.contains("If I am not in this channel") == isTold)
            // As the debate's address has it once the thread is there.
            var inThread = address
            inThread.thread = id
            _ = await adapter.edit(try bench.part("y"), messageID: id, at: inThread)
            #expect(await slack.posts.last?.plainText.contains("/invite @Aragora") == isTold)
            #expect(try await bench.send(to: inThread) == "sent")
            #expect(await slack.posts.last?.plainText == "x")
            // Somebody may have mended it since.
            await slack.succeed("conversations.join")
            bench.time.advance(by: .seconds(601))
            _ = await adapter.edit(try bench.part("y"), messageID: id, at: inThread)
            #expect(await slack.posts.first?.plainText == "y")
        }
    }

    @Test("A private channel that we can post in is one that we hear")
    func privateChannel() async throws {
        try await withSlack { slack, bench in
            await slack.fail("conversations.join", .error("method_not_supported_for_channel_type"))
            let sent = try await bench.send(to: bench.address)
            #expect(sent == "sent")
            #expect(await slack.posts.map(\.plainText) == ["x"])
        }
    }

    @Test("A message's address is the workspace's own once Slack has told it, and the web client's before")
    func permalink() async throws {
        try await withSlack { slack, bench in
            let ts = "1749999999.000100"
            let team = bench.payloads.team
            #expect(
                bench.adapter.permalink(of: ts, at: bench.address)
                    == "https://app.slack.com/client/\(team)/C0CHANNEL1/thread/C0CHANNEL1-\(ts)"
            )
            _ = await bench.adapter.send(try bench.part("x"), to: bench.address, key: "k")
            let archives = "https://test-workspace.slack.com/archives"
            #expect(bench.adapter.permalink(of: ts, at: bench.address) == "\(archives)/C0CHANNEL1/p1749999999000100")
            #expect(bench.adapter.permalink(of: "D7:1.2", at: bench.address) == "\(archives)/D7/p12")
            for odd in ["1.2)", "1.2/../x", "1 2"] {
                #expect(bench.adapter.permalink(of: odd, at: bench.address) == nil)
            }
            var direct = bench.address
            direct.channel = bench.payloads.user
            #expect(bench.adapter.permalink(of: ts, at: direct) == nil)
        }
    }

    @Test("Every part of the longest verdict is taken")
    func longVerdict() async throws {
        try await withSlack { slack, bench in
            var post = SamplePosts.verdict
            post.body = String(repeating: "A paragraph with `code` and *emphasis*.\n\n- a\n- b\n\n", count: 800)
            let parts = bench.adapter.render(post)
            for (position, part) in parts.enumerated() {
                let outcome = await bench.adapter.send(part, to: bench.address, key: "key-\(position)")
                #expect(word(outcome) == "sent")
            }
            #expect(await slack.posts.count == parts.count)
            #expect(await slack.posts.last?.buttons == ["Agree": "tokagree", "Disagree": "tokdisagree"])
        }
    }

    @Test(
        "A failed send says whether anything was posted",
        arguments: [
            (FakeSlack.Failure.rateLimited(retryAfter: 7), "rate limited 7 s, channel", 0),
            (.rateLimited(retryAfter: nil), "rate limited 30 s, channel", 0),
            (.error("message_limit_exceeded"), "rate limited 30 s, workspace", 0),
            (.serverError, "unknown http_500", 0),
            (.serverErrorAfterwards, "unknown http_500", 1),
            (.html, "unknown unreadable_answer", 0),
            (.error("internal_error"), "unknown internal_error", 0),
            (.error("service_unavailable"), "transient service_unavailable", 0),
            (.error("channel_not_found"), "permanent channel_not_found", 0),
            (.error("not_in_channel"), "permanent not_in_channel", 0),
            (.error("is_archived"), "permanent is_archived", 0),
            (.error("msg_too_long"), "permanent msg_too_long", 0),
            (.error("invalid_blocks"), "permanent invalid_blocks", 0),
            (.error("something_new"), "permanent something_new", 0),
            (.error("invalid_auth"), "authentication invalid_auth", 0),
            (.error("account_inactive"), "authentication account_inactive", 0),
            (.error("token_revoked"), "authentication token_revoked", 0),
            (.error("token_expired"), "authentication token_expired", 0),
            (.error("missing_scope"), "authentication missing_scope", 0),
        ]
    )
    func failures(_ failure: FakeSlack.Failure, _ expected: String, _ posted: Int) async throws {
        try await withSlack { slack, bench in
            await slack.fail("chat.postMessage", failure)
            let outcome = await bench.adapter.send(try bench.part("x"), to: bench.address, key: "k")
            #expect(word(outcome) == expected)
            #expect(await slack.posts.count == posted)
        }
    }

    @Test("What Slack never received is tried again, and what failed before the message was sent is not unknown")
    func nothingSent() async throws {
        let bench = try SlackBench()
        let outcome = await bench.adapter.send(try bench.part("x"), to: bench.address, key: "k")
        #expect(word(outcome) == "transient transport_connect")
        try await withSlack { slack, bench in
            await slack.fail("auth.test", .serverErrorAfterwards)
            let outcome = await bench.adapter.send(try bench.part("x"), to: bench.address, key: "k")
            #expect(word(outcome) == "transient http_500")
            #expect(await slack.posts.isEmpty)
        }
    }

    @Test("A workspace that the token is not for is not spoken to")
    func foreignWorkspace() async throws {
        try await withSlack { slack, bench in
            var address = bench.address
            address.workspace = WorkspaceID("slack:T0OTHER001")
            let outcome = await bench.adapter.send(try bench.part("x"), to: address, key: "k")
            #expect(word(outcome) == "authentication app_not_installed")
            #expect(await slack.calls("chat.postMessage").isEmpty)
            // Asked once, and remembered.
            _ = await bench.adapter.send(try bench.part("x"), to: bench.address, key: "k")
            #expect(await slack.calls("auth.test").count == 1)
        }
    }

    @Test("A message is changed in place, also one that was sent to a person")
    func edits() async throws {
        try await withSlack { slack, bench in
            var toPerson = bench.address
            toPerson.channel = "U0ALICE001"
            for address in [bench.address, toPerson] {
                let sent = await bench.adapter.send(try bench.part("before"), to: address, key: "k")
                let id = try #require(sent.messageID)
                let edited = await bench.adapter.edit(try bench.part("after"), messageID: id, at: address)
                #expect(edited.messageID == id)
                #expect(await slack.posts.last?.plainText == "after")
            }
            #expect(await slack.edits == 2)
            #expect(await slack.messages("D0ALICE001").count == 1)
            let lost = await bench.adapter.edit(try bench.part("x"), messageID: "1.1", at: bench.address)
            #expect(word(lost) == "permanent message_not_found")
            await slack.fail("chat.update", .rateLimited(retryAfter: 3))
            let limited = await bench.adapter.edit(try bench.part("x"), messageID: "1.1", at: bench.address)
            #expect(word(limited) == "rate limited 3 s, method")
        }
    }

    @Test("A private answer takes the response URL while it lives, else the person's view of the channel")
    func ephemeral() async throws {
        try await withSlack { slack, bench in
            let event = try #require(try bench.events(bench.payloads.command("help")).first)
            let first = await bench.adapter.sendEphemeral(try bench.part("one"), to: event.address, key: "k")
            #expect(word(first) == "sent")
            let call = try #require(await slack.calls("response_url").first)
            #expect(call.token == nil)
            #expect(call.arguments["response_type"]?.string == "ephemeral")
            #expect(call.arguments["replace_original"]?.bool == false)

            await slack.fail("response_url", .error("used_url"))
            let second = await bench.adapter.sendEphemeral(try bench.part("two"), to: event.address, key: "k")
            #expect(word(second) == "sent")
            bench.time.advance(by: .seconds(1801))
            let third = await bench.adapter.sendEphemeral(try bench.part("three"), to: event.address, key: "k")
            #expect(word(third) == "sent")

            #expect(await slack.calls("response_url").count == 2)
            #expect(await slack.calls("chat.postEphemeral").count == 2)
            #expect(await slack.ephemerals.map(\.plainText) == ["one", "two", "three"])
            #expect(await slack.ephemerals.allSatisfy { $0.visibleTo == "U0ALICE001" })
            #expect(await slack.posts.isEmpty)
        }
    }

    @Test("An answer to a direct message lasts")
    func lastingAnswer() async throws {
        try await withSlack { slack, bench in
            let (adapter, payloads) = (bench.adapter, bench.payloads)
            func answer(_ text: String, _ payload: SlackPayload) async throws -> String {
                let event = try #require(try bench.events(payload).first)
                return word(await adapter.sendEphemeral(try bench.part(text), to: event.address, key: "k"))
            }
            let outcomes = [
                try await answer("one", payloads.directMessage("help", ts: "1.1")),
                try await answer("two", payloads.directMessage("help", ts: "1.3", thread: "1.2")),
            ]
            #expect(outcomes == ["sent", "sent"])
            #expect(await slack.messages("D0DIRECT01").map(\.plainText) == ["one", "two"])
            #expect(await slack.messages("D0DIRECT01").map(\.thread) == [nil, "1.2"])
            #expect(await slack.ephemerals.isEmpty)
            let calls = await slack.calls("chat.postMessage")
            #expect(calls.allSatisfy { $0.arguments["user"] == nil })
            #expect(calls.allSatisfy { $0.arguments["unfurl_links"]?.bool == false })
            #expect(calls.allSatisfy { $0.arguments["metadata"]?["event_payload"]?["key"]?.string == "k" })
            await slack.remove(channel: "D0DIRECT01")
            let moved = try await answer("three", payloads.directMessage("help", ts: "1.5", thread: "1.2"))
            #expect(moved == "sent")
            #expect(await slack.messages("D0ALICE001").map(\.plainText) == ["three"])
            #expect(await slack.messages("D0ALICE001").map(\.thread) == [nil])
        }
    }

    @Test("In a direct conversation, too, a response URL comes first")
    func directResponseURL() async throws {
        try await withSlack { slack, bench in
            var payloads = bench.payloads
            payloads.channel = payloads.directChannel
            let event = try #require(try bench.events(payloads.command("help")).first)
            await slack.fail("response_url", .error("used_url"))
            for text in ["lasting", "passing"] {
                let sent = await bench.adapter.sendEphemeral(try bench.part(text), to: event.address, key: "k")
                #expect(word(sent) == "sent")
            }
            #expect(await slack.messages("D0DIRECT01").map(\.plainText) == ["lasting"])
            #expect(await slack.ephemerals.map(\.plainText) == ["passing"])
        }
    }

    @Test("A private answer is seen, whether the thread that it belongs to has been opened or not")
    func ephemeralInThread() async throws {
        try await withSlack { slack, bench in
            let payloads = bench.payloads
            func answer(_ payload: SlackPayload) async throws {
                let event = try #require(try bench.events(payload).first)
                let sent = await bench.adapter.sendEphemeral(try bench.part("x"), to: event.address, key: "k")
                #expect(word(sent) == "sent")
            }
            let ts = await slack.say("<@U0BOT00001> help", channel: payloads.channel, user: payloads.user)
            try await answer(payloads.mention("help", ts: ts))
            try await answer(payloads.press("t", messageTS: ts))
            try await answer(payloads.messageShortcut(on: "help", ts: ts))
            #expect(await slack.ephemerals.map(\.thread) == [nil, nil, nil])

            await slack.say("I agree", channel: payloads.channel, user: "U0BOB00001", thread: ts)
            try await answer(payloads.mention("help", ts: "1.2", thread: ts))
            try await answer(payloads.press("t", messageTS: ts, thread: ts))
            #expect(await slack.ephemerals.map(\.thread) == [nil, nil, nil, ts, ts])
            #expect(await slack.unseen.isEmpty)
        }
    }

    @Test("Where the app may not speak any more, a private answer goes to the person's own channel")
    func ephemeralElsewhere() async throws {
        try await withSlack { slack, bench in
            var address = bench.address
            address.thread = "1.1"
            await slack.remove(channel: address.channel)
            let sent = await bench.adapter.sendEphemeral(try bench.part("gone"), to: address, key: "k")
            #expect(word(sent) == "sent")
            #expect(await slack.messages("D0ALICE001").map(\.plainText) == ["gone"])
            #expect(await slack.messages("D0ALICE001").map(\.thread) == [nil])
            // A used-up response URL leads the same way.
            let command = try #require(try bench.events(bench.payloads.command("help")).first)
            await slack.fail("response_url", .error("used_url"))
            _ = await bench.adapter.sendEphemeral(try bench.part("part six"), to: command.address, key: "k")
            #expect(await slack.messages("D0ALICE001").map(\.plainText) == ["gone", "part six"])
            await slack.fail("chat.postEphemeral", .error("invalid_blocks"), .serverError)
            for expected in ["permanent invalid_blocks", "unknown http_500"] {
                let outcome = await bench.adapter.sendEphemeral(try bench.part("x"), to: bench.address, key: "k")
                #expect(word(outcome) == expected)
            }
            #expect(await slack.messages("D0ALICE001").count == 2)
        }
    }

    @Test("An address from elsewhere never makes us call another host")
    func foreignResponseURL() async throws {
        try await withSlack { slack, bench in
            var address = bench.address
            address.responseURL = "https://evil.example/collect"
            address.responseURLExpires = bench.time.now() + .seconds(60)
            let outcome = await bench.adapter.sendEphemeral(try bench.part("x"), to: address, key: "k")
            #expect(word(outcome) == "sent")
            #expect(await slack.calls("chat.postEphemeral").count == 1)
        }
    }
}
