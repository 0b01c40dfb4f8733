import CoreTypes
import DatabaseSupport
import Foundation
import Persistence
import TestSupport
import Testing
import Transport

/// Who decides and how, as the operator has set it, in the real program.
@Suite("Rules of decisions", .timeLimit(.minutes(5)))
struct ApprovalRuleTests {
    @Test("The policy of releases holds, and whoever asked is its requester", arguments: DatabaseEngine.allCases)
    func policy(engine: DatabaseEngine) async throws {
        let settings = [
            "ARAGORA_BREAKPOINTS": #"{"triggers":["verdict_release"]}"#,
            "ARAGORA_BREAKPOINT_POLICY": #"{"quorum":2,"not_the_requester":true,"expires_in":7200}"#,
        ]
        try await GatewayWorld.with(engine, settings: settings) { world in
            let gateway = try await world.start()
            let asked = SlackPayloads.standard.mention("Ship?", ts: "1760000000.000100")
            #expect(await world.send(asked, to: gateway) == 200)
            let row = try await eventually("a request to people", timeout: .seconds(60)) {
                try await world.look { database -> (JSONValue, String)? in
                    try await database.run("select policy_json, requester_id from approval_requests").first.map {
                        (try $0.json("policy_json"), try $0.text("requester_id"))
                    }
                }
            }
            #expect(row.1 == "slack:\(SlackPayloads.standard.user)")
            #expect(row.0["quorum"] == 2 && row.0["not_the_requester"] == true)
            #expect(row.0["expires_in"] == 7200 && row.0["remind_in"] == 3600)
            #expect(try await gateway.terminate() == .exited(0))
        }
    }

