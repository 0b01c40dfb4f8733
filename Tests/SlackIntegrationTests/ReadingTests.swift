import Channels
import CoreTypes
import SlackIntegration
import TestSupport
import Testing

@Suite("What is read from Slack")
struct ReadingTests {
    private func word(_ reconciliation: Reconciliation) -> String {
        switch reconciliation {
        case .sent(let id): "sent \(id)"
        case .notSent: "not sent"
        case .undecided(let wait): "undecided \(wait.milliseconds / 1000) s"
        case .impossible: "impossible"
        }
    }

    @Test("An uncertain send is found by its key, in a thread, a channel and a direct conversation")
    func reconcile() async throws {
        try await withSlack { slack, bench in
            var inThread = bench.address
            inThread.thread = await slack.say("Why?", channel: inThread.channel, user: "U0ALICE001")
            var toPerson = bench.address
            toPerson.channel = "U0ALICE001"
            for (position, address) in [bench.address, inThread, toPerson].enumerated() {
                let before = bench.time.now()
                await slack.fail("chat.postMessage", .serverErrorAfterwards, .serverError)
                _ = await bench.adapter.send(try bench.part("x"), to: address, key: "there-\(position)")
                _ = await bench.adapter.send(try bench.part("x"), to: address, key: "lost-\(position)")
                let message = try #require(await slack.posts.last)
                let id = position == 2 ? "\(message.channel):\(message.ts)" : message.ts
                let found = await bench.adapter.reconcile(key: "there-\(position)", at: address, sentAfter: before)
                #expect(word(found) == "sent \(id)")
                let lost = await bench.adapter.reconcile(key: "lost-\(position)", at: address, sentAfter: before)
                #expect(word(lost) == "not sent")
            }
        }
    }

    @Test(
        "An answer that a direct conversation did not take is found in the person's own channel",
        arguments: [false, true]
    )
    func reconcileElsewhere(isGone: Bool) async throws {
        try await withSlack { slack, bench in
            let (adapter, before) = (bench.adapter, bench.time.now())
            var address = bench.address
            address.channel = bench.payloads.directChannel
            let code = isGone ? "channel_not_found" : "no_permission"
            await slack.fail("chat.postMessage", .error(code), .serverErrorAfterwards)
            if isGone { await slack.remove(channel: address.channel) }
            _ = await adapter.sendEphemeral(try bench.part("x"), to: address, key: "k")
            let message = try #require(await slack.posts.first)
            #expect(message.channel == "D0ALICE001")
            let found = await adapter.reconcileAnswer(key: "k", at: address, sentAfter: before)
            #expect(word(found) == "sent D0ALICE001:\(message.ts)")
            let lost = await adapter.reconcileAnswer(key: "l", at: address, sentAfter: before)
            #expect(word(lost) == (isGone ? "impossible" : "not sent"))
        }
    }

    @Test("A message for a direct conversation's thread is looked for there alone")
    func reconcileInDirectThread() async throws {
        try await withSlack { slack, bench in
            var address = bench.address
            address.channel = bench.payloads.directChannel
            address.thread = await slack.say("Why?", channel: address.channel, user: bench.payloads.user)
            await slack.fail("conversations.open", .error("missing_scope"))
            let lost = await bench.adapter.reconcile(key: "l", at: address, sentAfter: bench.time.now())
            #expect(word(lost) == "not sent")
            #expect(await slack.calls("conversations.open").isEmpty)
        }
    }

    @Test("All pages since the send are looked through")
    func pages() async throws {
        try await withSlack { slack, bench in
            let before = bench.time.now()
            await slack.fail("chat.postMessage", .serverErrorAfterwards)
            _ = await bench.adapter.send(try bench.part("x"), to: bench.address, key: "k")
            for number in 0..<450 { await slack.say("\(number)", channel: bench.address.channel, user: "U0BOB00001") }
            let found = await bench.adapter.reconcile(key: "k", at: bench.address, sentAfter: before)
            #expect(word(found) == "sent \(try #require(await slack.posts.first).ts)")
            #expect(await slack.calls("conversations.history").count == 3)
        }
    }

    @Test(
        "Where Slack does not tell, it is asked later or never",
        arguments: [
            (FakeSlack.Failure.rateLimited(retryAfter: 9), "undecided 9 s"), (.serverError, "undecided 30 s"),
            (.error("invalid_auth"), "undecided 300 s"), (.error("missing_scope"), "impossible"),
            (.error("not_in_channel"), "impossible"), (.error("channel_not_found"), "impossible"),
        ]
    )
    func undecided(_ failure: FakeSlack.Failure, _ expected: String) async throws {
        try await withSlack { slack, bench in
            await slack.fail("conversations.history", failure)
            let answer = await bench.adapter.reconcile(key: "k", at: bench.address, sentAfter: bench.time.now())
            #expect(word(answer) == expected)
        }
    }

