import CoreTypes
import DatabaseSupport
import Foundation
import Persistence
import TestSupport
import Transport

/// What surrounds the real program in a test: Slack, the models, a database of its own, and whoever sends it requests.
struct GatewayWorld: Sendable {
    let slack: FakeSlack
    let models: FakeModelServer
    let database: DatabaseConfiguration
    let client: HTTPClient
    /// The operator's.
    static let token = "the-operators-token"
    private let directory: String
    private let environment: [String: String]

    /// Sets everything up around a test and takes it down again; the program itself is started by the test.
    /// - Parameters:
    ///   - engine: what keeps the state.
    ///   - behaviour: what the models do.
    ///   - settings: more of the program's configuration.
    static func with(
        _ engine: DatabaseEngine,
        models behaviour: FakeModelServer.Behaviour = .instant,
        settings: [String: String] = [:],
        _ body: (GatewayWorld) async throws -> Void
    ) async throws {
        try await withTemporaryDirectory { directory in
            switch engine {
            case .sqlite:
                let file = DatabaseConfiguration.sqlite(path: "\(directory)/\(DatabaseConfiguration.fileName)")
                try await with(file, directory, behaviour, settings, body)
            case .postgres:
                let server = try PostgresTestServer()
                let name = try await server.create(isMigrated: false)
                let result: Result<Void, any Error>
                do {
                    result = .success(
                        try await with(.postgres(url: server.url(of: name)), directory, behaviour, settings, body)
                    )
                } catch {
                    result = .failure(error)
                }
                try await server.drop(name)
                try result.get()
            }
        }
    }

    /// Sets everything up around a database that the test brings.
    static func with(
        _ database: DatabaseConfiguration,
        _ directory: String,
        _ behaviour: FakeModelServer.Behaviour,
        _ settings: [String: String],
        _ body: (GatewayWorld) async throws -> Void
    ) async throws {
        try await FakeSlack.withServer { slack, slackPort in
            try await FakeModelServer.withServer(behaviour) { models, modelPort in
                var environment = FakeSlack.configuration(port: slackPort)
                environment.merge(
                    FakeModelServer.configuration(port: modelPort, models: ["one", "two", "three"])
                ) { $1 }
                environment["OPENAI_API_KEY"] = "a-key-for-the-fake"
                environment["ARAGORA_DATA_DIR"] = directory
                environment["ARAGORA_API_TOKEN"] = token
                environment["ARAGORA_DEFAULT_ROUNDS"] = "2"
                environment["ARAGORA_DEFAULT_CONSENSUS"] = "majority"
                environment["ARAGORA_LOG_LEVEL"] = "warning"
                if case .postgres(let url) = database { environment["DATABASE_URL"] = url.reveal() }
                environment.merge(settings) { $1 }
                let client = HTTPClient(logger: .silent)
                defer { client.shutdown() }
                try await body(
                    GatewayWorld(
                        slack: slack,
                        models: models,
                        database: database,
                        client: client,
                        directory: directory,
                        environment: environment
                    )
                )
            }
        }
    }

    /// Starts the program and waits until it listens.
    func start() async throws -> GatewayProcess {
        try await GatewayProcess.start(environment: environment, arguments: ["--migrate"], directory: directory)
    }

    /// Runs `aragora serve` where it is expected to end by itself.
    func serveToItsEnd() async throws -> (exit: ChildProcess.Exit, output: String) {
        try await GatewayProcess.run(["serve", "--port", "0"], environment: environment)
    }

    /// What `aragora doctor` says.
    func doctor() async throws -> String { try await run("doctor").output }

    /// Runs a command beside the gateway.
    func run(_ arguments: String...) async throws -> (exit: ChildProcess.Exit, output: String) {
        try await GatewayProcess.run(arguments, environment: environment)
    }

    /// Starts another program with the gateway's configuration.
    func begin(_ program: String, _ arguments: [String]) throws -> ChildProcess {
        try ChildProcess(program, arguments, environment: environment)
    }

