import CoreTypes
import HTTPTypes
import Hummingbird
import NIOCore
import Persistence
import Synchronization
import TestSupport
import Testing

@testable import Gateway

/// What the keys of programs open.
@Suite(.timeLimit(.minutes(5))) struct KeyPolicyTests {
    /// One key that has some scopes.
    private struct OneKey: KeyAuthority {
        static let text = Secret("ara_key")
        let scopes: Set<APIKey.Scope>
        var workspace = WorkspaceID.local

        func holder(of key: Secret) async throws -> APIKey? {
            guard key.reveal() == Self.text.reveal() else { return nil }
            return APIKey(
                workspace: workspace,
                id: "k1",
                name: "program",
                scopes: scopes,
                createdAt: Timestamp(milliseconds: 0)
            )
        }
    }

    private func opens(_ method: HTTPTypes.HTTPRequest.Method, _ path: String, _ scopes: Set<APIKey.Scope>) async
        -> Bool
    {
        let request = Request(
            head: .init(method: method, scheme: "http", authority: "gateway", path: "/api/v1" + path),
            body: RequestBody(buffer: ByteBuffer())
        )
        return (try? await KeyPolicy(keys: OneKey(scopes: scopes)).authorize(OneKey.text, request)) != nil
    }

    @Test(arguments: [
        "/integrations/x/connect", "/integrations/youtube/connect", "/publications", "/publications/p1", "/metrics",
    ])
    func noKeyOpensWhatIsTheOperators(_ path: String) async {
        let all = Set(APIKey.Scope.allCases)
        #expect(await !opens(.get, path, all))
        #expect(await !opens(.post, path, all))
    }

    @Test func theOriginalsPathsToApprovalsNeedTheSameScopes() async {
        let paths: [(HTTPTypes.HTTPRequest.Method, String, APIKey.Scope)] = [
            (.get, "/workflow-approvals", .readApprovals), (.post, "/workflow-approvals/a/resolve", .decideApprovals),
            (.post, "/decisions/plans/a/approve", .decideApprovals),
            (.post, "/computer-use/approvals/a/deny", .decideApprovals),
        ]
        for (method, path, scope) in paths {
            #expect(await opens(method, path, [scope]), "\(path)")
            #expect(await !opens(method, path, Set(APIKey.Scope.allCases).subtracting([scope])), "\(path)")
        }
        #expect(await !opens(.post, "/decisions/other", Set(APIKey.Scope.allCases)))
    }

    @Test func noKeyPublishes() async {
        let all = Set(APIKey.Scope.allCases)
        for platform in ["x", "youtube"] {
            #expect(await !opens(.post, "/debates/d1/publish/\(platform)", all))
        }
        #expect(await opens(.post, "/debates/d1/messages", all))
    }

    @Test func hooksAreForThoseWhoMaySeeWebhooks() async {
        let hooks = "/integrations/zapier/hooks"
        #expect(await !opens(.get, hooks, [.readDebates]))
        #expect(await opens(.get, hooks, [.readWebhooks]))
        #expect(await !opens(.post, hooks, [.readWebhooks]))
        #expect(await opens(.delete, hooks + "/wh_1", [.writeWebhooks]))
        for path in ["auth", "events", "samples/verdict"] {
            #expect(await opens(.get, "/integrations/zapier/\(path)", [.readDebates]))
        }
    }

    @Test func whoIsRefusedHearsWhatToDo() async throws {
        var harness = GatewayHarness()
        harness.keys = OneKey(scopes: [.readDebates])
        try await harness.run { client async throws in
            func error(_ path: String, key: String = OneKey.text.reveal()) async throws -> String {
                try await client.post(path, headers: [("X-API-Key", key)]).json["error"]?.string ?? ""
            }
            let lacking = try await error("/api/v1/debates")
            #expect(lacking.contains("`debates:write`") && lacking.contains("`debates:read`"), "\(lacking)")
            #expect(lacking.contains("aragora keys create"), "\(lacking)")
            let unknown = try await error("/api/v1/debates", key: "ara_other")
            #expect(unknown.contains("aragora keys create"), "\(unknown)")
            let closed = try await error("/api/v1/debates/d1/publish/x")
            #expect(!closed.contains("debates:write"), "\(closed)")
        }
    }

    @Test(arguments: ["receipt", "journal"])
    func aKeyFetchesWhatCanBeChecked(_ what: String) async throws {
        for (scopes, workspace, status) in [
            (Set([APIKey.Scope.readDebates]), WorkspaceID.local, 200),
            (Set([APIKey.Scope.readDebates]), WorkspaceID("slack:T1"), 404),
            (Set([APIKey.Scope.readWebhooks]), WorkspaceID.local, 403),
        ] {
            var harness = GatewayHarness()
            harness.configuration.apiToken = Secret("the-operators-token")
            harness.keys = OneKey(scopes: scopes, workspace: workspace)
            let id = harness.debates.add("d1", status: "completed")
            harness.debates.state.withLock { $0.receipts[id] = Array("{}".utf8) }
            try await harness.run { client async throws in
                let path = "/api/v1/debates/d1/\(what)"
                let shown = [("Authorization", "Bearer \(OneKey.text.reveal())")]
                #expect(try await client.request("GET", path, headers: shown).status == status)
                #expect(try await client.request("GET", path, headers: [("X-API-Key", "ara_other")]).status == 401)
                let token = [("Authorization", "Bearer the-operators-token")]
                #expect(try await client.request("GET", path, headers: token).status == 200)
            }
        }
    }
}
