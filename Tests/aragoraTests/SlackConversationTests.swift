import CoreTypes
import DatabaseSupport
import Foundation
import Persistence
import TestSupport
import Testing

/// What people do on Slack, from the request to what they see.
@Suite("Conversations on Slack")
struct SlackConversationTests {
    @Test("A reply below a debate that a shortcut started is evidence for it", arguments: DatabaseEngine.allCases)
    func shortcut(engine: DatabaseEngine) async throws {
        let gate = ModelGate()
        try await GatewayWorld.with(engine, models: .slow(gate)) { world in
            defer { gate.open() }
            let gateway = try await world.start()
            let payloads = SlackPayloads.standard
            #expect(await world.send(payloads.shortcut(), to: gateway) == 200)
            try await world.slack.wait("the form") { !$0.views.isEmpty }
            let view = try #require(await world.slack.views.first)
            let answers = ["required:question": "Ship on Friday?"]
            #expect(await world.send(payloads.submission(of: view, answers: answers), to: gateway) == 200)
            // It went to the person, and came out in the direct channel with them.
            let channel = "D0ALICE001"
            try await world.slack.wait("the start message") { !$0.messages(channel).isEmpty }
            let start = try #require(await world.slack.messages(channel).first)
            try await eventually("the thread's debate") {
                try await world.count("conversations") == 1 ? true : nil
            }
            var direct = payloads
            direct.directChannel = channel
            let ts = await world.slack.say("On call is thin.", channel: channel, user: payloads.user, thread: start.ts)
            let reply = direct.directMessage("On call is thin.", ts: ts, thread: start.ts)
            #expect(await world.send(reply, to: gateway) == 200)
            try await eventually("the evidence") { try await world.count("debate_inputs") == 1 ? true : nil }
            gate.open()
            try await world.awaitVerdicts(1)
            #expect(try await world.count("debates") == 1)
            #expect(await world.verdicts().map(\.thread) == [start.ts])
            #expect(try await gateway.terminate() == .exited(0))
        }
    }

    @Test("Help that is asked for in a channel is seen, and who asks is named")
    func mentions() async throws {
        try await GatewayWorld.with(.sqlite) { world in
            let gateway = try await world.start()
            let payloads = SlackPayloads.standard
            let ts = await world.slack.say(
                "<@\(payloads.botUser)> help",
                channel: payloads.channel,
                user: payloads.user
            )
            #expect(await world.send(payloads.mention("help", ts: ts), to: gateway) == 200)
            try await world.slack.wait("the help") { !$0.ephemerals.isEmpty || !$0.unseen.isEmpty }
            #expect(await world.slack.unseen.isEmpty)
            let (question, thread) = await world.writeQuestion(1)
            #expect(await world.send(question, to: gateway) == 200)
            try await world.awaitVerdicts(1)
            try await world.slack.wait("the asker's name") { slack in
                slack.posts.contains { $0.thread == thread && $0.plainText.contains("Asked by Alice.") }
            }
            #expect(try await gateway.terminate() == .exited(0))
        }
    }

    @Test("A forwarded message is debated, and who sends a file is told that nobody reads it")
    func passedOn() async throws {
        try await GatewayWorld.with(.sqlite) { world in
            let gateway = try await world.start()
            let payloads = SlackPayloads.standard
            let (channel, person) = (payloads.directChannel, payloads.user)
            let file: JSONValue = ["id": "F1", "name": "plan.pdf"]
            let sharing: [String: JSONValue] = ["subtype": "file_share", "files": [file]]
            let first = await world.slack.say("", channel: channel, user: person)
            let bare = payloads.directMessage("", ts: first, with: sharing)
            #expect(await world.send(bare, to: gateway) == 200)
            try await world.slack.wait("the word about the file") { slack in
                slack.messages(channel).contains { $0.plainText.contains("I cannot read files") }
            }
            #expect(try await world.count("debates") == 0)
            let forwarded: JSONValue = ["is_share": true, "text": "We ship on Friday.", "fallback": "We ship"]
            let ts = await world.slack.say("Is that wise?", channel: channel, user: person, attachments: [forwarded])
            let question = payloads.directMessage("Is that wise?", ts: ts, with: ["attachments": [forwarded]])
            #expect(await world.send(question, to: gateway) == 200)
            try await world.awaitVerdicts(1)
            #expect(await world.slack.posts.contains { $0.plainText.contains("We ship on Friday.") })
            #expect(await world.slack.ephemerals.isEmpty)
            #expect(try await gateway.terminate() == .exited(0))
        }
    }

    @Test("Who asked learns of a verdict that has no place any more")
    func lostChannel() async throws {
        let gate = ModelGate()
        try await GatewayWorld.with(.sqlite, models: .slow(gate)) { world in
            defer { gate.open() }
            let gateway = try await world.start()
            let (question, _) = await world.writeQuestion(1)
            #expect(await world.send(question, to: gateway) == 200)
            try await world.slack.wait("the start message") { !$0.posts.isEmpty }
            await world.slack.remove(channel: "C0CHANNEL1")
            gate.open()
            try await world.slack.wait("the word of it") { slack in
                slack.messages("D0ALICE001").contains { $0.plainText.contains("could not be posted") }
            }
            #expect(try await gateway.terminate() == .exited(0))
        }
    }
}
