import CoreTypes
import DatabaseSupport
import TestSupport
import Testing
import Transport

/// `aragora ask`, the program itself, with a panel of three models at a fake provider.
@Suite("Asking in the terminal", .timeLimit(.minutes(5)))
struct AskCommandTests {
    /// Runs a body with a provider and what the program needs to ask it.
    private static func with(
        _ behaviour: FakeModelServer.Behaviour = .instant,
        _ body: (FakeModelServer, [String: String]) async throws -> Void
    ) async throws {
        try await FakeModelServer.withServer(behaviour) { models, port in
            try await withTemporaryDirectory { directory in
                var environment = FakeModelServer.configuration(port: port, models: ["one", "two", "three"])
                environment["OPENAI_API_KEY"] = "a-key-for-the-fake"
                environment["OPENROUTER_BASE_URL"] = "http://127.0.0.1:\(port)/v1"
                environment["ARAGORA_DATA_DIR"] = directory
                environment["ARAGORA_DEFAULT_ROUNDS"] = "1"
                environment["ARAGORA_DEFAULT_CONSENSUS"] = "majority"
                try await body(models, environment)
            }
        }
    }

    @Test("A debate that failed ends the command with exit code 1")
    func failed() async throws {
        try await Self.with(.unauthorized) { _, environment in
            let asked = try await GatewayProcess.run(["ask", "Ship?"], environment: environment)
            #expect(asked.output.contains("The debate ended as failed."), "\(asked.output)")
            #expect(asked.exit == .exited(1))
        }
    }

    @Test("A debate that waits says where it is answered")
    func waiting() async throws {
        try await withTemporaryDirectory { directory in
            let environment = [
                "ARAGORA_DATA_DIR": directory,
                "ARAGORA_BREAKPOINTS": #"{"triggers":["round_limit"],"round_limit":1}"#,
            ]
            let process = try ChildProcess(GatewayProcess.executable, ["ask", "Ship?"], environment: environment)
            try await eventually("the notice") { process.output.contains("`aragora approvals list`") ? true : nil }
            #expect(process.output.contains("Waiting for people: 1 round was held."), "\(process.output)")
            #expect(process.output.contains("/approvals"))
            try await process.killNow()
        }
    }

    @Test("Where another model stands in, the terminal, the API and the log name it")
    func standIn() async throws {
        try await Self.with { models, settings in
            await models.script("one", .quotaExceeded)
            var environment = settings
            environment["OPENROUTER_API_KEY"] = "another-key"
            environment["OPENROUTER_MODEL"] = "other/model"
            let asked = try await GatewayProcess.run(["ask", "Ship?"], environment: environment)
            #expect(asked.exit == .exited(0))
            #expect(asked.output.contains("openai-one (answered by other/model) proposes:"), "\(asked.output)")
            #expect(asked.output.contains("openai-two proposes:"))
            try await Self.checkGateway(environment)
        }
    }

    /// Has a gateway hold the same debate, and looks at what it tells.
    private static func checkGateway(_ environment: [String: String]) async throws {
        let gateway = try await GatewayProcess.start(environment: environment)
        let client = HTTPClient(logger: .silent)
        defer { client.shutdown() }
        let api = "\(gateway.url)/api/v1"
        let question: JSONValue = ["task": "Ship?"]
        let asked = try await client.send(
            HTTPRequest(
                method: "POST",
                url: "\(api)/debates",
                headers: [("Content-Type", "application/json")],
                body: question.bytes
            )
        )
        let id = try #require(try JSONValue(parsing: asked.body)["id"]?.string)
        let debate = try await eventually("the verdict") { () -> JSONValue? in
            let answer = try await client.send(HTTPRequest(url: "\(api)/debates/\(id)"))
            let debate = try JSONValue(parsing: answer.body)
            return debate["status"] == "completed" ? debate : JSONValue?.none
        }
        let panel = try #require(debate["panel"]?.array)
        #expect(panel.map { $0["fallback_model"]?.string } == ["other/model", nil, nil])
        #expect(try await gateway.terminate() == .exited(0))
        let line = gateway.process.output.split(separator: "\n").first { $0.contains("a model is replaced") }
        let words = try #require(line)
        for word in ["agent=openai-one", "model=one", "substitute=other/model"] {
            #expect(words.contains(word), "\(words)")
        }
    }
}
