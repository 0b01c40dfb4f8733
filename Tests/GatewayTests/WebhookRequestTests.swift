import CoreTypes
import DatabaseSupport
import Persistence
import Synchronization
import TestSupport
import Testing

/// What calls about webhooks say, and about which of them.
@Suite(.timeLimit(.minutes(5))) struct WebhookRequestTests {
    /// Makes a webhook, and gives its id.
    private func subscribe(_ client: RawClient, key: Secret? = nil) async throws -> String {
        let made = try await client.call("POST", "/webhooks", ["url": "https://a.example/"], key: key)
        return try #require(made.json["webhook"]?["id"]?.string)
    }

    @Test func theOperatorNamesOneWorkspace() async throws {
        try await withWebhookGateway { client, key, _ in
            let theirs = try await subscribe(client, key: key)
            let own = try await subscribe(client)
            func isActive(_ id: String) async throws -> Bool? {
                try await client.call("GET", "/webhooks/\(id)").json["webhook"]?["active"]?.bool
            }
            let paused = try await client.call("POST", "/webhooks/pause-all?workspace=slack:T1")
            #expect(paused.json["count"] == 1)
            #expect(try await isActive(theirs) == false)
            #expect(try await isActive(own) == true)
            #expect(try await client.call("POST", "/webhooks/resume-all?workspace=local").json["count"] == 0)
            #expect(try await client.call("POST", "/webhooks/resume-all?workspace=slack:T1").json["count"] == 1)
            let both: JSONValue = ["action": "pause", "webhook_ids": .strings([theirs, own])]
            #expect(try await client.call("POST", "/webhooks/bulk?workspace=local", both).json["count"] == 1)
            #expect(try await isActive(theirs) == true)
            // A key names no other one.
            let sly = try await client.call("POST", "/webhooks/pause-all?workspace=local", key: key)
            #expect(sly.json["count"] == 1)
            #expect(try await isActive(theirs) == false)
        }
    }

    @Test func whatIsReadIsOfTheWorkspaceThatIsNamed() async throws {
        try await withWebhookGateway { client, key, database in
            let hook: JSONValue = ["hookUrl": "https://hooks.example/1", "event": "verdict"]
            for shown in [key, nil] as [Secret?] {
                let made = try await client.call("POST", "/integrations/zapier/hooks", hook, key: shown)
                let id = try #require(made.json["id"]?.string)
                let workspace = try #require(made.json["workspace"]?.string)
                try await database.run(
                    """
                    insert into webhook_messages (workspace_id, message_id, event_type, body, thin_body, occurred_at,
                        created_at)
                    values (\(workspace), 'm1', 'verdict', '{}', '{}', 0, 0)
                    """
                )
                try await database.run(
                    """
                    insert into webhooks (workspace_id, endpoint_id, message_id, status, available_at, created_at,
                        updated_at)
                    values (\(workspace), \(id), 'm1', 2, 0, 0, 0)
                    """
                )
            }
            for (query, count) in [("", 2), ("?workspace=slack:T1", 1), ("?workspace=slack:T9", 0)] {
                let hooks = try await client.call("GET", "/integrations/zapier/hooks\(query)").json
                #expect(hooks.array?.count == count, "\(query)")
                let letters = try await client.call("GET", "/webhooks/dead-letter\(query)").json
                #expect(letters["total"]?.integer == Int64(count), "\(query)")
                let numbers = try await client.call("GET", "/webhooks/queue/stats\(query)").json
                #expect(numbers["dead_letter"]?.integer == Int64(count), "\(query)")
            }
        }
    }

    @Test(
        arguments: [
            ("rotate", #"{"overlap":0}"#, "overlap"), ("rotate", #"{"secret":5}"#, "secret"),
            ("rotate", #"{"signature":5}"#, "signature"), ("rotate", #"{"overlap_seconds":"0"}"#, "overlap_seconds"),
            ("replay", #"{"message_id":5,"since":0}"#, "message_id"), ("replay", #"{"sinse":0}"#, "sinse"),
            ("replay", #"{"message_id":"m1","since":0}"#, "message_id"), ("replay", #"{"until":0}"#, "since"),
            ("replay", #"{"failed_since":0,"until":0}"#, "failed_since"), ("replay", #"{"since":"now"}"#, "since"),
        ]
    )
    func whatCannotBeReadChangesNothing(action: String, body: String, name: String) async throws {
        try await withWebhookGateway { client, _, database in
            let id = try await subscribe(client)
            func sealed() async throws -> [UInt8]? {
                try await database.run("select sealed_secrets from webhook_configs").first?.blob("sealed_secrets")
            }
            let before = try await sealed()
            let answer = try await client.call("POST", "/webhooks/\(id)/\(action)", try JSONValue(parsing: body))
            #expect(answer.status == 400)
            #expect(answer.json["error"]?.string?.contains("`\(name)`") == true, "\(answer.json.text)")
            #expect(try await sealed() == before)
        }
    }

    @Test func aTestThatFailsIsAnErrorAsAnyOther() async throws {
        try await withWebhookGateway(time: LeapingTime()) { client, _, _ in
            let id = try await subscribe(client)
            let answer = try await client.call("POST", "/webhooks/\(id)/test")
            #expect(answer.status == 502 && answer.json["code"] == "not_delivered")
            #expect(answer.json["error"]?.string?.isEmpty == false)
            #expect(answer.json["trace_id"]?.string?.isEmpty == false)
        }
    }

    @Test func aDamagedWebhookIsShownMendedAndRemoved() async throws {
        try await withWebhookGateway { client, _, database in
            let good = try await subscribe(client)
            let bad = try await subscribe(client)
            try await database.run("update webhook_configs set settings_json = '{' where id = \(bad)")
            let list = try await client.call("GET", "/webhooks")
            #expect(list.status == 200 && list.json["total"] == 2)
            let shown = list.json["webhooks"]?.array?.first { $0["id"]?.string == bad }
            #expect(shown?["url"] == "https://a.example/" && shown?["status"] == "active")
            #expect(shown?["health"] == "damaged" && shown?["error"]?.string?.contains("PATCH") == true)
            let other = list.json["webhooks"]?.array?.first { $0["id"]?.string == good }
            #expect(other?["error"] == nil && other?["health"] == "new")
            // It is stopped as any other, and nothing is made up for it meanwhile.
            let paused = try await client.call("POST", "/webhooks/\(bad)/pause")
            #expect(paused.json["webhook"]?["status"] == "paused" && paused.json["webhook"]?["error"] != nil)
            #expect(try await client.call("PATCH", "/webhooks/\(bad)", ["concurrency": 5]).status == 400)
            let mended = try await client.call("PATCH", "/webhooks/\(bad)", ["events": ["verdict"]]).json["webhook"]
            #expect(mended?["events"] == ["verdict"] && mended?["error"] == nil)
            try await database.run("update webhook_configs set settings_json = '{' where id = \(bad)")
            #expect(try await client.call("DELETE", "/webhooks/\(bad)").status == 200)
            #expect(try await client.call("GET", "/webhooks").json["total"] == 1)
        }
    }

    @Test(arguments: [
        "status = 'disabled'", "status = 'paused'", "url = 'https://other.example/'", "settings_json = '{}'",
    ])
    func whoSubscribesAgainIsToldAgain(_ change: String) async throws {
        try await withWebhookGateway { client, key, database in
            let wanted: JSONValue = ["hookUrl": "https://hooks.example/1", "event": "verdict"]
            func ask(_ headers: [(String, String)] = []) async throws -> JSONValue {
                try await client.call("POST", "/integrations/zapier/hooks", wanted, key: key, headers: headers).json
            }
            let made = try await ask()
            let keyed = try await ask([("Idempotency-Key", "a")])
            try await database.run("update webhook_configs set \(raw: change)")
            let again = try await ask()
            #expect(again["id"] == made["id"] && again["active"] == true && again["events"] == ["verdict"])
            #expect(again["url"] == "https://hooks.example/1")
            // Its secret is a new one: who asks may not have the former one.
            let secret = try #require(again["secret"]?.string)
            #expect(secret != made["secret"]?.string)
            #expect(try await ask()["secret"]?.string == secret)
            // The same answer to the same question is no new question.
            let repeated = try await ask([("Idempotency-Key", "a")])
            let stands = try await client.call("GET", "/webhooks/\(keyed["id"]?.string ?? "")").json["webhook"]
            #expect(repeated["id"] == keyed["id"] && repeated["status"] == stands?["status"])
            #expect(repeated["url"] == stands?["url"] && repeated["events"] == stands?["events"])
            #expect(repeated["secret"] == keyed["secret"])
        }
    }
}

/// A clock that is a minute later whenever somebody looks at it.
private final class LeapingTime: TimeSource {
    private let minutes = Mutex<Int64>(0)

    func now() -> Timestamp {
        minutes.withLock { minutes in
            minutes += 1
            return Timestamp(milliseconds: 1_760_000_000_000 + minutes * 60_000)
        }
    }

    func sleep(for duration: Duration) async throws {}
}
