import CoreTypes
import DatabaseSupport
import Foundation
import Persistence
import TestSupport
import Testing
import Transport

/// What an operator is told about a configuration that cannot work, and about what `doctor` finds.
@Suite("Starting", .timeLimit(.minutes(5)))
struct StartTests {
    private func aragora(_ arguments: [String], _ settings: [String: String] = [:], in directory: String) async throws
        -> (exit: ChildProcess.Exit, output: String)
    {
        let environment = ["ARAGORA_DATA_DIR": directory].merging(settings) { $1 }
        return try await GatewayProcess.run(arguments, environment: environment)
    }

    @Test(
        "A public address that is none is refused at the start",
        arguments: ["aragora.example.com", "ftp://a.example", "https://", "https://a.example/?x=1", "https://a b"]
    )
    func publicURL(text: String) async throws {
        try await withTemporaryDirectory { directory in
            let run = try await aragora(["serve", "--port", "0"], ["ARAGORA_PUBLIC_URL": text], in: directory)
            #expect(run.exit == .exited(1))
            #expect(run.output.contains("ARAGORA_PUBLIC_URL takes an absolute http or https URL"), "\(run.output)")
        }
    }

    @Test("All mistakes in the settings are told before anything is opened or changed")
    func mistakes() async throws {
        try await withTemporaryDirectory { directory in
            let settings = [
                "ARAGORA_DEFAULT_ROUNDS": "99", "ARAGORA_WEBHOOK_ALLOW": "10.0.0.0/99", "ARAGORA_PUBLIC_URL": "nowhere",
                "ARAGORA_AGENTS": "nobody",
            ]
            let run = try await aragora(["serve", "--port", "0"], settings, in: "\(directory)/data")
            #expect(run.exit == .exited(1))
            for name in settings.keys {
                let lines = run.output.split(separator: "\n").filter { $0.hasPrefix("error: ") && $0.contains(name) }
                #expect(lines.count == 1, "\(name): \(run.output)")
            }
            #expect(!FileManager.default.fileExists(atPath: "\(directory)/data"))
        }
    }

    @Test("A port that is in use and a host that is not ours are said in one line with what to do")
    func listening() async throws {
        try await withTemporaryDirectory { directory in
            let gateway = try await GatewayProcess.start(
                environment: ["ARAGORA_DATA_DIR": "\(directory)/first"],
                directory: directory
            )
            let port = try #require(gateway.url.split(separator: ":").last.map(String.init))
            let second = try await aragora(["serve", "--port", port], in: "\(directory)/second")
            #expect(second.exit == .exited(1))
            #expect(second.output.contains("error: Port \(port) of 127.0.0.1 is in use."), "\(second.output)")
            for host in ["203.0.113.7", "no-such-host.invalid"] {
                let run = try await aragora(
                    ["serve", "--port", "0", "--host", host],
                    ["ARAGORA_API_TOKEN": "a-token"],
                    in: "\(directory)/third"
                )
                #expect(run.exit == .exited(1))
                #expect(run.output.contains("error: ") && run.output.contains("ARAGORA_HOST"), "\(run.output)")
                #expect(!run.output.contains("errno"), "\(run.output)")
            }
            #expect(try await gateway.terminate() == .exited(0))
        }
    }

    @Test("Doctor asks for a token where the gateway is meant to be reached from outside")
    func token() async throws {
        try await withTemporaryDirectory { directory in
            let alone = try await aragora(["doctor"], in: directory)
            #expect(alone.exit == .exited(0) && alone.output.contains("warning  API: No token"), "\(alone.output)")
            let url = ["ARAGORA_PUBLIC_URL": "https://aragora.example/"]
            let open = try await aragora(["doctor"], url, in: directory)
            #expect(open.exit == .exited(1) && open.output.contains("PROBLEM  API: No token"), "\(open.output)")
            let secret = ["SLACK_SIGNING_SECRET": "0123456789abcdef"]
            let slack = try await aragora(["doctor"], secret, in: directory)
            #expect(slack.output.contains("PROBLEM  API: No token"), "\(slack.output)")
            #expect(slack.output.contains("Slack can be heard but not answered"), "\(slack.output)")
            let safe = try await aragora(["doctor"], url.merging(["ARAGORA_API_TOKEN": "t"]) { $1 }, in: directory)
            #expect(safe.exit == .exited(0) && safe.output.contains("A token is set."), "\(safe.output)")
        }
    }

    @Test("A gateway on a platform says what it is without a token", arguments: [nil, "a-token"])
    func withoutToken(token: String?) async throws {
        try await withTemporaryDirectory { directory in
            let settings = ["ARAGORA_DATA_DIR": directory, "SLACK_SIGNING_SECRET": "0123456789abcdef"]
            let gateway = try await GatewayProcess.start(
                environment: settings.merging(token.map { ["ARAGORA_API_TOKEN": $0] } ?? [:]) { $1 },
                directory: directory
            )
            let client = HTTPClient(logger: .silent)
            defer { client.shutdown() }
            let answer = try await client.send(
                HTTPRequest(url: gateway.url + "/api/v1/debates", timeout: .seconds(10))
            )
            #expect(answer.status == (token == nil ? 200 : 401))
            #expect(gateway.process.output.contains("no ARAGORA_API_TOKEN is set") == (token == nil))
            #expect(try await gateway.terminate() == .exited(0))
        }
    }

    @Test("Doctor sees a clock that is behind what was written last")
    func clock() async throws {
        try await withTemporaryDirectory { directory in
            #expect(try await aragora(["migrate"], in: directory).exit == .exited(0))
            let database = try openDatabase(
                .sqlite(path: "\(directory)/\(DatabaseConfiguration.fileName)"),
                logger: .silent
            )
            let later = SystemTime().now() + .seconds(3600)
            try await database.run("update schema_migrations set applied_at = \(later)")
            await database.close()
            let run = try await aragora(["doctor"], in: directory)
            #expect(run.exit == .exited(1) && run.output.contains("PROBLEM  Clock: Is 3"), "\(run.output)")
        }
    }
}
