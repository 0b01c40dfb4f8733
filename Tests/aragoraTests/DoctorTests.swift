import CoreTypes
import DatabaseSupport
import Foundation
import Persistence
import TestSupport
import Testing
import Transport

/// What `doctor` finds where an installation does not open, and where it does not write.
@Suite("Doctor", .timeLimit(.minutes(5)))
struct DoctorTests {
    private typealias Run = (exit: ChildProcess.Exit, output: String)

    private func aragora(_ arguments: [String], _ settings: [String: String] = [:], in directory: String) async throws
        -> Run
    {
        let environment = ["ARAGORA_DATA_DIR": directory].merging(settings) { $1 }
        return try await GatewayProcess.run(arguments, environment: environment)
    }

    @Test("A file that is no database is one problem among the findings, and the same is said at the start")
    func opening() async throws {
        try await withTemporaryDirectory { directory in
            let path = "\(directory)/\(DatabaseConfiguration.fileName)"
            try String(repeating: "no database\n", count: 400).write(toFile: path, atomically: true, encoding: .utf8)
            let run = try await aragora(["doctor"], in: directory)
            #expect(run.exit == .exited(1))
            #expect(run.output.contains("PROBLEM  Start: The file \(path) is no SQLite database"), "\(run.output)")
            #expect(run.output.contains("warning  API: No token is set"), "\(run.output)")
            #expect(run.output.contains("warning  Panel: Offline demo agents"), "\(run.output)")
            let serve = try await aragora(["serve", "--port", "0"], in: directory)
            #expect(serve.exit == .exited(1))
            #expect(serve.output.contains("error: The file \(path) is no SQLite database"), "\(serve.output)")
        }
    }

    @Test("All mistakes in the settings are found at once")
    func mistakes() async throws {
        try await withTemporaryDirectory { directory in
            let settings = [
                "ARAGORA_DEFAULT_ROUNDS": "many", "ARAGORA_LOG_LEVEL": "loud", "ARAGORA_PUBLIC_URL": "nowhere",
                "ARAGORA_AGENTS": "nobody", "ARAGORA_PORT": "http", "ARAGORA_MAX_OUTPUT_TOKENS": "many",
            ]
            let run = try await aragora(["doctor"], settings, in: directory)
            #expect(run.exit == .exited(1))
            for name in settings.keys {
                let lines = run.output.split(separator: "\n").filter { $0.contains("PROBLEM") && $0.contains(name) }
                #expect(lines.count == 1, "\(name): \(run.output)")
            }
        }
    }

    @Test("A bot token without the signing secret leaves Slack unmounted and hides nothing")
    func slack() async throws {
        try await withTemporaryDirectory { directory in
            let settings = ["SLACK_BOT_TOKEN": "xoxb-hidden", "ARAGORA_API_TOKEN": "a-token"]
            let run = try await aragora(["doctor"], settings, in: directory)
            #expect(run.exit == .exited(1))
            #expect(run.output.contains("PROBLEM  Slack: SLACK_BOT_TOKEN is set, but"), "\(run.output)")
            #expect(run.output.contains("ok       Database: sqlite answers."), "\(run.output)")
            #expect(!run.output.contains("hidden"))
            let gateway = try await GatewayProcess.start(
                environment: ["ARAGORA_DATA_DIR": directory].merging(settings) { $1 },
                directory: directory
            )
            #expect(gateway.process.output.contains("Set SLACK_SIGNING_SECRET"), "\(gateway.process.output)")
            #expect(try await gateway.terminate() == .exited(0))
        }
    }

    @Test("A lost key file is named, and no other is made in its place")
    func keyFile() async throws {
        try await withTemporaryDirectory { directory in
            let gateway = try await GatewayProcess.start(
                environment: ["ARAGORA_DATA_DIR": directory],
                directory: directory
            )
            #expect(try await gateway.terminate() == .exited(0))
            let path = "\(directory)/\(KeyFile.name)"
            try FileManager.default.removeItem(atPath: path)
            for arguments in [["doctor"], ["serve", "--port", "0"]] {
                let run = try await aragora(arguments, in: directory)
                #expect(run.exit == .exited(1))
                #expect(run.output.contains("The key file \(path) is missing"), "\(run.output)")
                #expect(!FileManager.default.fileExists(atPath: path))
            }
        }
    }