    @Test("A policy that is misspelt, and breakpoints that are none, are errors at the start")
    func wrong() async throws {
        try await withTemporaryDirectory { directory in
            for (name, value, word) in [
                ("ARAGORA_PUBLICATION_POLICY", #"{"quorom":2}"#, "quorom"),
                ("ARAGORA_BREAKPOINT_POLICY", "2", "has to be an object"),
                ("ARAGORA_BREAKPOINTS", #"{"round_limit":0}"#, "round_limit"),
                ("ARAGORA_BREAKPOINTS", "never", "deadlock"),
            ] {
                let environment = ["ARAGORA_DATA_DIR": directory, name: value]
                let (exit, output) = try await GatewayProcess.run(["doctor"], environment: environment)
                #expect(exit != .exited(0) && output.contains(name) && output.contains(word), "\(output)")
            }
        }
    }

    @Test("Doctor says which approvers cannot be asked")
    func doctor() async throws {
        try await withTemporaryDirectory { directory in
            func doctor(_ approvers: String) async throws -> String {
                let environment = ["ARAGORA_DATA_DIR": directory, "ARAGORA_PUBLICATION_APPROVERS": approvers]
                _ = try await GatewayProcess.run(["migrate"], environment: environment)
                return try await GatewayProcess.run(["doctor"], environment: environment).output
            }
            let lost = try await doctor("slack:U012,role:press")
            #expect(lost.contains("warning  Approvers: ARAGORA_PUBLICATION_APPROVERS names slack:U012, who"), "\(lost)")
            #expect(try await !doctor("role:press").contains("Approvers: "))
        }
    }

    @Test("People of the one connected Slack are asked, whoever asks", arguments: DatabaseEngine.allCases)
    func oneWorkspace(engine: DatabaseEngine) async throws {
        try await GatewayWorld.with(engine) { world in
            let gateway = try await world.start()
            let user = SlackPayloads.standard.user
            let body: JSONValue = ["title": "Ship?", "approvers": [.string("slack:\(user)")]]
            let id = try await eventually("the workspace of the bot token") { () -> String? in
                let made = try await world.call(gateway, "/approvals", body)
                return made.status == 201 ? try JSONValue(parsing: made.body)["id"]?.string : nil
            }
            try await eventually("the prompt", timeout: .seconds(60)) {
                await world.slack.posts.contains { $0.plainText.contains("Ship?") } ? true : nil
            }
            let detail = try await eventually("its arrival") { () -> JSONValue? in
                let detail = try await world.look(at: "/approvals/\(id)", gateway)
                let shown = detail["prompts"]?.array?.first?["shown"]?.string ?? ""
                return shown.isEmpty ? JSONValue?.none : detail
            }
            #expect(detail["workspace"] == "local" && detail["prompts"]?.array?.first?["state"] == "open")
            // A message has its author's id alone: people read a name, and the id is kept beside it.
            var payloads = SlackPayloads.standard
            payloads.directChannel = "D\(user.dropFirst())"
            let ts = await world.slack.say("1", channel: payloads.directChannel, user: user)
            #expect(await world.send(payloads.directMessage("1", ts: ts), to: gateway) == 200)
            let decided = try await eventually("the decision") { () -> JSONValue? in
                let detail = try await world.look(at: "/approvals/\(id)", gateway)
                return detail["status"] == "approved" ? detail : JSONValue?.none
            }
            #expect(decided["summary"]?.string?.hasPrefix("approved by Alice at") == true, "\(decided)")
            #expect(decided["decisions"]?.array?.first?["identity"]?.string == "slack:\(user)")
            #expect(try await gateway.terminate() == .exited(0))
        }
    }

    @Test("What became of a publication is said where it was shown", arguments: DatabaseEngine.allCases)
    func news(engine: DatabaseEngine) async throws {
        let emulator = try ChildProcess(GatewayProcess.executable, ["emulate", "x", "--port", "0"])
        defer { emulator.send(SIGTERM) }
        let settings = try await eventually("the emulator's settings") { () -> [String: String]? in
            let lines = emulator.output.split(separator: "\n").filter { $0.hasPrefix("X_") }
            guard lines.count == 7 else { return nil }
            return Dictionary(
                lines.map { line in
                    let halves = line.split(separator: "=", maxSplits: 1).map(String.init)
                    return (halves[0], halves[1])
                }
            ) { first, _ in first }
        }
        try await GatewayWorld.with(engine, settings: settings) { world in
            let gateway = try await world.start()
            #expect(
                await world.send(SlackPayloads.standard.mention("Ship?", ts: "1760000000.000100"), to: gateway) == 200
            )
            try await world.awaitVerdicts(1)
            let debate = try await world.look { database in
                try await database.run("select debate_id from debates").first?.text("debate_id") ?? ""
            }
            let drafted = try await world.call(
                gateway,
                "/publications",
                ["debate_id": .string(debate), "platform": "x"],
                headers: [("Idempotency-Key", "k1")]
            )
            let id = try #require(try JSONValue(parsing: drafted.body)["id"]?.string)
            let previewed = try await world.call(gateway, "/publications/\(id)/preview", [:])
            let hash = try #require(try JSONValue(parsing: previewed.body)["content_hash"])
            try await eventually("the preview", timeout: .seconds(60)) {
                await world.slack.posts.contains { $0.plainText.contains("Nothing is out yet") } ? true : nil
            }
            let released = try await world.call(gateway, "/publications/\(id)/release", ["content_hash": hash])
            #expect(released.status == 202)
            let said = try await eventually("the news", timeout: .seconds(60)) {
                let posts = await world.slack.posts.map(\.plainText)
                let isEdited = !posts.contains { $0.contains("Nothing is out yet") }
                let news = posts.filter { $0.contains("Published on X.") }
                return isEdited && news.count >= 2 ? news : nil
            }
            // Once beside the preview, which says it too.
            #expect(said.count == 2 && said.allSatisfy { $0.contains("https://x.com/i/status/") }, "\(said)")
            #expect(try await gateway.terminate() == .exited(0))
        }
    }
}
