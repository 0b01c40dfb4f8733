import Approvals
import CoreTypes
import DatabaseSupport
import Gateway
import TestSupport
import Testing

@Suite("Answers to approvals over HTTP", .timeLimit(.minutes(5)))
struct ApprovalAnswerRouteTests {
    private static let path = "/api/v1/approvals"

    /// Runs a gateway over a fresh database, with one request whose text may be changed.
    private func run(_ body: (RawClient, String) async throws -> Void) async throws {
        try await withDatabase(.sqlite) { test in
            var harness = GatewayHarness()
            harness.approvals = ApprovalService(database: test.database, desk: try approvalDesk())
            try await harness.run { client in
                let asked = #"{"title":"Post?","allow_edit":true,"operation":{"text":"one"}}"#
                try await body(client, try #require(try await client.post(Self.path, asked).json["id"]?.string))
            }
        }
    }

    @Test(
        "An answer of which something cannot be read is none",
        arguments: [
            (#"{"option":"approve","text":5}"#, "text"), (#"{"option":"approve","text":["two"]}"#, "text"),
            (#"{"option":"approve","edited_text":"two"}"#, "edited_text"),
            (#"{"option":"approve","comment":5}"#, "comment"), (#"{"option":"reject","reason":5}"#, "reason"),
            (#"{"option":"approve","operation_hash":5}"#, "operation_hash"),
            (#"{"option":"approve","actor":"slack:U1"}"#, "actor"), (#"{"option":5,"decision":"approve"}"#, "option"),
            (#"{"option":"approve","decision":"reject"}"#, "option"), (#"{"comment":"yes"}"#, "option"),
        ]
    )
    func unreadable(body: String, name: String) async throws {
        try await run { client, id in
            let answer = try await client.post("\(Self.path)/\(id)/decide", body)
            #expect(answer.status == 400 && answer.body.contains("`\(name)`"), "\(answer.body)")
            let detail = try await client.request("GET", "\(Self.path)/\(id)").json
            #expect(detail["status"] == "pending" && detail["decisions"] == [])
        }
    }

    @Test("Nor is it by the original's paths, whose clients may say more than is known")
    func originalPaths() async throws {
        try await run { client, id in
            let path = "/api/v1/workflow-approvals/\(id)/resolve"
            for body in [
                #"{"status":"approved","text":5}"#, #"{"status":"rejected","notes":5}"#,
                #"{"status":"rejected","comment":"","guidance":["no"]}"#,
            ] {
                #expect(try await client.post(path, body).status == 400, "\(body)")
            }
            #expect(try await client.request("GET", "\(Self.path)/\(id)").json["decisions"] == [])
            let body = #"{"status":"rejected","comment":" ","reason":"Too late.","resolved_by":"ann"}"#
            let decided = try await client.post(path, body)
            #expect(try decided.json["decision"]?["comment"] == "Too late.", "\(decided.body)")
        }
    }

    @Test("Programs are told of members, not of the commands that people write in chats")
    func words() async throws {
        try await run { client, id in
            let path = "\(Self.path)/\(id)/decide"
            let bare = try await client.post(path, #"{"option":"reject"}"#)
            #expect(try bare.status == 400 && bare.json["code"] == "comment_required")
            #expect(bare.body.contains("`comment`") && !bare.body.contains("<reason>"), "\(bare.body)")
            let old = try await client.post(path, #"{"option":"approve","operation_hash":"00"}"#)
            #expect(try old.status == 409 && old.json["code"] == "changed")
            #expect(old.body.contains("`operation_hash`") && !old.body.contains("`approve"), "\(old.body)")
        }
    }
}