    @Test("A thread's history has names in place of ids, nothing of our own, and the first message always")
    func history() async throws {
        try await withSlack { slack, bench in
            var address = bench.address
            #expect(try await bench.adapter.history(of: address, before: nil, limit: 10).isEmpty)
            address.thread = await slack.say("Should we *move*?", channel: address.channel, user: "U0ALICE001")
            let thread = address.thread
            await slack.say("I &lt;3 it", channel: address.channel, user: "U0BOB00001", thread: thread)
            _ = await bench.adapter.send(try bench.part("ours"), to: address, key: "k")
            await slack.say("<@U0BOT00001> go on", channel: address.channel, user: "U0NOBODY01", thread: thread)
            await slack.say("elsewhere", channel: address.channel, user: "U0BOB00001")
            let history = try await bench.adapter.history(of: address, before: nil, limit: 10)
            #expect(
                history == [
                    HistoryMessage(author: "Alice", text: "Should we **move**?"),
                    HistoryMessage(author: "Bob", text: "I <3 it"),
                    HistoryMessage(author: "U0NOBODY01", text: "go on"),
                ]
            )
            let short = try await bench.adapter.history(of: address, before: nil, limit: 2)
            #expect(short.map(\.text) == ["Should we **move**?", "go on"])
            // A name is asked for once.
            #expect(await slack.calls("users.info").count { $0.arguments["user"]?.string == "U0ALICE001" } == 1)
        }
    }

    @Test("What was said after a question is no history of it, nor is the question itself")
    func historyBefore() async throws {
        try await withSlack { slack, bench in
            var address = bench.address
            address.thread = await slack.say("first", channel: address.channel, user: "U0ALICE001")
            let (channel, thread) = (address.channel, address.thread)
            await slack.say("second", channel: channel, user: "U0BOB00001", thread: thread)
            let question = await slack.say("<@U0BOT00001> why?", channel: channel, user: "U0BOB00001", thread: thread)
            await slack.say("later", channel: channel, user: "U0BOB00001", thread: thread)
            let history = try await bench.adapter.history(of: address, before: question, limit: 10)
            #expect(history.map(\.text) == ["first", "second"])
            let calls = await slack.calls("conversations.replies").count
            // The question that opens a thread has none, and nobody is asked.
            #expect(try await bench.adapter.history(of: address, before: thread, limit: 10).isEmpty)
            #expect(await slack.calls("conversations.replies").count == calls)
        }
    }

    @Test("People whom a text mentions by their ids are named; while Slack is away, one call finds that out")
    func names() async throws {
        try await withSlack { slack, bench in
            let text = "@U0ALICE001 and (@U0BOB00001), not @U0NOBODY01, @UPPER, @alice or a@U0CAROL001"
            let workspace = bench.address.workspace
            #expect(
                await bench.adapter.names(in: text, workspace: workspace)
                    == ["U0ALICE001": "Alice", "U0BOB00001": "Bob"]
            )
            #expect(await slack.calls("users.info").count == 3)
            await slack.fail("users.info", .serverError)
            #expect(await bench.adapter.names(in: "@U0NOBODY01 @U0NOBODY02", workspace: workspace).isEmpty)
            #expect(await slack.calls("users.info").count == 4)
            bench.time.advance(by: .seconds(61))
            #expect(await bench.adapter.names(in: "@U0NOBODY01 @U0NOBODY02", workspace: workspace).isEmpty)
            #expect(await slack.calls("users.info").count == 6)
        }
    }

    @Test("A long thread is read page by page")
    func longHistory() async throws {
        try await withSlack { slack, bench in
            var address = bench.address
            address.thread = await slack.say("first", channel: address.channel, user: "U0ALICE001")
            for number in 0..<500 {
                await slack.say("\(number)", channel: address.channel, user: "U0BOB00001", thread: address.thread)
            }
            let history = try await bench.adapter.history(of: address, before: nil, limit: 3)
            #expect(history.map(\.text) == ["first", "498", "499"])
        }
    }

    @Test("A thread that cannot be read is an error that says why")
    func unreadable() async throws {
        try await withSlack { slack, bench in
            var address = bench.address
            address.thread = "1.1"
            await slack.remove(channel: address.channel)
            let error = await #expect(throws: (any Error).self) {
                _ = try await bench.adapter.history(of: address, before: nil, limit: 3)
            }
            #expect((error as? any CodedError)?.code == "channel_not_found")
        }
    }
}