    /// Posts to the API as the operator.
    func call(
        _ gateway: GatewayProcess,
        _ path: String,
        _ body: JSONValue,
        headers: [(String, String)] = []
    ) async throws -> HTTPResponse {
        try await client.send(
            HTTPRequest(
                method: "POST",
                url: "\(gateway.url)/api/v1\(path)",
                headers: headers + [
                    ("Content-Type", "application/json"), ("Authorization", "Bearer \(Self.token)"),
                ],
                body: body.bytes,
                timeout: .seconds(10)
            )
        )
    }

    /// Reads from the API as the operator.
    func look(at path: String, _ gateway: GatewayProcess) async throws -> JSONValue {
        let response = try await client.send(
            HTTPRequest(
                url: "\(gateway.url)/api/v1\(path)",
                headers: [("Authorization", "Bearer \(Self.token)")],
                timeout: .seconds(10)
            )
        )
        return try JSONValue(parsing: response.body)
    }

    /// Sends a request as Slack does.
    /// - Returns: the status, or nil where no answer came.
    func send(_ payload: SlackPayload, to gateway: GatewayProcess) async -> Int? {
        let request = HTTPRequest(
            method: "POST",
            url: "\(gateway.url)/api/v1/bots/slack/\(payload.route)",
            headers: SlackSigner().headers(for: payload, at: SystemTime().now()),
            body: payload.body,
            timeout: .seconds(10)
        )
        return try? await client.send(request).status
    }

    /// The status of a page.
    func status(of path: String, at gateway: GatewayProcess) async -> Int? {
        try? await client.send(HTTPRequest(url: gateway.url + path, timeout: .seconds(10))).status
    }

    /// Looks into the database, as long as it takes.
    func look<Value: Sendable>(_ body: (any Database) async throws -> Value) async throws -> Value {
        let opened = try openDatabase(database, logger: .silent)
        do {
            let value = try await body(opened)
            await opened.close()
            return value
        } catch {
            await opened.close()
            throw error
        }
    }

    /// The number that a query counts.
    func count(_ query: SQL) async throws -> Int {
        try await look { database in
            Int(try await database.run("select count(*) as number from \(query)").first?.integer("number") ?? 0)
        }
    }

    /// Waits until the number of verdicts in Slack has come up to this, and no message is left to be posted.
    ///
    /// Edits may lag behind: Slack allows about one a second.
    func awaitVerdicts(_ wanted: Int, timeout: Duration = .seconds(90)) async throws {
        try await eventually("\(wanted) verdicts", timeout: timeout) {
            await verdicts().count >= wanted ? true : nil
        }
        do {
            try await eventually("the end of all posts", timeout: timeout) {
                try await openPosts().isEmpty ? true : nil
            }
        } catch {
            throw ProcessFailure("\(error) \(try await openPosts().prefix(5))")
        }
    }

    /// What is still to be posted, as an operator would see it.
    private func openPosts() async throws -> [String] {
        try await look { database in
            try await database.run(
                """
                select outbox_key, status, attempts, coalesce(error_code, '') as error_code,
                    coalesce(error_message, '') as error_message
                from outbox where status in (0, 1, 4) and operation = 'post' order by outbox_id
                """
            ).map { row in
                let (status, attempts) = (try row.integer("status"), try row.integer("attempts"))
                let error = "\(try row.text("error_code")) \(try row.text("error_message"))"
                return "\(try row.text("outbox_key")): status \(status), attempts \(attempts), \(error)"
            }
        }
    }

    /// Writes a question into Slack, each in a channel of its own: Slack takes one message a second in each.
    /// - Returns: what Slack tells the app, and the thread in which it will be answered.
    func writeQuestion(_ number: Int) async -> (payload: SlackPayload, thread: String) {
        var payloads = SlackPayloads.standard
        payloads.channel = "C0CHANNEL\(number)"
        let text = "Question \(number)?"
        let ts = await slack.say("<@\(payloads.botUser)> \(text)", channel: payloads.channel, user: payloads.user)
        return (payloads.mention(text, ts: ts, eventID: "Ev\(number)"), ts)
    }

    /// The verdicts that Slack has.
    func verdicts() async -> [FakeSlackMessage] {
        await slack.posts.filter { $0.text.hasPrefix("Verdict of debate") }
    }
}
