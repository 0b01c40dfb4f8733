import CoreTypes
import DatabaseSupport
import Foundation
import Persistence
import TestSupport
import Testing
import Transport

/// The real program is killed while a crowd decides.
@Suite("kill -9 while people decide")
struct ApprovalKillTests {
    private static let crowd = 60
    private static let kills = 4

    @Test(
        "One outcome, one chain that verifies, and no answer that was acknowledged is lost",
        arguments: DatabaseEngine.allCases
    )
    func killedWhileACrowdDecides(engine: DatabaseEngine) async throws {
        let seed = ProcessInfo.processInfo.environment["ARAGORA_TEST_SEED"].flatMap { UInt64($0) } ?? 20_261_123
        try await GatewayWorld.with(engine) { world in
            var random = SeededGenerator(seed: seed)
            var gateway = try await world.start()
            let number = try await open(world, gateway)
            let prompt = try await eventually("the prompt") {
                await world.slack.posts.first { $0.text.contains("Ship it?") && !$0.buttons.isEmpty }
            }
            let token = try #require(prompt.buttons["Approve"])
            var unanswered: [Decision] = (0..<Self.crowd).flatMap { person in
                [.press(person, token, prompt.ts), .command(person, number), .page(person), .api(person)]
            }
            var wasInTheMiddle = false
            for _ in 1...Self.kills {
                let before = unanswered.count
                let delay = Int.random(in: 0...120, using: &random)
                let process = gateway.process
                unanswered = await decide(unanswered, number, world, gateway) {
                    try? await Task.sleep(for: .milliseconds(delay))
                    process.send(SIGKILL)
                }
                if !unanswered.isEmpty, unanswered.count < before { wasInTheMiddle = true }
                try await gateway.kill()
                gateway = try await world.start()
            }
            #expect(wasInTheMiddle, "seed \(seed): no kill came while some were answered and others not.")
            // Whoever got no answer asks again, as Slack and every client do.
            #expect(await decide(unanswered, number, world, gateway, meanwhile: {}).isEmpty)
            try await eventually("an empty inbox") {
                try await world.count("inbox where status = 0") == 0 ? true : nil
            }
            #expect(try await world.count("approval_requests where status = 'approved'") == 1)
            #expect(try await world.count("approval_decisions") == 3)
            try await eventually("the prompt's last state", timeout: .seconds(60)) {
                await world.slack.posts.first { $0.ts == prompt.ts }?.plainText.contains("3 of 3") == true ? true : nil
            }
            #expect(gateway.process.exit == nil)
            try await gateway.kill()
            let verified = try await world.run("approvals", "verify")
            #expect(verified.exit == .exited(0), "seed \(seed): \(verified.output)")
        }
    }

    /// One person's answer on one surface.
    private enum Decision {
        case press(Int, String, String)
        case command(Int, Int64)
        case page(Int)
        case api(Int)
    }

    private func open(_ world: GatewayWorld, _ gateway: GatewayProcess) async throws -> Int64 {
        let response = try await world.call(
            gateway,
            "/approvals",
            [
                "title": "Ship it?", "question": "May it go out?", "workspace": "slack:T0TEAM0001", "quorum": 3,
                "approvers": ["channel:slack:C0CHANNEL1", "role:operator"], "operation": ["ship": "7"],
            ]
        )
        return try #require(JSONValue(parsing: response.body)["number"]?.integer)
    }

    /// Sends answers side by side while something else happens.
    /// - Returns: those that got no answer.
    private func decide(
        _ decisions: [Decision],
        _ number: Int64,
        _ world: GatewayWorld,
        _ gateway: GatewayProcess,
        meanwhile: @escaping @Sendable () async -> Void
    ) async -> [Decision] {
        await withTaskGroup(of: Decision?.self) { group in
            for decision in decisions {
                group.addTask { await send(decision, number, world, gateway) ? nil : decision }
            }
            group.addTask {
                await meanwhile()
                return nil
            }
            return await group.reduce(into: []) { left, decision in if let decision { left.append(decision) } }
        }
    }

    /// - Returns: whether there was an answer, whatever it said.
    private func send(
        _ decision: Decision,
        _ number: Int64,
        _ world: GatewayWorld,
        _ gateway: GatewayProcess
    ) async -> Bool {
        var payloads = SlackPayloads.standard
        switch decision {
        case .press(let person, let token, let ts):
            payloads.user = "U0PRESS\(person)"
            return await world.send(payloads.press(token, messageTS: ts, trigger: "1.\(person)"), to: gateway) == 200
        case .command(let person, let number):
            payloads.user = "U0WRITE\(person)"
            return await world.send(payloads.command("approve \(number)", trigger: "2.\(person)"), to: gateway) == 200
        case .page, .api:
            let isPage = if case .page = decision { true } else { false }
            let response = try? await world.call(
                gateway,
                "/approvals/\(number)/decide",
                ["option": "approve"],
                headers: isPage ? [("Sec-Fetch-Site", "same-origin")] : []
            )
            // What is late is an answer as well; a gateway that stops is none.
            return response.map { [200, 403, 409].contains($0.status) } ?? false
        }
    }
}
