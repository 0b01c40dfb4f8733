import CoreTypes
import DatabaseSupport
import Persistence
import TestSupport
import Testing
import Transport

/// A verdict of the real program that waits for its release.
@Suite("Releases")
struct ReleaseTests {
    private static let answer = "The answer is forty-two."

    @Test(
        "A crash before anybody was asked hides nothing from those who decide",
        .timeLimit(.minutes(5)),
        arguments: DatabaseEngine.allCases
    )
    func crash(engine: DatabaseEngine) async throws {
        let settings = ["ARAGORA_BREAKPOINTS": "verdict_release"]
        try await GatewayWorld.with(engine, models: .text(Self.answer), settings: settings) { world in
            var gateway = try await world.start()
            let asked = SlackPayloads.standard.mention("Ship?", ts: "1760000000.000100")
            #expect(await world.send(asked, to: gateway) == 200)
            let first = try await request(world)
            #expect(first.context.contains(Self.answer))
            // The thread from which the verdict is kept is no place to ask whether it may go there.
            #expect(first.policy["approvers"] == ["role:operator"])
            #expect(await !world.slack.posts.contains { $0.plainText.contains(Self.answer) })
            // A debate that waits for people says so.
            for (path, count) in [("?status=paused", 1), ("?status=running", 0), ("/active", 1)] {
                let page = try await world.look(at: "/debates\(path)", gateway)
                #expect(page["total"]?.integer == Int64(count), "\(path)")
                #expect(page["items"]?.array?.first?["status"] ?? "paused" == "paused")
            }
            try await gateway.kill()

            // As after a crash between the breakpoint and the question: the journal waits, and nobody was asked.
            try await world.look { database in
                try await database.run("delete from approval_requests")
                try await database.run("update job_queue set run_at = 0, status = 'pending', lease_until = null")
            }
            gateway = try await world.start()
            let second = try await request(world)
            #expect(second.id != first.id && second.context == first.context)
            #expect(second.hash == first.hash && second.operation == first.operation)

            let decision = try await world.call(gateway, "/approvals/\(second.id)/decide", ["option": "approve"])
            #expect(decision.status == 200)
            try await world.awaitVerdicts(1)
            #expect(await world.slack.posts.contains { $0.plainText.contains(Self.answer) })
            let page = try await world.look(at: "/debates?status=paused", gateway)
            #expect(page["total"] == 0)
            #expect(try await gateway.terminate() == .exited(0))
        }
    }

    @Test("What a program asks for takes no breakpoint of the operator's away", .timeLimit(.minutes(5)))
    func programs() async throws {
        let settings = ["ARAGORA_BREAKPOINTS": "verdict_release"]
        try await GatewayWorld.with(.sqlite, models: .text(Self.answer), settings: settings) { world in
            let gateway = try await world.start()
            let made = try await world.run("keys", "create", "ci").output
            let key = try #require(made.split(separator: "\n").first { $0.hasPrefix("ara_") })
            func call(_ method: String, _ path: String, _ body: JSONValue? = nil) async throws -> HTTPResponse {
                try await world.client.send(
                    HTTPRequest(
                        method: method,
                        url: gateway.url + "/api/v1/debates" + path,
                        headers: [("Authorization", "Bearer \(key)"), ("Content-Type", "application/json")],
                        body: body?.bytes ?? [],
                        timeout: .seconds(10)
                    )
                )
            }
            let choices: [JSONValue] = [
                ["breakpoints": []], ["breakpoints": ["deadlock"]], ["protocol": ["breakpoints": [:]]],
            ]
            for choice in choices {
                var body = choice
                body["task"] = "Ship?"
                #expect(try await call("POST", "", body).status == 201, "\(choice.text)")
            }
            let waiting = try await eventually("debates that wait", timeout: .seconds(60)) {
                let page = try await world.look(at: "/debates?status=paused", gateway)
                return page["total"] == 3 ? page["items"]?.array : nil
            }
            for debate in waiting {
                let id = try #require(debate["id"]?.string ?? debate["debate_id"]?.string)
                let answer = try await call("GET", "/\(id)/consensus")
                #expect(answer.status == 403)
                #expect(try JSONValue(parsing: answer.body)["code"] == "not_released")
            }
            #expect(try await gateway.terminate() == .exited(0))
        }
    }

    @Test("Doctor says that nobody is named who releases verdicts")
    func doctor() async throws {
        try await withTemporaryDirectory { directory in
            func doctor(_ more: [String: String]) async throws -> String {
                let environment = ["ARAGORA_DATA_DIR": directory, "ARAGORA_BREAKPOINTS": "verdict_release"]
                return try await GatewayProcess.run(["doctor"], environment: environment.merging(more) { $1 }).output
            }
            let alone = try await doctor([:])
            #expect(alone.contains("warning  Releases: ") && alone.contains("ARAGORA_BREAKPOINT_APPROVERS"), "\(alone)")
            #expect(try await !doctor(["ARAGORA_BREAKPOINT_APPROVERS": "slack:U012"]).contains("Releases"))
            #expect(try await !doctor(["ARAGORA_BREAKPOINTS": "deadlock"]).contains("Releases"))
        }
    }

    /// What people are asked.
    private struct Question: Sendable {
        let id: String
        let context: String
        let hash: String
        let policy: JSONValue
        let operation: JSONValue
    }

    /// The one request to people, as soon as it is there.
    private func request(_ world: GatewayWorld) async throws -> Question {
        try await eventually("a request to people", timeout: .seconds(60)) {
            try await world.look { database -> Question? in
                let query: SQL = """
                    select request_id, context, operation_hash, policy_json, operation_json from approval_requests
                    """
                guard let row = try await database.run(query).first else { return nil }
                return Question(
                    id: try row.text("request_id"),
                    context: try row.text("context"),
                    hash: try row.text("operation_hash"),
                    policy: try JSONValue(parsing: try row.text("policy_json")),
                    operation: try JSONValue(parsing: try row.text("operation_json"))
                )
            }
        }
    }
}
