import Approvals
import Channels
import CoreTypes
import DatabaseSupport
import Gateway
import Persistence
import TestSupport
import Testing

@Suite("Many and long approvals over HTTP", .timeLimit(.minutes(5)))
struct ApprovalListRouteTests {
    private static let path = "/api/v1/approvals"

    /// Runs a gateway over a fresh database.
    @discardableResult
    private func run<R: Sendable>(
        _ engine: DatabaseEngine = .sqlite,
        mostPending: Int = 1000,
        _ body: (RawClient, any Database) async throws -> R
    ) async throws -> R {
        try await withDatabase(engine) { test in
            let desk = try approvalDesk()
            var harness = GatewayHarness()
            harness.approvals = ApprovalService(database: test.database, desk: desk, mostPending: mostPending)
            return try await harness.run { client in try await body(client, test.database) }
        }
    }

    @Test("What is too long for a list stands in the request alone, and its names in the list")
    func longTexts() async throws {
        try await run { client, _ in
            let text = String(repeating: "Long. ", count: 1000)
            let body = #"{"title":"Pay?","question":"\#(text)","operation":{"text":"\#(text)"},"metadata":{"a":1}}"#
            let id = try #require(try await client.post(Self.path, body).json["id"]?.string)
            for path in [Self.path, "\(Self.path)/pending", "/api/v1/workflow-approvals"] {
                let item = try #require(try await client.request("GET", path).json["approvals"]?.array?.first)
                #expect(item["left_out"] == ["description", "operation", "operation_json", "question"])
                #expect(item["question"] == nil && item["operation"] == nil && item["description"] == nil)
                #expect(item["title"] == "Pay?" && item["metadata"] == ["a": 1] && item["context"] == "")
                #expect(item["can_decide"] == true && item["actions"]?["approve"] != nil)
            }
            let whole = try await client.request("GET", "\(Self.path)/\(id)").json
            #expect(whole["question"]?.string == text && whole["operation"]?["text"]?.string == text)
            #expect(whole["left_out"] == nil)
        }
    }

    @Test("In a browser a long request is decided where all of it stands")
    func longInBrowser() async throws {
        let (inbox, one) = try await run { client, _ in
            let text = String(repeating: "Long. ", count: 1000)
            let made = try await client.post(Self.path, #"{"title":"Pay?","operation":{"text":"\#(text)"}}"#)
            let id = try #require(try made.json["id"]?.string)
            return (
                try await client.browse("/approvals", until: "Read all of it"),
                try await client.browse("/approvals/\(id)", until: "Long. ")
            )
        }
        #expect(!inbox.contains("Long. ") && !inbox.contains("<button class=\"button primary\""))
        #expect(one.contains("<button class=\"button primary\"") && !one.contains("Read all of it"))
    }

    @Test("Where too many requests wait, another one is refused with what to do", arguments: DatabaseEngine.allCases)
    func tooMany(engine: DatabaseEngine) async throws {
        try await run(engine, mostPending: 2) { client, _ in
            let body = #"{"title":"Pay?","expires_in":null}"#
            let made = try await client.post(Self.path, body)
            #expect(try await client.post(Self.path, body).status == 201)
            let refused = try await client.post(Self.path, body)
            #expect(refused.status == 409 && refused.body.contains("2 requests of this workspace wait already"))
            #expect(try refused.json["code"] == "too_many_pending")
            let id = try #require(try made.json["id"]?.string)
            #expect(try await client.post("\(Self.path)/\(id)/withdraw", "{}").status == 200)
            #expect(try await client.post(Self.path, body).status == 201)
        }
    }
}
