import DatabaseSupport
import Foundation
import TestSupport
import Testing
import Transport

@testable import aragora

/// What holds of the environment and of the file `.env`, and what is refused.
@Suite("Settings", .timeLimit(.minutes(5)))
struct SettingsTests {
    private func aragora(
        _ arguments: [String],
        _ settings: [String: String] = [:],
        file: String? = nil,
        in directory: String
    ) async throws -> (exit: ChildProcess.Exit, output: String) {
        if let file { try file.write(toFile: "\(directory)/.env", atomically: true, encoding: .utf8) }
        return try await GatewayProcess.run(
            arguments,
            environment: ["ARAGORA_DATA_DIR": directory].merging(settings) { $1 },
            directory: directory
        )
    }

    @Test("A file with comments, quotes and the line ends of Windows is read like any other")
    func file() async throws {
        try await withTemporaryDirectory { directory in
            let file =
                "# our gateway\r\n\r\nexport ARAGORA_API_TOKEN=\"a token\" # ours\r\nARAGORA_DEFAULT_ROUNDS = '3'\r\n"
                + "ARAGORA_MAX_CONCURRENT_DEBATES=5 # at once\r\nARAGORA_LOG_LEVEL= # the usual\r\n"
            try file.write(toFile: "\(directory)/.env", atomically: true, encoding: .utf8)
            let gateway = try await GatewayProcess.start(
                environment: ["ARAGORA_DATA_DIR": directory],
                directory: directory
            )
            let client = HTTPClient(logger: .silent)
            defer { client.shutdown() }
            let url = gateway.url + "/api/v1/debates"
            let known = HTTPRequest(url: url, headers: [("Authorization", "Bearer a token")], timeout: .seconds(10))
            #expect(try await client.send(known).status == 200)
            #expect(try await client.send(HTTPRequest(url: url, timeout: .seconds(10))).status == 401)
            #expect(try await gateway.terminate() == .exited(0))
        }
    }

    @Test(
        "What is no setting is refused, with its name",
        arguments: [
            ("OPENAI_API_KY=x", "There is no setting OPENAI_API_KY, which .env sets."),
            ("# one\nARAGORA_LOG_LEVEL", "Line 2 of .env is no `NAME=value`."),
            ("\nARAGORA_API_TOKEN=\"unclosed", "Line 2 of .env has a quote that is not closed."),
            ("ARAGORA_PUBLIC_URL=nowhere", "ARAGORA_PUBLIC_URL takes an absolute http or https URL"),
            ("SUPABASE_URL=https://a.supabase.co", "SUPABASE_URL alone reaches no database. Set DATABASE_URL"),
        ]
    )
    func refusedFile(file: String, message: String) async throws {
        try await withTemporaryDirectory { directory in
            let run = try await aragora(["serve", "--port", "0"], file: file, in: directory)
            #expect(run.exit == .exited(1) && run.output.contains("error: \(message)"), "\(run.output)")
        }
    }

    @Test("A value of which a part is quoted is taken as it stands")
    func partlyQuoted() throws {
        let text = "ARAGORA_MAIL_FROM=\"Aragora\" <aragora@example.org> # ours\nARAGORA_SMTP_PASSWORD='a'b"
        let file = try EnvironmentFile(text: text, name: ".env")
        #expect(file.values["ARAGORA_MAIL_FROM"] == "\"Aragora\" <aragora@example.org>")
        #expect(file.values["ARAGORA_SMTP_PASSWORD"] == "'a'b")
    }

    @Test("A comment behind a value is no part of it, within quotes it is no comment", arguments: ["'", "\""])
    func comments(quote: String) async throws {
        try await withTemporaryDirectory { directory in
            let token = "\(quote)a # b\(quote)"
            let file = "ARAGORA_API_TOKEN=\(token) # it's \(quote)ours\(quote)\nARAGORA_DEFAULT_ROUNDS=3 # rounds"
            try file.write(toFile: "\(directory)/.env", atomically: true, encoding: .utf8)
            let gateway = try await GatewayProcess.start(
                environment: ["ARAGORA_DATA_DIR": directory],
                directory: directory
            )
            let client = HTTPClient(logger: .silent)
            defer { client.shutdown() }
            let request = HTTPRequest(
                url: gateway.url + "/api/v1/debates",
                headers: [("Authorization", "Bearer a # b")],
                timeout: .seconds(10)
            )
            #expect(try await client.send(request).status == 200)
            #expect(try await gateway.terminate() == .exited(0))
        }
    }

    @Test("A variable wins over the file, and a misspelt one is refused")
    func variables() async throws {
        try await withTemporaryDirectory { directory in
            let file = "ARAGORA_PUBLIC_URL=nowhere"
            let better = ["ARAGORA_PUBLIC_URL": "https://aragora.example", "ARAGORA_API_TOKEN": "a-token"]
            let run = try await aragora(["doctor"], better, file: file, in: directory)
            #expect(run.exit == .exited(0), "\(run.output)")
            let misspelt = try await aragora(["doctor"], ["ARAGORA_API_TOKN": "x"], file: "", in: directory)
            #expect(misspelt.exit == .exited(1))
            #expect(misspelt.output.contains("There is no setting ARAGORA_API_TOKN"), "\(misspelt.output)")
        }
    }

    @Test("Another address than this machine's own needs a token", arguments: ["0.0.0.0", "::"])
    func openDoor(host: String) async throws {
        try await withTemporaryDirectory { directory in
            let run = try await aragora(["serve", "--port", "0", "--host", host], in: directory)
            #expect(run.exit == .exited(1), "\(run.output)")
            #expect(run.output.contains("Listening on \(host) would let anybody use the API. Set ARAGORA_API_TOKEN"))
        }
    }

    @Test("Doctor says which encryption key is missed, and the next start seals anew with a new one")
    func encryptionKeys() async throws {
        let old = "old:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
        let new = "new:HxwdHhsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQA="
        func doctor(_ keys: String, _ directory: String) async throws -> (exit: ChildProcess.Exit, output: String) {
            let settings = ["ARAGORA_ENCRYPTION_KEYS": keys, "ARAGORA_API_TOKEN": "a-token"]
            return try await aragora(["doctor"], settings, in: directory)
        }
        try await withTemporaryDirectory { directory in
            #expect(try await aragora(["migrate"], ["ARAGORA_ENCRYPTION_KEYS": old], in: directory).exit == .exited(0))
            let first = try await doctor(old, directory)
            #expect(first.exit == .exited(0) && first.output.contains("Signed with the public key"), "\(first.output)")
            #expect(first.output.contains("All are sealed with the encryption key old."), "\(first.output)")

            let wrong = try await doctor(new, directory)
            #expect(wrong.exit == .exited(1) && !wrong.output.contains("Signed with"), "\(wrong.output)")
            #expect(wrong.output.contains("PROBLEM  Receipts: A stored secret needs the encryption key old"))

            let between = try await doctor("\(new),\(old)", directory)
            #expect(between.output.contains("warning  Secrets: Some are still sealed with old."), "\(between.output)")
            let gateway = try await GatewayProcess.start(
                environment: ["ARAGORA_DATA_DIR": directory, "ARAGORA_ENCRYPTION_KEYS": "\(new),\(old)"],
                directory: directory
            )
            #expect(try await gateway.terminate() == .exited(0))
            let after = try await doctor(new, directory)
            #expect(after.exit == .exited(0), "\(after.output)")
            let key = try #require(first.output.split(separator: "\n").first { $0.contains("Signed with") })
            #expect(after.output.contains(key), "\(after.output)")
        }
    }
}
