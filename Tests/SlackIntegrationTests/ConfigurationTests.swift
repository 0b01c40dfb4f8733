import Channels
import CoreTypes
import Foundation
import SlackIntegration
import TestSupport
import Testing

@Suite("Slack's configuration and its page of setup")
struct ConfigurationTests {
    @Test("Nothing configured is nothing mounted; a secret alone is enough to listen")
    func presence() throws {
        #expect(try SlackConfiguration(from: [:]) == nil)
        #expect(try SlackConfiguration(from: ["SLACK_SIGNING_SECRET": "  "]) == nil)
        let configuration = try #require(try SlackConfiguration(from: ["SLACK_SIGNING_SECRET": " s3cret\n"]))
        #expect(configuration.signingSecret.reveal() == "s3cret")
        #expect(configuration.apiURL == "https://slack.com/api")
    }

    @Test("A token without the signing secret mounts nothing, and what is missing is said without the token")
    func withoutSecret() throws {
        let values = ["SLACK_BOT_TOKEN": "xoxb-hidden", "SLACK_SIGNING_SECRET": " "]
        #expect(try SlackConfiguration(from: values) == nil)
        let text = try #require(SlackConfiguration.withoutSecret(values))
        #expect(text.message.hasPrefix("SLACK_BOT_TOKEN is set, but Slack is not mounted"), "\(text.message)")
        #expect(text.remedy.hasPrefix("Set SLACK_SIGNING_SECRET"), "\(text.remedy)")
        #expect(!text.message.contains("hidden"))
        #expect(SlackConfiguration.withoutSecret([:])?.message == nil)
        let both = ["SLACK_BOT_TOKEN": "x", "SLACK_SIGNING_SECRET": "y"]
        #expect(SlackConfiguration.withoutSecret(both)?.message == nil)
    }

    @Test(
        "Settings that cannot work together are refused, without their values",
        arguments: [
            ["SLACK_SIGNING_SECRET": "s", "SLACK_CLIENT_ID": "hidden"],
            ["SLACK_SIGNING_SECRET": "s", "SLACK_CLIENT_SECRET": "hidden"],
            ["SLACK_SIGNING_SECRET": "s", "SLACK_API_URL": "hidden.example/api"],
            ["SLACK_SIGNING_SECRET": "s", "SLACK_REDIRECT_URL": "javascript:hidden"],
        ]
    )
    func refusals(_ values: [String: String]) {
        let error = #expect(throws: SlackConfigurationError.self) { _ = try SlackConfiguration(from: values) }
        #expect(error?.description.contains("hidden") == false)
    }

    @Test("The manifest asks for the scopes that the code needs, and names the routes that it serves")
    func manifest() throws {
        let manifest = try JSONValue(parsing: SlackManifest.text(for: "https://aragora.example.com"))
        let scopes = manifest["oauth_config"]?["scopes"]?["bot"]?.array?.compactMap(\.string)
        #expect(scopes == SlackConfiguration.scopes)
        let base = "https://aragora.example.com/api/v1/bots/slack/"
        let urls = [
            manifest["settings"]?["event_subscriptions"]?["request_url"],
            manifest["features"]?["slash_commands"]?.array?.first?["url"],
            manifest["settings"]?["interactivity"]?["request_url"],
        ].map { $0?.string ?? "" }
        let adapter = try SlackBench().adapter
        #expect(urls == adapter.routes.map { base + $0.path })
        #expect(manifest["oauth_config"]?["redirect_urls"]?.array?.compactMap(\.string) == [base + "callback"])
        let events = manifest["settings"]?["event_subscriptions"]?["bot_events"]?.array?.compactMap(\.string)
        #expect(
            events == [
                "app_mention", "app_uninstalled", "message.channels", "message.groups", "message.im", "message.mpim",
                "tokens_revoked",
            ]
        )
        #expect(manifest["settings"]?["interactivity"]?["is_enabled"]?.bool == true)
    }

    @Test("The page of setup names every setting and every scope")
    func setupPage() throws {
        let page = try String(
            contentsOf: GatewayProcess.packageRoot.appending(path: "integrations/slack/README.md"),
            encoding: .utf8
        )
        for word in SlackConfiguration.knownConfigurationKeys + SlackConfiguration.scopes {
            #expect(page.contains("`\(word)`"), "\(word) is not explained")
        }
    }
}

@Suite("What the doctor finds about Slack")
struct DiagnosisTests {
    private func findings(
        _ changes: [String: String] = [:],
        date: String = "Sun, 15 Jun 2025 15:06:40 GMT",
        _ prepare: (FakeSlack) async -> Void
    ) async throws -> [Finding] {
        try await withSlack(changes: changes, date: date) { slack, bench in
            await prepare(slack)
            let findings = await bench.adapter.diagnose()
            #expect(await slack.posts.isEmpty)
            return findings
        }
    }

    private static let workspace = FakeSlack.Workspace(scopes: SlackConfiguration.scopes)

    @Test("A good installation has nothing to mend")
    func fine() async throws {
        let findings = try await findings { slack in
            await slack.install(Self.workspace, token: FakeSlack.token)
        }
        #expect(findings.allSatisfy { $0.level == .fine && $0.remedy.isEmpty })
        #expect(findings.contains { $0.message == "Connected to Test Workspace as aragora." })
    }

    @Test("Missing scopes are named")
    func scopes() async throws {
        let findings = try await findings { slack in
            var workspace = Self.workspace
            workspace.scopes.removeAll { $0 == "commands" || $0 == "users:read" }
            await slack.install(workspace, token: FakeSlack.token)
        }
        let problem = try #require(findings.first { $0.level == .problem })
        #expect(problem.message == "The app lacks the scopes commands, users:read.")
        #expect(!problem.remedy.isEmpty)
    }

    @Test(
        "A clock that is off is told with its direction",
        arguments: [
            ("Sun, 15 Jun 2025 15:05:41 GMT", nil), ("Sun, 15 Jun 2025 15:05:39 GMT", "61 seconds ahead of"),
            ("Sun, 15 Jun 2025 15:16:40 GMT", "600 seconds behind"), ("yesterday", nil),
        ]
    )
    func clock(_ date: String, _ words: String?) async throws {
        let findings = try await findings(date: date) { slack in
            await slack.install(Self.workspace, token: FakeSlack.token)
        }
        let problem = findings.first { $0.subject == "slack.clock" }
        #expect((problem == nil) == (words == nil))
        if let words { #expect(problem?.message.contains(words) == true) }
    }

    @Test("A refused token, an unreachable Slack and a missing token each say what to do")
    func tokens() async throws {
        let refused = try await findings { await $0.revoke(token: FakeSlack.token) }
        #expect(refused.contains { $0.level == .problem && $0.remedy.contains("SLACK_BOT_TOKEN") })
        let unreachable = await (try SlackBench()).adapter.diagnose()
        #expect(unreachable.contains { $0.level == .warning && $0.remedy.contains("slack.com") })
        let missing = try await findings(["SLACK_BOT_TOKEN": ""]) { _ in }
        #expect(missing.contains { $0.level == .problem && $0.message.contains("no token") })
        let short = try await findings(["SLACK_SIGNING_SECRET": "short"]) { _ in }
        #expect(short.contains { $0.level == .warning && $0.subject == "slack.signing_secret" })
        #expect(!short.contains { $0.message.contains("short") && $0.message.contains("fake") })
    }
}
