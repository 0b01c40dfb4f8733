import CoreTypes
import Crypto
import DatabaseSupport
import Persistence
import Testing

@Suite struct SmallStoreTests {
    private func sealer(_ names: String...) throws -> Sealer {
        // Not random, so that sealers of the same name have the same key.
        let key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
        return try Sealer(keys: Secret(names.map { "\($0):\(key)" }.joined(separator: ",")))
    }

    @Test(arguments: DatabaseEngine.allCases) func oneLeads(engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { test in
            let store = LeaseStore()
            func acquire(_ owner: String, at moment: Timestamp) async throws -> Lease? {
                try await test.database.write { transaction in
                    try store.acquire("sweeper", owner: owner, duration: .seconds(10), now: moment, in: transaction)
                }
            }
            let first = try #require(try await acquire("a", at: start))
            #expect(try await acquire("b", at: start + .seconds(9)) == nil)
            let renewed = try #require(try await acquire("a", at: start + .seconds(5)))
            #expect(renewed.fence == first.fence)
            let second = try #require(try await acquire("b", at: start + .seconds(15)))
            #expect(second.fence == first.fence + 1)
            try await test.database.write { try store.release(renewed, in: $0) }
            #expect(try await acquire("a", at: start + .seconds(16)) == nil)
            try await test.database.write { try store.release(second, in: $0) }
            #expect(try await acquire("a", at: start + .seconds(16))?.fence == second.fence + 1)
        }
    }

    @Test(arguments: DatabaseEngine.allCases) func oneOfManyGetsAFreeLease(engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { test in
            let database = test.database
            let leases = try await withThrowingTaskGroup(of: Lease?.self) { group in
                for owner in 0..<10 {
                    group.addTask {
                        try await database.write { transaction in
                            try LeaseStore().acquire(
                                "x",
                                owner: "o\(owner)",
                                duration: .seconds(9),
                                now: start,
                                in: transaction
                            )
                        }
                    }
                }
                return try await group.reduce(into: []) { $0 += $1.map { [$0] } ?? [] }
            }
            #expect(leases.count == 1)
        }
    }

