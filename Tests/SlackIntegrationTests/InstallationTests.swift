import Channels
import CoreTypes
import DatabaseSupport
import Persistence
import SlackIntegration
import Synchronization
import TestSupport
import Testing
import Transport

@Suite("Several workspaces")
struct InstallationTests {
    static let oauth = [
        "SLACK_BOT_TOKEN": "", "SLACK_CLIENT_ID": "123.456", "SLACK_CLIENT_SECRET": "client-secret",
        "SLACK_REDIRECT_URL": "https://aragora.example.com/api/v1/bots/slack/callback",
    ]
    static let keys = Secret("k1:" + "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")

    /// The workspaces of which it was told that they have new credentials.
    final class Connected: Sendable {
        private let state = Mutex<[WorkspaceID]>([])
        var workspaces: [WorkspaceID] { state.withLock { $0 } }
        func add(_ workspace: WorkspaceID) { state.withLock { $0.append(workspace) } }
    }

    /// What a test of installations stands on.
    struct House {
        let slack: FakeSlack
        let bench: SlackBench
        let store: StoredSlackInstallations
        let database: any Database
        let installer: SlackInstaller
        let connected: Connected
        /// The way to the fake Slack, and its port.
        let client: HTTPClient
        let port: Int

        /// Another process with the same database.
        let second: SlackBench
    }

    func withHouse(
        _ engine: DatabaseEngine = .sqlite,
        _ body: (House) async throws -> Void
    ) async throws {
        try await withDatabase(engine) { test in
            let time = ManualTime(now: SlackBench.now, isAutomatic: true)
            try await FakeSlack.withServer(time: time) { slack, port in
                let client = HTTPClient(logger: .silent)
                defer { client.shutdown() }
                let store = StoredSlackInstallations(
                    database: test.database,
                    sealer: try Sealer(keys: Self.keys),
                    time: time
                )
                func bench() throws -> SlackBench {
                    try SlackBench(port: port, installations: store, transport: client, time: time, changes: Self.oauth)
                }
                let values = FakeSlack.configuration(port: port).merging(Self.oauth) { $1 }
                let connected = Connected()
                let installer = SlackInstaller(
                    configuration: try #require(try SlackConfiguration(from: values)),
                    installations: store,
                    transport: client,
                    time: time,
                    identifiers: RandomIdentifiers(time: time),
                    logger: .silent,
                    connected: { connected.add($0) }
                )
                try await body(
                    House(
                        slack: slack,
                        bench: try bench(),
                        store: store,
                        database: test.database,
                        installer: try #require(installer),
                        connected: connected,
                        client: client,
                        port: port,
                        second: try bench()
                    )
                )
            }
        }
    }

    func installation(
        _ team: String,
        name: String? = nil,
        tokens: SlackInstallation.Tokens
    ) -> SlackInstallation {
        SlackInstallation(
            workspace: WorkspaceID("slack:\(team)"),
            teamID: team,
            enterpriseID: nil,
            isOrganisation: false,
            name: name ?? "Workspace \(team)",
            botUserID: "U0BOT\(team)",
            appID: "A0ARAGORA1",
            scopes: SlackConfiguration.scopes,
            tokens: tokens
        )
    }

    func grant(_ token: String, team: JSONValue, enterprise: JSONValue = .null, extra: JSONValue = [:])
        -> JSONValue
    {
        var answer: JSONValue = [
            "ok": true, "access_token": .string(token), "token_type": "bot", "bot_user_id": "U0BOT00009",
            "app_id": "A0ARAGORA1", "scope": "chat:write,commands", "team": team, "enterprise": enterprise,
        ]
        for (key, value) in extra.object ?? [:] { answer[key] = value }
        return answer
    }

    func header(_ name: String, of acknowledgement: Acknowledgement) -> String? {
        acknowledgement.headers.first { $0.name == name }?.value
    }

