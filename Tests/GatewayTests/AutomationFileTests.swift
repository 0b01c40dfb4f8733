import CoreTypes
import DatabaseSupport
import Foundation
import Gateway
import Persistence
import Subscriptions
import Synchronization
import TestSupport
import Testing
import Transport

/// The files for Zapier and Make, as those platforms read them: their requests go to a gateway.
@Suite(.timeLimit(.minutes(5))) struct AutomationFileTests {
    private static let key = Secret("ara_key")
    /// What breaks JSON that was glued together.
    private static let question = "Ship \"now\"?\nOr\\later, {{maybe}}?"

    private struct OneKey: KeyAuthority {
        func holder(of key: Secret) async throws -> APIKey? {
            guard key.reveal() == AutomationFileTests.key.reveal() else { return nil }
            return APIKey(
                workspace: .local,
                id: "k1",
                name: "program",
                scopes: Set(APIKey.Scope.allCases),
                createdAt: Timestamp(milliseconds: 0)
            )
        }
    }

    private func file(_ path: String) throws -> JSONValue {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return try JSONValue(parsing: Array(try Data(contentsOf: root.appending(path: "integrations/\(path)"))))
    }

    private func withGateway(_ body: @Sendable @escaping (RawClient, FakeDebates) async throws -> Void) async throws {
        try await withDatabase(.sqlite) { test in
            var harness = GatewayHarness()
            harness.configuration.apiToken = Secret("the-operators-token")
            harness.keys = OneKey()
            harness.subscriptions = SubscriptionService(
                database: test.database,
                endpoints: EndpointStore(
                    sealer: try Sealer(keys: Secret("test:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="))
                ),
                addressGuard: AddressGuard(),
                time: SystemTime(),
                identifiers: RandomIdentifiers()
            )
            let debates = harness.debates
            try await harness.run { client in try await body(client, debates) }
        }
    }

    /// Puts values into `{{names}}`; a text that is one name alone becomes the value with its type.
    private func filled(_ value: JSONValue, _ bank: [String: JSONValue]) -> JSONValue {
        if let members = value.object { return .object(members.mapValues { filled($0, bank) }) }
        guard var text = value.string else { return value }
        for (name, replacement) in bank {
            if text == "{{\(name)}}" { return replacement }
            text = text.replacingOccurrences(of: "{{\(name)}}", with: replacement.string ?? replacement.text)
        }
        return .string(text)
    }

    /// Makes a request of the Zapier app: the template's headers on it, what is missing left out of its body.
    private func send(
        _ request: JSONValue?,
        of app: JSONValue,
        _ bank: [String: JSONValue],
        _ client: RawClient
    ) async throws -> (status: Int, json: JSONValue) {
        let request = filled(try #require(request), bank)
        let template = filled(app["requestTemplate"] ?? [:], bank)
        var headers = (template["headers"]?.object ?? [:]).merging(request["headers"]?.object ?? [:]) { $1 }
        let body = request["body"].map { body in
            JSONValue.object((body.object ?? [:]).filter { $0.value.string?.hasPrefix("{{") != true })
        }
        if body != nil { headers["content-type"] = "application/json" }
        let path = try #require(request["url"]?.string)
        for text in [path, headers.description] { #expect(!text.contains("{{")) }
        let response = try await client.request(
            request["method"]?.string ?? "GET",
            path,
            headers: headers.map { ($0.key, $0.value.string ?? "") },
            body: body?.text
        )
        return (response.status, (try? response.json) ?? [:])
    }

    @Test func theZapierAppConnectsAndSubscribes() async throws {
        let app = try file("zapier/app.json")
        try await withGateway { client, _ in
            var bank: [String: JSONValue] = [
                "bundle.authData.url": "", "bundle.authData.key": .string(Self.key.reveal()),
                "bundle.targetUrl": "https://hooks.example/1",
            ]
            let identity = try await send(app["authentication"]?["test"], of: app, bank, client)
            #expect(identity.status == 200)
            #expect(identity.json["name"] == "program")
            let triggers = try #require(app["triggers"]?.object)
            #expect(!triggers.isEmpty)
            for (name, trigger) in triggers {
                let operation = trigger["operation"]
                let samples = try await send(operation?["performList"], of: app, bank, client)
                #expect(samples.json.array?.first?["type"] == operation?["sample"]?["type"], "\(name)")
                let made = try await send(operation?["performSubscribe"], of: app, bank, client)
                #expect(made.status == 201, "\(name)")
                #expect(made.json["events"]?.array?.first == operation?["sample"]?["type"], "\(name)")
                bank["bundle.subscribeData.id"] = made.json["id"]
                let ended = try await send(operation?["performUnsubscribe"], of: app, bank, client)
                #expect(ended.status == 200, "\(name)")
            }
        }
    }

    @Test func everyRunOfAZapStartsItsOwnDebate() async throws {
        let app = try file("zapier/app.json")
        try await withGateway { client, debates in
            var bank: [String: JSONValue] = [
                "bundle.authData.url": "", "bundle.authData.key": .string(Self.key.reveal()),
                "bundle.inputData.task": .string(Self.question), "bundle.inputData.rounds": 2,
                "bundle.meta.zap.id": "1",
            ]
            let create = app["creates"]?["start_debate"]?["operation"]?["perform"]
            let first = try await send(create, of: app, bank, client)
            bank["bundle.inputData.task"] = "Another one?"
            let second = try await send(create, of: app, bank, client)
            #expect(first.status == 201 && second.status == 201)
            let asked = debates.state.withLock { $0.questions }
            #expect(asked.map(\.task) == [Self.question, "Another one?"])
            #expect(asked.first?.rounds == 2)
        }
    }

    @Test func makeAsksWholeQuestions() async throws {
        let flow = try #require(try file("make/blueprint-ask.json")["flow"]?.array)
        try await withGateway { client, debates in
            for execution in ["e1", "e2"] {
                var bank: [String: JSONValue] = [
                    "1.question": .string(Self.question), "var.scenario.executionId": .string(execution),
                ]
                for module in flow {
                    let mapper = filled(module["mapper"] ?? [:], bank)
                    switch module["module"]?.string {
                    case "json:CreateJSON":
                        bank["\(module["id"]?.integer ?? 0).json"] = .string(mapper.text)
                    case "http:ActionSendData":
                        var headers = [("Content-Type", mapper["contentType"]?.string ?? "")]
                        for header in mapper["headers"]?.array ?? [] {
                            let header = filled(header, bank)
                            let value = header["value"]?.string ?? ""
                            #expect(!value.contains("{{"))
                            headers.append((header["name"]?.string ?? "", value))
                        }
                        let response = try await client.request(
                            "POST",
                            "/api/v1/debates",
                            headers: headers.map {
                                ($0.0, $0.1.replacingOccurrences(of: "REPLACE_WITH_YOUR_KEY", with: Self.key.reveal()))
                            },
                            body: mapper["data"]?.string
                        )
                        #expect(response.status == 201)
                    default: continue
                    }
                }
            }
            #expect(debates.state.withLock { $0.questions.map(\.task) } == [Self.question, Self.question])
        }
    }
}
