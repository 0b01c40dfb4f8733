import CoreTypes
import DatabaseSupport
import Gateway
import Persistence
import Subscriptions
import TestSupport
import Transport

/// Runs a gateway with a database and webhooks, to whose operator's token and one key programs listen.
/// - Parameter scopes: what the key opens.
func withWebhookGateway(
    scopes: Set<APIKey.Scope> = Set(APIKey.Scope.allCases),
    time: any TimeSource = SystemTime(),
    _ body: @Sendable @escaping (RawClient, Secret, any Database) async throws -> Void
) async throws {
    try await withDatabase(.sqlite) { test in
        let sealer = try Sealer(keys: Secret("test:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="))
        var harness = GatewayHarness()
        harness.configuration.apiToken = Secret("the-operators-token")
        harness.subscriptions = SubscriptionService(
            database: test.database,
            endpoints: EndpointStore(sealer: sealer),
            addressGuard: AddressGuard(),
            time: time,
            identifiers: RandomIdentifiers()
        )
        harness.keys = DatabaseKeys(database: test.database)
        let key = APIKey(
            workspace: WorkspaceID("slack:T1"),
            id: "k1",
            name: "zapier",
            scopes: scopes,
            createdAt: SystemTime().now()
        )
        let text = try await test.database.write { try APIKeyStore().create(key, in: $0) }
        try await harness.run { client in try await body(client, text, test.database) }
    }
}

extension RawClient {
    /// Calls the API.
    /// - Parameter key: what is shown; the operator's token where it is nil.
    func call(
        _ method: String,
        _ path: String,
        _ body: JSONValue? = nil,
        key: Secret? = nil,
        headers: [(String, String)] = []
    ) async throws -> (status: Int, json: JSONValue) {
        let shown = key?.reveal() ?? "the-operators-token"
        let response = try await request(
            method,
            "/api/v1" + path,
            headers: [("Authorization", "Bearer \(shown)"), ("Content-Type", "application/json")] + headers,
            body: body?.text
        )
        return (response.status, (try? response.json) ?? [:])
    }
}

/// Keys from the database, without a cache.
private struct DatabaseKeys: KeyAuthority {
    let database: any Database

    func holder(of key: Secret) async throws -> APIKey? {
        let found = try await database.read { try APIKeyStore().find(key, in: $0) }
        return found?.isValid(at: SystemTime().now()) == true ? found : nil
    }
}
