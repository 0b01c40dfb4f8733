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
            let store = OAuthStateStore(sealer: try sealer("a"))
            func issue() -> OAuthState {
                store.issue(platform: "slack", subject: "wörk", expiresAt: start + .seconds(60))
            }
            func consume(_ text: String, _ platform: String = "slack", at moment: Timestamp = start) async throws
                -> OAuthState?
            {
                try await test.database.write { try store.consume(text, platform: platform, now: moment, in: $0) }
            }
            func rows() async throws -> Int { try await test.database.run("select 1 from oauth_states").count }
            let state = issue()
            let text = state.text.reveal()
            for wrong in ["", "x", "...", "a.b.c.d", text + "0", "1" + text, text.replacing(".", with: "..")] {
                #expect(try await consume(wrong) == nil, "\(wrong)")
            }
            #expect(try await consume(issue().text.reveal(), "discord") == nil)
            #expect(try await consume(issue().text.reveal(), at: start + .seconds(60)) == nil)
            #expect(try await rows() == 0)
            let back = try #require(try await consume(text))
            #expect(back.subject == "wörk" && back.verifier.reveal() == state.verifier.reveal())
            #expect(try await consume(text) == nil)
            #expect(try await consume(text.uppercased()) == nil)
            let kept = try await test.database.run("select state_hash from oauth_states")
            #expect(kept.count == 1)
            #expect(try kept.first?.text("state_hash") != text)
            let pruned = try await test.database.write { transaction in
                try OAuthStateStore.prune(now: start + .seconds(3660), in: transaction)
            }
            #expect(pruned == 1)
        }
    }

    @Test(arguments: DatabaseEngine.allCases) func aStateOutlivesAChangeOfKeys(engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { test in
            let other = "c:HwECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
            let former = "a:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
            func consume(_ state: OAuthState, keys: String) async throws -> OAuthState? {
                let store = OAuthStateStore(sealer: try Sealer(keys: Secret(keys)))
                return try await test.database.write { transaction in
                    try store.consume(state.text.reveal(), platform: "x", now: start, in: transaction)
                }
            }
            let state = OAuthStateStore(sealer: try sealer("a")).issue(platform: "x", expiresAt: start + .seconds(60))
            #expect(state.verifier.reveal().utf8.count == 64)
            #expect(try await consume(state, keys: other) == nil)
            let back = try #require(try await consume(state, keys: "\(other),\(former)"))
            #expect(back.subject.isEmpty && back.verifier.reveal() == state.verifier.reveal())
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
