import CoreTypes
import DatabaseSupport
import Persistence
import TestSupport
import Testing
import Transport

/// What Slack may answer to a post, and what an operator sees of it.
@Suite("Answers of Slack")
struct SendStateTests {
    @Test("429 with Retry-After is waited for", arguments: DatabaseEngine.allCases)
    func rateLimited(engine: DatabaseEngine) async throws {
        try await GatewayWorld.with(engine) { world in
            await world.slack.fail("chat.postMessage", .rateLimited(retryAfter: 2))
            let gateway = try await ask(world)
            try await world.awaitVerdicts(1)
            #expect(await world.slack.posts.count == 2)
            let metrics = try await metrics(of: gateway, world)
            #expect(metrics.contains(#"aragora_outbox_outcomes_total{outcome="rate_limited",platform="slack"} 1"#))
            #expect(metrics.contains("\naragora_inbox_oldest_waiting_seconds "))
            #expect(try await gateway.terminate() == .exited(0))
        }
    }

    @Test("A post whose answer was lost is found in the thread, not repeated", arguments: DatabaseEngine.allCases)
    func lostAnswer(engine: DatabaseEngine) async throws {
        try await GatewayWorld.with(engine) { world in
            await world.slack.fail("chat.postMessage", .serverErrorAfterwards, .serverErrorAfterwards)
            let gateway = try await ask(world)
            try await world.awaitVerdicts(1)
            #expect(await world.slack.posts.count == 2)
            #expect(await world.slack.calls("chat.postMessage").count == 2)
            #expect(try await gateway.terminate() == .exited(0))
        }
    }

    @Test("A channel that is gone ends the post, and doctor says so", arguments: DatabaseEngine.allCases)
    func channelNotFound(engine: DatabaseEngine) async throws {
        try await GatewayWorld.with(engine) { world in
            await world.slack.remove(channel: "C0CHANNEL1")
            let gateway = try await ask(world)
            try await awaitMetric(#"aragora_outbox_rows{status="failed"}"#, gateway, world)
            let doctor = try await world.doctor()
            #expect(doctor.contains("failed on slack: channel_not_found"), "\(doctor)")
            #expect(try await gateway.terminate() == .exited(0))
        }
    }

    @Test("A refused token holds the posts until it is renewed", arguments: DatabaseEngine.allCases)
    func invalidAuth(engine: DatabaseEngine) async throws {
        try await GatewayWorld.with(engine) { world in
            await world.slack.fail("chat.postMessage", .error("invalid_auth"))
            let gateway = try await ask(world)
            try await awaitMetric(
                #"aragora_outbox_outcomes_total{outcome="authentication",platform="slack"}"#,
                gateway,
                world
            )
            let doctor = try await world.doctor()
            #expect(doctor.contains("queued on slack: authentication"), "\(doctor)")
            #expect(doctor.contains("Renew the credentials"), "\(doctor)")
            #expect(await world.slack.posts.isEmpty)
            #expect(try await gateway.terminate() == .exited(0))
        }
    }

    @Test("A post that Slack never answers is unknown, and stays so while Slack cannot be asked")
    func hang() async throws {
        try await GatewayWorld.with(.sqlite) { world in
            await world.slack.fail("chat.postMessage", .hang)
            await world.slack.fail("conversations.replies", .hang, .hang, .hang)
            let gateway = try await ask(world)
            let unknown = #"aragora_outbox_outcomes_total{outcome="unknown",platform="slack"}"#
            // A call is given up after 20 s.
            try await awaitMetric(unknown, gateway, world, timeout: .seconds(60))
            try await awaitMetric(#"aragora_outbox_rows{status="unknown"}"#, gateway, world, timeout: .seconds(60))
            let doctor = try await world.doctor()
            #expect(doctor.contains("PROBLEM  Outbox: 1 unknown on slack: transport_timeout"), "\(doctor)")
            #expect(doctor.contains("Look in the channel whether the message is there"), "\(doctor)")
            #expect(await world.slack.calls("chat.postMessage").count == 1)
            #expect(await world.slack.posts.isEmpty)
            try await gateway.kill()
        }
    }

    private func ask(_ world: GatewayWorld) async throws -> GatewayProcess {
        let gateway = try await world.start()
        #expect(await world.send(await world.writeQuestion(1).payload, to: gateway) == 200)
        return gateway
    }

    private func metrics(of gateway: GatewayProcess, _ world: GatewayWorld) async throws -> String {
        let response = try await world.client.send(HTTPRequest(url: gateway.url + "/metrics", timeout: .seconds(5)))
        return String(decoding: response.body, as: UTF8.self)
    }

    /// Waits until a series of the metrics is above zero.
    private func awaitMetric(
        _ series: String,
        _ gateway: GatewayProcess,
        _ world: GatewayWorld,
        timeout: Duration = .seconds(20)
    ) async throws {
        try await eventually(series, timeout: timeout) { () -> Bool? in
            // A single answer that is lost or late says nothing about the series.
            guard let lines = try? await metrics(of: gateway, world).split(separator: "\n") else { return nil }
            let line = lines.first { $0.hasPrefix(series) }
            return line.map { !$0.hasSuffix(" 0") } ?? false ? true : nil
        }
    }
}
