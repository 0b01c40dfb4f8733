import Channels
import CoreTypes
import SlackIntegration
import TestSupport
import Testing

extension SendingTests {
    @Test("An answer of more parts than a response URL takes is seen in full")
    func manyParts() async throws {
        try await withSlack { slack, bench in
            let command = try #require(try bench.events(bench.payloads.command("verdict 1")).first)
            for number in 1...7 {
                let part = try bench.part("part \(number)")
                let sent = await bench.adapter.sendEphemeral(part, to: command.address, key: "k#\(number)")
                #expect(word(sent) == "sent")
            }
            #expect(await slack.ephemerals.map(\.plainText) == (1...7).map { "part \($0)" })
            #expect(await slack.calls("chat.postEphemeral").count == 2)
        }
    }

    @Test("A private answer that may have been shown is not shown again another way")
    func uncertainEphemeral() async throws {
        try await withSlack { slack, bench in
            let event = try #require(try bench.events(bench.payloads.command("help")).first)
            await slack.fail("response_url", .serverError, .rateLimited(retryAfter: 4))
            let uncertain = await bench.adapter.sendEphemeral(try bench.part("x"), to: event.address, key: "k")
            #expect(word(uncertain) == "unknown http_500")
            let limited = await bench.adapter.sendEphemeral(try bench.part("x"), to: event.address, key: "k")
            #expect(word(limited) == "rate limited 4 s, channel")
            #expect(await slack.calls("chat.postEphemeral").isEmpty)
        }
    }
}
