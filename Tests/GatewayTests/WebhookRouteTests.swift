import CoreTypes
import DatabaseSupport
import Gateway
import Persistence
import TestSupport
import Testing

/// The API of webhooks, keys and automation, over real HTTP.
@Suite(.timeLimit(.minutes(5))) struct WebhookRouteTests {
    @Test func thePublicClientsWay() async throws {
        try await withWebhookGateway { client, _, _ in
            let wanted: JSONValue = ["url": "https://receiver.example/a", "events": ["debate_end"], "name": "one"]
            let key = [("Idempotency-Key", "a")]
            let made = try await client.call("POST", "/webhooks", wanted, headers: key)
            #expect(made.status == 201)
            let webhook = try #require(made.json["webhook"])
            let id = try #require(webhook["id"]?.string)
            #expect(webhook["secret"]?.string?.hasPrefix("whsec_") == true)
            #expect(webhook["active"] == true && webhook["events"] == ["debate_end"])
            let again = try await client.call("POST", "/webhooks", wanted, headers: key)
            #expect(again.json["webhook"]?["id"]?.string == id)
            let other = try await client.call("POST", "/webhooks", ["url": "https://b.example/"], headers: key)
            #expect(other.status == 409)

            let list = try await client.call("GET", "/webhooks?active_only=true")
            #expect(list.json["count"] == 1)
            #expect(list.json["webhooks"]?.array?.first?["secret"] == nil)
            let changed = try await client.call("PATCH", "/webhooks/\(id)", ["active": false, "events": ["*"]])
            #expect(changed.json["webhook"]?["status"] == "paused")
            #expect(try await client.call("POST", "/webhooks/\(id)/test").status == 409)
            #expect(try await client.call("POST", "/webhooks/\(id)/resume").json["webhook"]?["active"] == true)
            let rotated = try await client.call("POST", "/webhooks/\(id)/rotate", ["signature": "v1a"])
            #expect(rotated.json["webhook"]?["secret"]?.string?.hasPrefix("whpk_") == true)
            #expect(rotated.json["message"]?.string?.contains("signs along until 20") == true)
            let leaked = try await client.call("POST", "/webhooks/\(id)/rotate", ["overlap_seconds": 0])
            #expect(leaked.json["message"]?.string?.contains("No former secret signs any more") == true)
            let attempts = try await client.call("GET", "/webhooks/\(id)/attempts").json
            #expect(attempts["count"] == 0 && attempts["total"] == 0)
            #expect(attempts["items"] == [] && attempts["has_more"] == false)
            #expect(try await client.call("GET", "/webhooks/dead-letter").json["dead_letters"] == [])
            #expect(try await client.call("GET", "/webhooks/queue/stats").json["pending"] == 0)
            let replay = try await client.call(
                "POST",
                "/webhooks/\(id)/replay",
                ["failed_since": "2026-01-01T00:00:00Z"]
            )
            #expect(replay.status == 202 && replay.json["count"] == 0)
            #expect(try await client.call("POST", "/webhooks/\(id)/replay", [:]).status == 400)
            let events = try await client.call("GET", "/webhooks/events")
            #expect((events.json["count"]?.integer ?? 0) >= 29)
            #expect(events.json["events"]?.array?.first?["schema"]?["type"] == "object")
            #expect(events.json["items"] == events.json["events"] && events.json["has_more"] == false)
            let few = try await client.call("GET", "/webhooks/events?limit=2&offset=1").json
            #expect(few["count"] == 2 && few["total"] == events.json["total"] && few["has_more"] == true)
            #expect(try await client.call("GET", "/webhooks/events/categories").status == 200)
            #expect(try await client.call("POST", "/webhooks/pause-all").json["count"] == 1)
            let gone = try await client.call("DELETE", "/webhooks/\(id)")
            #expect(gone.json["deleted"] == true && gone.json["webhook_id"]?.string == id)
            #expect(try await client.call("GET", "/webhooks/\(id)").status == 404)
        }
    }

    @Test(
        arguments: [
            [:], ["url": 1], ["url": "http://example.com"], ["url": "https://127.0.0.1/"],
            ["url": "https://a.example/", "events": ["nope"]], ["url": "https://a.example/", "events": [1]],
            ["url": "https://a.example/", "payload": "medium"], ["url": "https://a.example/", "signature": "v2"],
            ["url": "https://a.example/", "headers": ["Host": "x"]], ["url": "https://a.example/", "secret": "x"],
            ["url": "https://a.example/", "rate_limit": 5000], ["url": "https://a.example/", "ordered": "yes"],
            ["url": "https://a.example/", "evnets": ["verdict"]], ["url": "https://a.example/", "active": false],
            ["url": "https://a.example/", "notify": "foo:C1"], ["url": "https://a.example/", "workspace": 5],
            ["url": "https://a.example/", "workspace_id": ["local"]],
        ] as [JSONValue]
    )
    func whatCannotBeIsRefused(_ body: JSONValue) async throws {
        try await withWebhookGateway { client, _, _ in
            let answer = try await client.call("POST", "/webhooks", body)
            #expect(answer.status == 400)
            #expect(answer.json["error"] != nil)
        }
    }

    @Test func whatIsChangedHolds() async throws {
        try await withWebhookGateway { client, _, database in
            let wanted: JSONValue = ["url": "https://a.example/", "event": "verdict", "headers": ["X-Token": "old"]]
            let made = try await client.call("POST", "/webhooks", wanted)
            #expect(made.json["webhook"]?["events"] == ["verdict"])
            let path = "/webhooks/\(made.json["webhook"]?["id"]?.string ?? "")"
            func sealed() async throws -> [UInt8]? {
                try await database.run("select sealed_secrets from webhook_configs").first?.blob("sealed_secrets")
            }
            let before = try await sealed()
            #expect(
                try await client.call("PATCH", path, ["headers": ["X-Token": "new", "X-More": "1"]]).status == 200
            )
            let after = try await sealed()
            // Sealed with two headers now.
            #expect(after != before && (after?.count ?? 0) > (before?.count ?? 0))
            #expect(try await client.call("PATCH", path, ["name": "x"]).status == 200)
            #expect(try await sealed() == after)
            for (wrong, word) in [
                (["secret": "whsec_x"], "/rotate"), (["signature": "v1a"], "/rotate"), (["evnets": ["*"]], "evnets"),
                (["headers": ["Host": "x"]], "Host"), (["notify": "foo:C1"], "foo"),
            ] as [(JSONValue, String)] {
                let answer = try await client.call("PATCH", path, wrong)
                #expect(answer.status == 400)
                #expect(answer.json["error"]?.string?.contains(word) == true, "\(answer.json.text)")
            }
            #expect(try await sealed() == after)
        }
    }

    @Test func whoeverIsPausedOrGivenUpIsSaidToBe() async throws {
        try await withWebhookGateway { client, _, database in
            let made = try await client.call("POST", "/webhooks", ["url": "https://a.example/"])
            let path = "/webhooks/\(made.json["webhook"]?["id"]?.string ?? "")"
            _ = try await client.call("POST", "\(path)/pause")
            let paused = try await client.call("POST", "\(path)/replay", ["failed_since": 0])
            #expect(paused.status == 202 && paused.json["waiting_for"] == "resume")
            try await database.run("update webhook_configs set status = 'disabled'")
            let disabled = try await client.call("POST", "\(path)/replay", ["failed_since": 0])
            #expect(disabled.status == 409 && disabled.json["error"]?.string?.contains("resume") == true)
        }
    }

    @Test func manyAtOnce() async throws {
        try await withWebhookGateway { client, key, _ in
            var ids: [String] = []
            for (name, shown) in [("a", key), ("b", key), ("c", nil)] as [(String, Secret?)] {
                let made = try await client.call(
                    "POST",
                    "/webhooks",
                    ["url": .string("https://\(name).example/")],
                    key: shown
                )
                ids.append(made.json["webhook"]?["id"]?.string ?? "")
            }
            let wanted: JSONValue = ["action": "pause", "webhook_ids": .strings(ids)]
            let paused = try await client.call("POST", "/webhooks/bulk", wanted, key: key)
            // The last one is of another workspace.
            #expect(paused.json["count"] == 2 && paused.json["success"] == false)
            #expect(paused.json["results"]?.array?.map { $0["success"]?.bool } == [true, true, false])
            #expect(try await client.call("GET", "/webhooks/\(ids[2])").json["webhook"]?["active"] == true)
            #expect(try await client.call("GET", "/webhooks/\(ids[0])").json["webhook"]?["active"] == false)
            let deleted = try await client.call(
                "POST",
                "/webhooks/bulk",
                ["action": "delete", "webhook_ids": .strings(ids)]
            )
            #expect(deleted.json["count"] == 3 && deleted.json["success"] == true)
            for wrong in [
                [:], ["action": "burn", "webhook_ids": ["x"]], ["action": "pause", "webhook_ids": []],
                ["action": "pause", "webhook_ids": [1]],
            ] as [JSONValue] {
                #expect(try await client.call("POST", "/webhooks/bulk", wrong).status == 400)
            }
        }
    }

    @Test func keysSeeTheirWorkspaceAlone() async throws {
        try await withWebhookGateway { client, key, _ in
            let own = try await client.call("POST", "/webhooks", ["url": "https://own.example/"], key: key)
            #expect(own.json["webhook"]?["workspace"] == "slack:T1")
            let named: JSONValue = ["url": "https://sly.example/", "workspace": "local"]
            let sly = try await client.call("POST", "/webhooks", named, key: key)
            #expect(sly.json["webhook"]?["workspace"] == "slack:T1")
            let foreign = try await client.call("POST", "/webhooks", ["url": "https://op.example/"])
            let id = foreign.json["webhook"]?["id"]?.string ?? ""
            #expect(try await client.call("GET", "/webhooks/\(id)", key: key).status == 404)
            #expect(try await client.call("DELETE", "/webhooks/\(id)", key: key).status == 404)
            #expect(try await client.call("GET", "/webhooks", key: key).json["total"] == 2)
            #expect(try await client.call("GET", "/webhooks").json["total"] == 3)
        }
    }

    @Test func keysOpenWhatTheirScopesName() async throws {
        try await withWebhookGateway(scopes: [.readWebhooks]) { client, key, database in
            #expect(try await client.call("GET", "/webhooks", key: key).status == 200)
            #expect(try await client.call("POST", "/webhooks", ["url": "https://a.example/"], key: key).status == 403)
            #expect(try await client.call("GET", "/debates", key: key).status == 403)
            #expect(try await client.call("POST", "/debates", ["task": "x"], key: key).status == 403)
            #expect(try await client.call("GET", "/health", key: key).status == 200)
            #expect(try await client.call("GET", "/webhooks", key: Secret("ara_wrong")).status == 401)
            let revoked = try await database.write { try APIKeyStore().revoke("k1", now: SystemTime().now(), in: $0) }
            #expect(revoked)
            #expect(try await client.call("GET", "/webhooks", key: key).status == 401)
        }
    }

    @Test func theKeyItselfIsNowhere() async throws {
        try await withWebhookGateway { _, key, database in
            let row = try await database.run("select * from api_keys").first
            for value in row?.values ?? [] {
                if case .text(let text) = value { #expect(!text.contains(key.reveal().dropFirst(4))) }
            }
        }
    }

    @Test(arguments: ["zapier", "make", "n8n"])
    func automationSubscribesAndLeaves(_ platform: String) async throws {
        try await withWebhookGateway { client, key, _ in
            let base = "/integrations/\(platform)"
            let identity = try await client.call("GET", "\(base)/auth", key: key)
            #expect(identity.json["name"] == "zapier" && identity.json["workspace"] == "slack:T1")
            let wanted: JSONValue = ["hookUrl": "https://hooks.example/1", "event": "verdict"]
            let made = try await client.call("POST", "\(base)/hooks", wanted, key: key)
            #expect(made.status == 201)
            let id = try #require(made.json["id"]?.string)
            // A platform that did not get the answer asks again.
            #expect(try await client.call("POST", "\(base)/hooks", wanted, key: key).json["id"]?.string == id)
            let named = try await client.call(
                "POST",
                "\(base)/hooks",
                wanted,
                key: key,
                headers: [("Idempotency-Key", "a")]
            )
            #expect(named.status == 201 && named.json["id"]?.string != id)
            var other = wanted
            other["event"] = "debate_end"
            let twin = try await client.call(
                "POST",
                "\(base)/hooks",
                other,
                key: key,
                headers: [("Idempotency-Key", "a")]
            )
            #expect(twin.status == 409)
            let unnamed = try await client.call("POST", "\(base)/hooks", other, key: key)
            #expect(unnamed.status == 201 && unnamed.json["id"]?.string != id)
            for hook in [named, unnamed] {
                let path = "\(base)/hooks/\(hook.json["id"]?.string ?? "")"
                #expect(try await client.call("DELETE", path, key: key).status == 200)
            }
            let samples = try await client.call("GET", "\(base)/samples/verdict", key: key)
            #expect(samples.json.array?.first?["data"]?["final_answer"] != nil)
            #expect(try await client.call("GET", "\(base)/samples/nothing", key: key).status == 404)
            #expect(try await client.call("GET", "\(base)/events", key: key).json.array?.isEmpty == false)
            _ = try await client.call("POST", "/webhooks", ["url": "https://own.example/"], key: key)
            #expect(try await client.call("GET", "\(base)/hooks", key: key).json.array?.count == 1)
            #expect(
                try await client.call("POST", "\(base)/hooks", ["hookUrl": "https://a.b/"], key: key).status == 400
            )
            #expect(try await client.call("DELETE", "\(base)/hooks/\(id)", key: key).status == 200)
            #expect(try await client.call("DELETE", "\(base)/hooks/\(id)", key: key).status == 404)
            #expect(try await client.call("GET", "/integrations/other/auth", key: key).status == 404)
        }
    }

    @Test func thePageIsThere() async throws {
        try await GatewayHarness().run { client async throws in
            for path in ["/webhooks", "/webhooks.js"] {
                let response = try await client.request("GET", path)
                #expect(response.status == 200)
            }
        }
    }
}