    /// The state that a visit of `install` sends along, and the cookie that belongs to it.
    func begin(_ installer: SlackInstaller) async throws -> (state: String, cookie: String) {
        let visit = await installer.visit(route: "install", query: [], cookies: "")
        #expect(visit.status == 302)
        let location = try #require(header("location", of: visit))
        let parameter = try #require(
            location.split(whereSeparator: { $0 == "?" || $0 == "&" }).first { $0.hasPrefix("state=") }
        )
        let cookie = try #require(header("set-cookie", of: visit)?.split(separator: ";").first)
        return (String(parameter.dropFirst(6)), String(cookie))
    }

    @Test(
        "Installing takes the browser to Slack and back, once, and the tokens are stored sealed",
        arguments: DatabaseEngine.allCases
    )
    func install(_ engine: DatabaseEngine) async throws {
        try await withHouse(engine) { house in
            let visit = await house.installer.visit(route: "install", query: [], cookies: "")
            let location = try #require(header("location", of: visit))
            #expect(location.contains("/oauth/v2/authorize?client_id=123.456&"))
            #expect(location.contains("scope=app_mentions%3Aread%2C"))
            #expect(location.contains("redirect_uri=https%3A%2F%2Faragora.example.com"))
            #expect(header("set-cookie", of: visit)?.contains("HttpOnly; SameSite=Lax; Secure") == true)

            let (state, cookie) = try await begin(house.installer)
            await house.slack.grant("code-1", answer: grant("xoxb-team-9", team: ["id": "T9", "name": "Nine <&>"]))
            await house.slack.install(.init(team: "T9", botUser: "U0BOT00009"), token: "xoxb-team-9")
            let query = [(name: "code", value: "code-1"), (name: "state", value: state)]
            let done = await house.installer.visit(route: "callback", query: query, cookies: "a=b; \(cookie)")
            #expect(done.status == 200)
            #expect(String(decoding: done.body, as: UTF8.self).contains("Nine &lt;&amp;&gt;"))
            #expect(house.connected.workspaces.map(\.rawValue) == ["slack:T9"])

            var address = house.bench.address
            address.workspace = WorkspaceID("slack:T9")
            #expect(try await house.bench.send(to: address) == "sent")
            #expect(await house.slack.calls("chat.postMessage").map(\.token) == ["xoxb-team-9"])

            let rows = try await house.database.run("select sealed_credentials, settings_json from integrations")
            let sealed = try #require(rows.first).blob("sealed_credentials")
            #expect(!String(decoding: sealed, as: UTF8.self).contains("xoxb"))
            #expect(try !#require(rows.first).text("settings_json").contains("xoxb"))
            let states = try await house.database.run("select state_hash from oauth_states")
            #expect(try states.allSatisfy { try $0.text("state_hash") != state })

            let again = await house.installer.visit(route: "callback", query: query, cookies: cookie)
            #expect(again.status == 400)
        }
    }

    @Test("A state works in its own browser, within ten minutes, and only if Slack says yes")
    func states() async throws {
        try await withHouse { house in
            func visit(_ state: String, _ cookie: String, error: String? = nil) async -> Int {
                var query = [(name: "code", value: "code-1"), (name: "state", value: state)]
                if let error { query = [(name: "error", value: error), (name: "state", value: state)] }
                return await house.installer.visit(route: "callback", query: query, cookies: cookie).status
            }
            let first = try await begin(house.installer)
            let second = try await begin(house.installer)
            #expect(await visit(first.state, second.cookie) == 400)
            #expect(await visit(first.state, "") == 400)
            #expect(await visit("", "aragora_slack_state=") == 400)
            #expect(await visit("made-up", "aragora_slack_state=made-up") == 400)
            #expect(await visit(first.state, first.cookie, error: "access_denied") == 200)
            house.bench.time.advance(by: .seconds(601))
            #expect(await visit(second.state, second.cookie) == 400)
            let third = try await begin(house.installer)
            // The code is not one that Slack gave out.
            #expect(await visit(third.state, third.cookie) == 502)
            #expect(try await house.store.all().isEmpty)
            #expect(await house.slack.calls("oauth.v2.access").count == 1)
            #expect(await house.installer.visit(route: "elsewhere", query: [], cookies: "").status == 404)
        }
    }

    @Test(
        "A token that is said to last for ever, or to have ended, is stored all the same",
        arguments: [Int64.max, 9_300_000_000_000_000, .min]
    )
    func senselessLifetimes(seconds: Int64) async throws {
        try await withHouse { house in
            let (state, cookie) = try await begin(house.installer)
            let answer = grant(
                "xoxb-team-9",
                team: ["id": "T9", "name": "Nine"],
                extra: ["expires_in": .integer(seconds)]
            )
            await house.slack.grant("code-1", answer: answer)
            let query = [(name: "code", value: "code-1"), (name: "state", value: state)]
            #expect(await house.installer.visit(route: "callback", query: query, cookies: cookie).status == 200)
            let stored = try #require(try await house.store.all().first)
            let expected = SlackBench.now + .seconds(seconds > 0 ? 366 * 86_400 : 0)
            let expires = try #require(stored.tokens.expires)
            #expect(expires >= expected && expires < expected + .seconds(60))
        }
    }

    @Test("An organisation's installation speaks for each of its workspaces, and for no other")
    func organisations() async throws {
        try await withHouse { house in
            let (state, cookie) = try await begin(house.installer)
            let answer = grant(
                "xoxb-org",
                team: .null,
                enterprise: ["id": "E1", "name": "Org"],
                extra: ["is_enterprise_install": true]
            )
            await house.slack.grant("code-1", answer: answer)
            await house.slack.install(.init(team: "", enterprise: "E1", teams: ["T1", "T2"]), token: "xoxb-org")
            let query = [(name: "code", value: "code-1"), (name: "state", value: state)]
            #expect(await house.installer.visit(route: "callback", query: query, cookies: cookie).status == 200)
            #expect(try await house.store.all().map(\.workspace.rawValue) == ["slack:E1"])
            for (team, expected) in [
                ("T1", "sent"), ("T2", "sent"), ("E1", "sent"), ("T3", "authentication app_not_installed"),
            ] {
                var address = house.bench.address
                address.workspace = WorkspaceID("slack:\(team)")
                #expect(
                    try await house.bench.send(to: address) == expected
                )
            }
        }
    }

    @Test("An organisation's token that the operator set speaks for its workspaces too, and the doctor counts them")
    func organisationsBotToken() async throws {
        try await withSlack(date: "Sun, 15 Jun 2025 15:06:40 GMT") { slack, bench async throws in
            let organisation = FakeSlack.Workspace(
                team: "",
                enterprise: "E1",
                teams: ["T1", "T2"],
                scopes: SlackConfiguration.scopes
            )
            await slack.install(organisation, token: FakeSlack.token)
            for (team, expected) in [
                ("T1", "sent"), ("T2", "sent"), ("T1", "sent"), ("E1", "sent"),
                ("T3", "authentication app_not_installed"),
            ] {
                var address = bench.address
                address.workspace = WorkspaceID("slack:\(team)")
                let outcome = try await bench.send(to: address)
                #expect(outcome == expected, "\(team)")
            }
            // Asked anew for a team alone that was not among them.
            #expect(await slack.calls("auth.teams.list").count == 2)
            let findings = await bench.adapter.diagnose()
            #expect(findings.contains { $0.level == .fine && $0.message.contains("good for 2 workspaces") })
            #expect(findings.allSatisfy { $0.level == .fine })
        }
    }

    @Test(
        "A token that ends soon is renewed once, however many need it, and the pair is stored",
        arguments: DatabaseEngine.allCases
    )
    func renewal(_ engine: DatabaseEngine) async throws {
        try await withHouse(engine) { house in
            let expires = SlackBench.now + .seconds(12 * 3600)
            try await house.store.save(
                installation("T9", tokens: .init(access: Secret("old"), refresh: Secret("refresh-1"), expires: expires))
            )
            await house.slack.install(.init(team: "T9"), token: "old")
            await house.slack.install(.init(team: "T9"), token: "new")
            var address = house.bench.address
            address.workspace = WorkspaceID("slack:T9")
            #expect(try await house.bench.send(to: address) == "sent")
            #expect(await house.slack.calls("oauth.v2.access").isEmpty)

            house.bench.time.advance(by: .seconds(12 * 3600 - 5))
            let answer: JSONValue = [
                "ok": true, "access_token": "new", "refresh_token": "refresh-2", "expires_in": 43200,
            ]
            await house.slack.grant("refresh-1", answer: answer)
            let part = try house.bench.part("x")
            let words = await withTaskGroup(of: String.self) { group in
                for number in 0..<8 {
                    let adapter = number.isMultiple(of: 2) ? house.bench.adapter : house.second.adapter
                    let address = address
                    group.addTask { word(await adapter.send(part, to: address, key: "k\(number)")) }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(words == Array(repeating: "sent", count: 8))
            #expect(await house.slack.calls("oauth.v2.access").count == 1)
            #expect(await house.slack.calls("chat.postMessage").suffix(8).allSatisfy { $0.token == "new" })
            let stored = try #require(try await house.store.installation(of: address.workspace))
            #expect(stored.tokens.access.reveal() == "new")
            #expect(stored.tokens.refresh?.reveal() == "refresh-2")
        }
    }

    @Test(
        "A renewal that is under way outlives the end of whoever asked for it",
        arguments: DatabaseEngine.allCases
    )
    func renewalAtShutdown(_ engine: DatabaseEngine) async throws {
        try await withHouse(engine) { house in
            let expires = SlackBench.now + .seconds(5)
            try await house.store.save(
                installation("T9", tokens: .init(access: Secret("old"), refresh: Secret("refresh-1"), expires: expires))
            )
            let answer: JSONValue = [
                "ok": true, "access_token": "new", "refresh_token": "refresh-2", "expires_in": 43200,
            ]
            await house.slack.grant("refresh-1", answer: answer)
            let asking = Mutex<Task<Void, Never>?>(nil)
            let transport = RenewalTransport(base: house.client) {
                while asking.withLock({ $0?.cancel() == nil }) { await Task.yield() }
            }
            let bench = try SlackBench(
                port: house.port,
                installations: house.store,
                transport: transport,
                time: house.bench.time,
                changes: Self.oauth
            )
            var address = bench.address
            address.workspace = WorkspaceID("slack:T9")
            let (adapter, part, destination) = (bench.adapter, try bench.part("x"), address)
            let task = Task { _ = await adapter.send(part, to: destination, key: "k") }
            asking.withLock { $0 = task }
            await task.value
            #expect(await house.slack.calls("oauth.v2.access").count == 1)
            let stored = try #require(try await house.store.installation(of: destination.workspace))
            #expect(stored.tokens.access.reveal() == "new")
            #expect(stored.tokens.refresh?.reveal() == "refresh-2")
        }
    }

    @Test("A token that cannot be renewed is used to its end, and then says what to do")
    func failedRenewal() async throws {
        try await withHouse { house in
            let expires = SlackBench.now + .seconds(300)
            try await house.store.save(
                installation("T9", tokens: .init(access: Secret("old"), refresh: Secret("used"), expires: expires))
            )
            await house.slack.install(.init(team: "T9"), token: "old")
            var address = house.bench.address
            address.workspace = WorkspaceID("slack:T9")
            #expect(try await house.bench.send(to: address) == "sent")
            house.bench.time.advance(by: .seconds(300))
            let outcome = await house.bench.adapter.send(try house.bench.part("x"), to: address, key: "k")
            #expect(word(outcome) == "authentication invalid_refresh_token")
        }
    }

    @Test("A renewal that comes too late does not overwrite a newer pair")
    func lateRenewal() async throws {
        try await withHouse { house in
            let workspace = WorkspaceID("slack:T9")
            try await house.store.save(installation("T9", tokens: .init(access: Secret("a"), refresh: Secret("r2"))))
            let isLate = try await house.store.replaceTokens(
                of: workspace,
                refreshToken: Secret("r1"),
                with: .init(access: Secret("b"), refresh: Secret("r3"))
            )
            #expect(!isLate)
            #expect(try await house.store.installation(of: workspace)?.tokens.access.reveal() == "a")
        }
    }
}