    @Test("A database that answers and takes nothing is a problem, and no process on it is ready")
    func writing() async throws {
        try await withTemporaryDirectory { directory in
            let gateway = try await GatewayProcess.start(
                environment: ["ARAGORA_DATA_DIR": directory],
                directory: directory
            )
            let database = try openDatabase(
                .sqlite(path: "\(directory)/\(DatabaseConfiguration.fileName)"),
                logger: .silent
            )
            try await database.run(
                "create trigger no_room before insert on leases begin select raise(abort, 'no room'); end"
            )
            await database.close()
            let client = HTTPClient(logger: .silent)
            defer { client.shutdown() }
            let answer = try await client.send(HTTPRequest(url: gateway.url + "/readyz", timeout: .seconds(10)))
            #expect(answer.status == 503)
            let run = try await aragora(["doctor"], in: directory)
            #expect(run.exit == .exited(1) && run.output.contains("PROBLEM  Database: "), "\(run.output)")
            #expect(try await gateway.terminate() == .exited(0))
        }
    }

    @Test("A database file that may only be read is refused at the start, with what to do")
    func readOnlyFile() async throws {
        try await withTemporaryDirectory { directory in
            #expect(try await aragora(["migrate"], in: directory).exit == .exited(0))
            let path = "\(directory)/\(DatabaseConfiguration.fileName)"
            let files = FileManager.default
            try files.setAttributes([.posixPermissions: 0o444], ofItemAtPath: path)
            try files.setAttributes([.posixPermissions: 0o777], ofItemAtPath: directory)
            for arguments in [["doctor"], ["serve", "--port", "0"]] {
                // Root may write every file.
                let asNobody = ["/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
                let command = (getuid() == 0 ? asNobody : []) + [GatewayProcess.executable] + arguments
                let process = try ChildProcess(
                    command[0],
                    Array(command.dropFirst()),
                    environment: ["ARAGORA_DATA_DIR": directory]
                )
                #expect(try await process.waitForExit(timeout: .seconds(60)) == .exited(1))
                let output = process.output
                #expect(output.contains("The database file \(path) cannot be written: "), "\(output)")
                #expect(output.contains("chmod u+rw"), "\(output)")
            }
        }
    }

    @Test("A process goes on beside a newer schema, and not with one that was changed")
    func schema() async throws {
        try await withTemporaryDirectory { directory in
            let gateway = try await GatewayProcess.start(
                environment: ["ARAGORA_DATA_DIR": directory],
                directory: directory
            )
            let client = HTTPClient(logger: .silent)
            defer { client.shutdown() }
            let readiness = HTTPRequest(url: gateway.url + "/readyz", timeout: .seconds(10))
            let database = try openDatabase(
                .sqlite(path: "\(directory)/\(DatabaseConfiguration.fileName)"),
                logger: .silent
            )
            try await database.run("insert into schema_migrations values ('9999_future', 'x', 1)")
            let beside = try await client.send(readiness)
            #expect(beside.status == 200 && words(beside).contains("newer: 9999_future"), "\(words(beside))")
            let run = try await aragora(["doctor"], in: directory)
            #expect(run.output.contains("PROBLEM  Schema: The database has the migration 9999_future"), "\(run.output)")

            try await database.run("update schema_migrations set checksum = 'x' where name = '0001_house'")
            await database.close()
            let changed = try await client.send(readiness)
            #expect(changed.status == 503 && words(changed).contains("changed; see"), "\(words(changed))")
            #expect(!words(changed).contains("unusable"), "\(words(changed))")
            #expect(try await gateway.terminate() == .exited(0))
        }
    }

    private func words(_ response: HTTPResponse) -> String { String(decoding: response.body, as: UTF8.self) }

    @Test("What Postgres said is a finding, without the password")
    func postgres() async throws {
        let url = try PostgresTestServer().url.reveal()
        let stranger = "\(url)\(url.contains("?") ? "&" : "?")user=aragora_nobody&password=hunter2"
        try await withTemporaryDirectory { directory in
            let key = ["ARAGORA_ENCRYPTION_KEYS": "old:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="]
            let run = try await aragora(["doctor"], key.merging(["DATABASE_URL": stranger]) { $1 }, in: directory)
            #expect(run.exit == .exited(1))
            #expect(run.output.contains("PROBLEM  Database: Cannot connect to Postgres: "), "\(run.output)")
            #expect(run.output.contains("aragora_nobody"), "\(run.output)")
            #expect(!run.output.contains("hunter2"))
        }
    }

    @Test(
        "A model that nothing switches on is found, with what is missing",
        arguments: [
            ("OLLAMA_MODEL", "OLLAMA_BASE_URL"), ("LM_STUDIO_MODEL", "LM_STUDIO_BASE_URL"),
            ("ANTHROPIC_MODEL", "ANTHROPIC_API_KEY"),
        ]
    )
    func models(name: String, missing: String) async throws {
        try await withTemporaryDirectory { directory in
            let run = try await aragora(["doctor"], [name: "some-model"], in: directory)
            #expect(run.output.contains("warning  Panel: \(name) is set, but"), "\(run.output)")
            #expect(run.output.contains("\(missing) is not set."), "\(run.output)")
        }
    }
}