    @Test(arguments: DatabaseEngine.allCases) func signingKeysStayTheSame(engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { test in
            let store = SigningKeyStore(sealer: try sealer("a"))
            let key = try await test.database.write { try store.current(now: start, in: $0) }
            let again = try await test.database.write { try store.current(now: start + .seconds(1), in: $0) }
            #expect(again.id == key.id)
            let signature = try Curve25519.Signing.PrivateKey(rawRepresentation: again.privateKeyBytes)
                .signature(for: [UInt8]([1, 2, 3]))
            let stored = try await test.database.run("select public_key from signing_keys").map {
                try $0.blob("public_key")
            }
            #expect(stored == [key.publicKey])
            let verifier = try Curve25519.Signing.PublicKey(rawRepresentation: stored[0])
            #expect(verifier.isValidSignature(signature, for: [UInt8]([1, 2, 3])))
            let other = SigningKeyStore(sealer: try sealer("b"))
            let error = await #expect(throws: DatabaseError.self) {
                _ = try await test.database.write { try other.current(now: start, in: $0) }
            }
            #expect(error?.reason == .sealed)
            #expect("\(key) \(String(reflecting: key))".contains("privateKey") == false)
        }
    }

    @Test(arguments: DatabaseEngine.allCases) func integrationsKeepTheirSecretsSealed(engine: DatabaseEngine)
        async throws
    {
        try await withDatabase(engine) { test in
            let store = IntegrationStore(sealer: try sealer("a"))
            var integration = Integration(workspaceID: acme, type: "slack", installationID: "T1", name: "Acme")
            integration.settings = ["channel": "C1"]
            integration.credentials = ["bot_token": Secret("xoxb-very-secret")]
            integration.credentialsExpireAt = start + .seconds(60)
            let saved = integration
            try await test.database.write { try store.save(saved, now: start, in: $0) }
            let raw = try await test.database.run("select sealed_credentials from integrations")
            let sealed = try #require(try raw.first?.blob("sealed_credentials"))
            #expect(!String(decoding: sealed, as: UTF8.self).contains("very-secret"))

            let byWorkspace = try await test.database.read { try store.find(workspace: acme, type: "slack", in: $0) }
            let found = try #require(byWorkspace)
            #expect(found.credentials["bot_token"]?.reveal() == "xoxb-very-secret")
            #expect(found.settings["channel"]?.string == "C1")
            #expect(found.credentialsExpireAt == start + .seconds(60))
            #expect(!"\(found)".contains("very-secret"))

            try await test.database.write { transaction in
                _ = try store.updateCredentials(workspace: acme, type: "slack", now: start, in: transaction) {
                    credentials in
                    credentials["bot_token"] = Secret("xoxb-new")
                    return nil
                }
            }
            let listed = try await test.database.read { try store.list(type: "slack", in: $0) }
            let changed = try #require(listed.first)
            #expect(changed.installationID == "T1")
            #expect(changed.credentials["bot_token"]?.reveal() == "xoxb-new")
            #expect(changed.credentialsExpireAt == nil)

            let wasDisabled = try await test.database.write { transaction in
                try store.disable(workspace: acme, type: "slack", now: start, in: transaction)
            }
            #expect(wasDisabled)
            let disabled = try await test.database.read { try store.list(type: "slack", in: $0) }
            #expect(disabled.map(\.isEnabled) == [false])
            #expect(disabled.first?.credentials.isEmpty == true)
        }
    }

    @Test(arguments: DatabaseEngine.allCases) func sealedCredentialsCannotBeMoved(engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { test in
            let store = IntegrationStore(sealer: try sealer("a"))
            let mine = Integration(
                workspaceID: acme,
                type: "slack",
                installationID: "T1",
                credentials: ["t": Secret("x")]
            )
            try await test.database.write { try store.save(mine, now: start, in: $0) }
            try await test.database.run("update integrations set workspace_id = 'slack:T2'")
            let error = await #expect(throws: DatabaseError.self) {
                _ = try await test.database.read {
                    try store.find(workspace: WorkspaceID("slack:T2"), type: "slack", in: $0)
                }
            }
            #expect(error?.reason == .sealed)
        }
    }

    @Test(arguments: DatabaseEngine.allCases) func peopleAreKnownByTheirIds(engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { test in
            let store = UserMappingStore()
            func find(_ id: String) async throws -> UserMapping? {
                try await test.database.read {
                    try store.find(workspace: acme, platform: "slack", platformUserID: id, in: $0)
                }
            }
            #expect(try await find("U1") == nil)
            let ann = UserMapping(
                workspaceID: acme,
                platform: "slack",
                platformUserID: "U1",
                userID: "u",
                displayName: "Ann"
            )
            try await test.database.write { try store.upsert(ann, now: start, in: $0) }
            let nameless = UserMapping(workspaceID: acme, platform: "slack", platformUserID: "U1", userID: "u2")
            try await test.database.write { try store.upsert(nameless, now: start, in: $0) }
            #expect(try await find("U1")?.userID == "u2")
            #expect(try await find("U1")?.displayName == "Ann")
        }
    }

    @Test(arguments: DatabaseEngine.allCases) func aStateIsGoodOnce(engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { test in
            let store = OAuthStateStore()
            func issue() async throws -> String {
                try await test.database.write { transaction in
                    try store.issue(
                        platform: "slack",
                        payload: ["w": "1"],
                        expiresAt: start + .seconds(60),
                        in: transaction
                    )
                }.reveal()
            }
            func consume(_ state: String, _ platform: String = "slack", at moment: Timestamp = start) async throws
                -> JSONValue?
            {
                try await test.database.write { try store.consume(state, platform: platform, now: moment, in: $0) }
            }
            let state = try await issue()
            #expect(try await consume("x") == nil)
            #expect(try await consume(state)?["w"]?.string == "1")
            #expect(try await consume(state) == nil)
            #expect(try await consume(try await issue(), "discord") == nil)
            #expect(try await consume(try await issue(), at: start + .seconds(60)) == nil)
            let kept = try await issue()
            let rows = try await test.database.run("select state_hash from oauth_states")
            #expect(try rows.first?.text("state_hash") != kept)
            let pruned = try await test.database.write { try store.prune(now: start + .seconds(61), in: $0) }
            #expect(pruned == 1)
        }
    }

    @Test(arguments: DatabaseEngine.allCases) func aWorkspaceIsMadeOnce(engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { test in
            for name in ["", "Acme", ""] {
                try await test.database.write { transaction in
                    try WorkspaceStore().ensure(acme, platform: "slack", name: name, now: start, in: transaction)
                }
            }
            let rows = try await test.database.run("select name from workspaces")
            let names = try rows.map { try $0.text("name") }
            #expect(names == ["Acme"])
        }
    }
}
