import Channels
import CoreTypes
import DatabaseSupport
import Logging
import Persistence
import SlackIntegration
import TestSupport
import Testing

/// Slack behind the dispatcher.
@Suite("Delivery")
struct DeliveryTests {
    private struct House {
        let slack: FakeSlack
        let bench: SlackBench
        let database: any Database
        let dispatcher: Dispatcher
        let outbox: Outbox
        let time: ManualTime

        /// Sends all that there is, as fast as Slack's limits allow.
        func settle() async throws {
            for _ in 0..<30 {
                while try await dispatcher.sendDue() > 0 {}
                time.advance(by: .seconds(1))
            }
        }

        func post(_ post: Post, to channel: String, key: String) async throws {
            var address = bench.address
            address.channel = channel
            let (outbox, place) = (outbox, address)
            try await database.write { try outbox.post(post, to: place, key: OutboxKey(key), in: $0) }
        }

        /// Answers one person with a text that is its own key.
        func answer(_ text: String, at address: Address) async throws {
            let (outbox, post) = (outbox, Post(body: text, fallbackText: text))
            try await database.write { try outbox.ephemeral(post, to: address, key: OutboxKey(text), in: $0) }
        }

        func edit(_ post: Post, of target: String, in channel: String, key: String) async throws {
            var address = bench.address
            address.channel = channel
            let (outbox, place) = (outbox, address)
            try await database.write { transaction in
                try outbox.edit(
                    target: OutboxKey(target),
                    post: post,
                    address: place,
                    key: OutboxKey(key),
                    in: transaction
                )
            }
        }
    }

    private func withHouse(_ body: (House) async throws -> Void) async throws {
        try await withDatabase(.sqlite) { test in
            try await withSlack { slack, bench in
                let time = ManualTime(now: SlackBench.now)
                try await body(
                    House(
                        slack: slack,
                        bench: bench,
                        database: test.database,
                        dispatcher: Dispatcher(
                            database: test.database,
                            adapters: [bench.adapter],
                            owner: "one",
                            time: time,
                            jitter: FixedJitter(0.5),
                            logger: .silent
                        ),
                        outbox: Outbox(time: time),
                        time: time
                    )
                )
            }
        }
    }

    @Test("A channel in which the app may not write holds no other channel up")
    func forbiddenChannel() async throws {
        try await withHouse { house in
            let post = Post(body: "x", fallbackText: "x")
            await house.slack.fail("chat.postMessage", .error("no_permission"))
            try await house.post(post, to: "C0FORBID01", key: "a")
            _ = try await house.dispatcher.sendDue()
            try await house.post(post, to: "C0OTHER001", key: "b")
            _ = try await house.dispatcher.sendDue()
            #expect(await house.slack.posts.map(\.channel) == ["C0OTHER001"])
            let rows = try await house.database.run("select status from outbox order by outbox_id")
            #expect(
                try rows.map { try $0.integer("status") } == [OutboxStatus.failed.rawValue, OutboxStatus.sent.rawValue]
            )
        }
    }

    @Test("Where the app may not write in a channel, a private answer goes to the person's own")
    func forbiddenAnswer() async throws {
        try await withSlack { slack, bench in
            await slack.fail("chat.postEphemeral", .error("no_permission"))
            let sent = await bench.adapter.sendEphemeral(try bench.part("x"), to: bench.address, key: "k")
            #expect(word(sent) == "sent")
            #expect(await slack.messages("D0ALICE001").map(\.plainText) == ["x"])
        }
    }

    @Test("A direct message mentions nobody: its only reader is told of it anyway")
    func mentions() async throws {
        try await withSlack { slack, bench in
            let (payloads, adapter) = (bench.payloads, bench.adapter)
            let post = Post(body: "x", fallbackText: "x", mention: payloads.user)
            let part = try #require(adapter.render(post).first)
            for channel in [payloads.channel, payloads.directChannel, payloads.user] {
                var address = bench.address
                address.channel = channel
                let sent = await adapter.send(part, to: address, key: channel)
                #expect(word(sent) == "sent")
            }
            #expect(await slack.posts.map(\.plainText) == ["x\n<@U0ALICE001>", "x", "x"])
        }
    }

    @Test("An answer in a direct message is looked for where nobody knows whether it arrived, and is there once")
    func uncertainAnswer() async throws {
        try await withHouse { house in
            var address = house.bench.address
            address.channel = house.bench.payloads.directChannel
            await house.slack.fail("chat.postMessage", .serverError)
            try await house.answer("lost", at: address)
            try await house.settle()
            #expect(
                await house.slack.calls("conversations.history").first?.arguments["channel"]?.string == "D0DIRECT01"
            )
            #expect(await house.slack.calls("chat.postMessage").count == 2)
            await house.slack.fail("chat.postMessage", .serverErrorAfterwards)
            try await house.answer("there", at: address)
            try await house.settle()
            #expect(await house.slack.calls("chat.postMessage").count == 3)
            #expect(await house.slack.messages("D0DIRECT01").map(\.plainText) == ["lost", "there"])
            let rows = try await house.database.run("select status from outbox")
            #expect(try rows.allSatisfy { try $0.integer("status") == OutboxStatus.sent.rawValue })
        }
    }

    @Test("While the token is refused, a command is answered through its response URL")
    func refusedToken() async throws {
        try await withHouse { house in
            await house.slack.fail("chat.postMessage", .error("invalid_auth"))
            try await house.post(Post(body: "x", fallbackText: "x"), to: "C0CHANNEL1", key: "k")
            _ = try await house.dispatcher.sendDue()
            let command = try #require(try house.bench.events(house.bench.payloads.command("help")).first)
            try await house.answer("help", at: command.address)
            _ = try await house.dispatcher.sendDue()
            #expect(await house.slack.ephemerals.map(\.plainText) == ["help"])
            #expect(await house.slack.posts.isEmpty)
        }
    }

    @Test(
        "An edit that Slack cannot make just now is tried again",
        arguments: ["update_failed", "external_channel_migrating"]
    )
    func refusedEdit(code: String) async throws {
        try await withSlack { slack, bench in
            let (adapter, address) = (bench.adapter, bench.address)
            let id = try #require(await adapter.send(try bench.part("x"), to: address, key: "k").messageID)
            await slack.fail("chat.update", .error(code))
            let outcome = await adapter.edit(try bench.part("y"), messageID: id, at: address)
            #expect(word(outcome) == "transient \(code)")
        }
    }

    @Test("A step of a debate about a long question changes one message")
    func longQuestion() async throws {
        try await withHouse { house in
            let question = (0..<800).map { "> Line \($0) of a question that goes on for longer than a message." }
            var post = Post(
                title: "Debate #1",
                body: question.joined(separator: "\n"),
                fields: [.init("Panel", "a, b"), .init("Progress", "Starting")],
                buttons: [.init(label: "Stop", token: "tokstop", style: .danger)],
                footer: "Reply in this thread to add evidence.",
                fallbackText: "Debate #1 has started"
            )
            try await house.post(post, to: "C0CHANNEL1", key: "start")
            try await house.settle()
            #expect(await house.slack.posts.count > 3)
            post.fields[1] = .init("Progress", "Proposals")
            try await house.edit(post, of: "start", in: "C0CHANNEL1", key: "step")
            try await house.settle()
            #expect(await house.slack.calls("chat.update").count == 1)
            #expect(await house.slack.posts.last?.plainText.contains("Proposals") == true)
        }
    }
}
