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
    /// How many are asked by a letter.
    private static let readers = 30
    private static let kills = 4

    @Test(
        "One outcome, one chain that verifies, and no answer that was acknowledged is lost",
        arguments: DatabaseEngine.allCases
    )
    func killedWhileACrowdDecides(engine: DatabaseEngine) async throws {
        let seed = ProcessInfo.processInfo.environment["ARAGORA_TEST_SEED"].flatMap { UInt64($0) } ?? 20_261_123
        let mail = try await MailServer.start()
        let settings = [
            "ARAGORA_SMTP_URL": "smtp://127.0.0.1:\(mail.port)", "ARAGORA_MAIL_FROM": "aragora@example.org",
            "ARAGORA_PUBLIC_URL": Self.publicURL,
        ]
        try await GatewayWorld.with(engine, settings: settings) { world in
            var random = SeededGenerator(seed: seed)
            var gateway = try await world.start()
            let number = try await open(world, gateway)
            let prompt = try await eventually("the prompt") {
                await world.slack.posts.first { $0.text.contains("Ship it?") && !$0.buttons.isEmpty }
            }
            let token = try #require(prompt.buttons["Approve"])
            let links = try await eventually("a letter for each reader") {
                let links = try mail.letters.compactMap { Self.link(in: $0) }
                return links.count == Self.readers ? links : nil
            }
            var unanswered: [Decision] = (0..<Self.crowd).flatMap { person in
                [.press(person, token, prompt.ts), .command(person, number), .page(person), .api(person)]
            }
            unanswered += links.map { .letter($0) }
            unanswered.shuffle(using: &random)
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
        case letter(String)
    }

    /// Where the letters' links lead to.
    private static let publicURL = "https://aragora.example"

    /// The path of the page on which whoever reads a letter decides.
    private static func link(in letter: JSONValue) -> String? {
        letter["body"]?.string?.split(whereSeparator: \.isWhitespace)
            .first { $0.hasPrefix("\(publicURL)/approvals/answer/") }
            .map { String($0.dropFirst(publicURL.count)) }
    }

    private func open(_ world: GatewayWorld, _ gateway: GatewayProcess) async throws -> Int64 {
        let response = try await world.call(
            gateway,
            "/approvals",
            [
                "title": "Ship it?", "question": "May it go out?", "workspace": "slack:T0TEAM0001", "quorum": 3,
                "approvers": .array(
                    ["channel:slack:C0CHANNEL1", "role:operator"]
                        + (0..<Self.readers).map { .string("email:reader\($0)@example.org") }
                ),
                "operation": ["ship": "7"],
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
        case .letter(let path):
            let response = try? await world.client.send(
                HTTPRequest(
                    method: "POST",
                    url: gateway.url + path,
                    headers: [("Content-Type", "application/x-www-form-urlencoded")],
                    body: Array("option=approve".utf8),
                    timeout: .seconds(10)
                )
            )
            // The link alone lets its reader in, so nobody is refused who holds it.
            return response.map { [200, 409].contains($0.status) } ?? false
        }
    }
}
