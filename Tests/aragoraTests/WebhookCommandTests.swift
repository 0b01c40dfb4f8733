import CoreTypes
import DatabaseSupport
import Foundation
import TestSupport
import Testing
import Transport

/// The program itself: what developers of receivers and operators type.
@Suite("Webhooks and keys on the command line", .timeLimit(.minutes(5)))
struct WebhookCommandTests {
    @Test("A key is made, events are listened to with it, and it ends")
    func keysAndListening() async throws {
        try await withTemporaryDirectory { directory in
            let environment = [
                "ARAGORA_DATA_DIR": directory, "ARAGORA_API_TOKEN": "the-operators-token",
                "ARAGORA_WEBHOOK_ALLOW": "127.0.0.1",
            ]
            func aragora(_ arguments: String...) async throws -> (exit: ChildProcess.Exit, output: String) {
                try await GatewayProcess.run(arguments, environment: environment)
            }
            let gateway = try await GatewayProcess.start(environment: environment, arguments: ["--migrate"])
            let client = HTTPClient(logger: .silent)
            defer { client.shutdown() }

            #expect(try await aragora("keys", "list").output.contains("There are no keys."))
            #expect(try await aragora("keys", "create", "ci", "--scopes", "everything").exit != .exited(0))
            let brief = try await aragora("keys", "create", "brief", "--days", "3", "--scopes", "debates:read")
            let briefly = try await aragora("keys", "list").output
            #expect(brief.exit == .exited(0) && briefly.contains("  until 2"), "\(briefly)")
            let briefID = briefly.prefix { $0 != " " }
            #expect(try await aragora("keys", "revoke", String(briefID)).exit == .exited(0))
            // Whoever may answer approvals is named as an approver: here is how.
            let answering = try await aragora("keys", "create", "zap", "--scopes", "approvals:read,approvals:decide")
            let zapID = try #require(
                try await aragora("keys", "list").output.split(separator: "\n").first { $0.contains("  zap  ") }?
                    .prefix { $0 != " " }
            )
            #expect(answering.output.contains("api:key:\(zapID)"), "\(answering.output)")
            let made = try await aragora("keys", "create", "ci")
            #expect(made.exit == .exited(0), "\(made.output)")
            let key = try #require(made.output.split(separator: "\n").first { $0.hasPrefix("ara_") }.map { String($0) })
            let listed = try await aragora("keys", "list").output
            #expect(listed.contains("  valid  local  ci  ") && !listed.contains(key.dropFirst(4)), "\(listed)")
            let line = try #require(listed.split(separator: "\n").first { $0.contains("  ci  ") })
            let id = String(line.prefix { $0 != " " })
            func call(_ method: String, _ path: String, _ body: JSONValue? = nil) async throws -> HTTPResponse {
                try await client.send(
                    HTTPRequest(
                        method: method,
                        url: gateway.url + "/api/v1" + path,
                        headers: [("Authorization", "Bearer \(key)"), ("Content-Type", "application/json")],
                        body: body?.bytes ?? []
                    )
                )
            }
            func webhooks() async throws -> Int64? {
                try JSONValue(parsing: try await call("GET", "/webhooks").body)["total"]?.integer
            }

            let listener = try ChildProcess(
                GatewayProcess.executable,
                ["webhooks", "listen", "--url", gateway.url, "--events", "debate_start,vote,verdict,debate_end"],
                environment: ["ARAGORA_API_TOKEN": key]
            )
            try await eventually("the listener") { listener.output.contains("Listening") ? true : nil }
            #expect(try await webhooks() == 1)
            #expect(try await call("POST", "/debates", ["task": "Tabs or spaces?", "rounds": 1]).status == 201)
            try await eventually("the debate's end: \(listener.output)") {
                listener.output.contains(" debate_end (signature valid)") ? true : nil
            }
            for type in ["debate_start", "vote", "verdict"] {
                #expect(listener.output.contains(" \(type) (signature valid)"), "\(listener.output)")
            }
            #expect(!listener.output.contains("NOT valid"))
            listener.send(SIGTERM)
            #expect(try await listener.waitForExit() == .exited(0), "\(listener.output)")
            #expect(try await webhooks() == 0)

            #expect(try await aragora("keys", "revoke", id).exit == .exited(0))
            #expect(try await aragora("keys", "revoke", id).exit == .exited(1))
            #expect(try await aragora("keys", "list").output.contains("  revoked  "))
            #expect(try await call("GET", "/webhooks").status == 401)
            _ = try await gateway.terminate()
        }
    }

    @Test("A gateway that may not reach this machine says so")
    func refusedListening() async throws {
        try await withTemporaryDirectory { directory in
            let gateway = try await GatewayProcess.start(
                environment: ["ARAGORA_DATA_DIR": directory],
                arguments: ["--migrate"]
            )
            let refused = try await GatewayProcess.run(["webhooks", "listen", "--url", gateway.url])
            #expect(refused.exit == .exited(1))
            #expect(refused.output.contains("unless the operator opens its address"), "\(refused.output)")
            _ = try await gateway.terminate()
        }
    }

    @Test("A payload is checked as the specification's own vector says")
    func verifying() async throws {
        try await withTemporaryDirectory { directory in
            let file = "\(directory)/body.json"
            try Data(#"{"test": 2432232314}"#.utf8).write(to: URL(filePath: file))
            let arguments = [
                "webhooks", "verify", file, "--id", "msg_p5jXN8AQM9LWM0D4loKWxJek", "--timestamp", "1614265330",
                "--signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
            ]
            func verify(_ more: String...) async throws -> (exit: ChildProcess.Exit, output: String) {
                try await GatewayProcess.run(
                    arguments + more,
                    environment: ["WEBHOOK_SECRET": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]
                )
            }
            let good = try await verify("--ignore-age")
            #expect(good.exit == .exited(0) && good.output == "valid\n", "\(good.output)")
            let old = try await verify()
            #expect(old.exit == .exited(1) && old.output.contains("NOT valid"), "\(old.output)")
            let foreign = try await verify("--ignore-age", "--secret", "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
            #expect(foreign.exit == .exited(1) && foreign.output.contains("NOT valid"), "\(foreign.output)")
            let wrong = try await verify("--ignore-age", "--secret", "nothing")
            #expect(wrong.exit == .exited(1), "\(wrong.output)")
        }
    }
}
