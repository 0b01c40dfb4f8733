import Channels
import CoreTypes
import DatabaseSupport
import Emulators
import Persistence
import Publishing
import Synchronization
import TestSupport
import Testing
import Transport
import XIntegration

@Suite("Accounts and pictures on X")
struct XAccountTests {
    /// Without keys of one's own, so that accounts have to be connected.
    private static let connected: [String: String?] = [
        "X_API_KEY": nil, "X_API_KEY_SECRET": nil, "X_ACCESS_TOKEN": nil, "X_ACCESS_TOKEN_SECRET": nil,
    ]

    private func connector(_ world: PublishingWorld) throws -> AccountConnector {
        let x = try #require(try XConfiguration(from: world.settings, publicURL: "https://aragora.example.com"))
        let transport = world.transport
        return AccountConnector(
            provider: try #require(x.provider),
            database: world.database,
            sealer: try world.sealer,
            transport: transport,
            time: world.time,
            identifiers: RandomIdentifiers(time: world.time),
            logger: .silent,
            identify: { try await XPlatform.identify($0, apiURL: x.apiURL, transport: transport) }
        )
    }

    /// Goes where the platform sends the browser back to.
    private func agree(_ address: String, _ world: PublishingWorld) async throws -> [(name: String, value: String)] {
        let response = try await world.transport.send(HTTPRequest(url: address))
        try #require(response.status == 302)
        let location = try #require(response.header("location"))
        try #require(location.hasPrefix("https://aragora.example.com/api/v1/integrations/x/callback?"))
        let query = location.split(separator: "?", maxSplits: 1)[1]
        return try parseFormURLEncoded(Array(query.utf8)).map { (name: $0.0, value: $0.1) }
    }

    private func connect(_ world: PublishingWorld) async throws {
        let connector = try connector(world)
        let query = try await agree(connector.begin(workspace: acme), world)
        #expect(await connector.finish(query: query).status == 200)
        // A state works once.
        #expect(await connector.finish(query: query).status == 400)
    }

    private let post = XThread(posts: [.init(text: "Hello")])

    @Test(arguments: DatabaseEngine.allCases) func connectedByPKCE(engine: DatabaseEngine) async throws {
        try await withX(engine, keys: Self.connected) { world, emulator in
            let id = try await world.release(post.json, on: "x")
            _ = try await world.process().worker.work(only: id)
            #expect(try await world.find(id).publication.errorCode == "not_connected")
            try await connect(world)
            #expect(try await world.work(try world.process(), on: id).state == .published)
            #expect(emulator.posts.map(\.text) == ["Hello"])

            let rows = try await world.database.run("select sealed_credentials, name from integrations")
            #expect(try rows[0].text("name") == "@emulated")
            let sealed = String(decoding: try rows[0].blob("sealed_credentials"), as: UTF8.self)
            #expect(!sealed.contains("access-") && !sealed.contains("refresh-"))
        }
    }

    @Test("A state of somebody else's, or one that is too old, connects nothing")
    func foreignStates() async throws {
        try await withX(keys: Self.connected) { world, _ in
            let connector = try connector(world)
            let query = try await agree(connector.begin(workspace: acme), world)
            let foreign = query.map { ($0.name, $0.name == "state" ? String($0.value.reversed()) : $0.value) }
            #expect(await connector.finish(query: foreign.map { (name: $0.0, value: $0.1) }).status == 400)
            let second = try await agree(connector.begin(workspace: acme), world)
            // The code of one way with the state of another: the verifier does not fit.
            let mixed = second.map { pair in
                (
                    name: pair.name,
                    value: pair.name == "code" ? query.first { $0.name == "code" }?.value ?? "" : pair.value
                )
            }
            #expect(await connector.finish(query: mixed).status == 502)
            let third = try await agree(connector.begin(workspace: acme), world)
            world.time.advance(by: .seconds(601))
            #expect(await connector.finish(query: third).status == 400)
            #expect(try await world.database.run("select 1 from integrations").isEmpty)
        }
    }

    @Test("Of many processes one renews the token, and none loses it", arguments: DatabaseEngine.allCases)
    func renewal(engine: DatabaseEngine) async throws {
        try await withX(engine, keys: Self.connected) { world, emulator in
            try await connect(world)
            world.time.advance(by: .seconds(7000))
            let x = try #require(try XConfiguration(from: world.settings, publicURL: "https://aragora.example.com"))
            let keeper = AccountTokens(
                provider: try #require(x.provider),
                database: world.database,
                sealer: try world.sealer,
                transport: world.transport,
                time: StandingTime(moment: world.time.now()),
                identifiers: RandomIdentifiers()
            )
            let tokens = try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<8 { group.addTask { try await keeper.token(of: acme).reveal() } }
                return try await group.reduce(into: Set<String>()) { $0.insert($1) }
            }
            #expect(emulator.refreshes == 1)
            #expect(tokens.count == 1)
        }
    }

    @Test(
        "A token that is said to last for ever, or to have ended, is used all the same",
        arguments: ["1e300", "-1e300"]
    )
    func senselessLifetimes(seconds: String) async throws {
        try await withX(keys: Self.connected) { world, emulator in
            let transport = AlteredTransport(base: world.transport) { request, response in
                guard request.url.hasSuffix("/2/oauth2/token") else { return response }
                let text = String(decoding: response.body, as: UTF8.self)
                    .replacing("\"expires_in\":7200", with: "\"expires_in\":\(seconds)")
                return HTTPResponse(status: response.status, headers: response.headers, body: Array(text.utf8))
            }
            let absurd = world.with(transport: transport)
            try await connect(absurd)
            let row = try #require(try await world.database.run("select credentials_expire_at from integrations").first)
            let end = try row.integer("credentials_expire_at")
            #expect(end == (seconds.hasPrefix("-") ? start : start + .seconds(366 * 86_400)).rawValue)
            #expect(emulator.refreshes == 0)
        }
    }

    @Test("A new refresh token outlives a database that is away when it comes", arguments: DatabaseEngine.allCases)
    func renewalWithoutDatabase(engine: DatabaseEngine) async throws {
        try await withX(engine, keys: Self.connected) { world, emulator in
            try await connect(world)
            let x = try #require(try XConfiguration(from: world.settings, publicURL: "https://aragora.example.com"))
            let absence = Absence(after: "/2/oauth2/token", writes: 3)
            func token() async throws -> Secret {
                try await AccountTokens(
                    provider: try #require(x.provider),
                    database: AbsentDatabase(base: world.database, absence: absence),
                    sealer: try world.sealer,
                    transport: AbsenceTransport(base: world.transport, absence: absence),
                    time: StandingTime(moment: world.time.now()),
                    identifiers: RandomIdentifiers()
                ).token(of: acme)
            }
            for renewals in 1...2 {
                world.time.advance(by: .seconds(7000))
                _ = try await token()
                #expect(emulator.refreshes == renewals)
                #expect(absence.isOver)
            }
        }
    }

    @Test("A renewal that is under way outlives the end of whoever asked for it", arguments: DatabaseEngine.allCases)
    func renewalAtShutdown(engine: DatabaseEngine) async throws {
        try await withX(engine, keys: Self.connected) { world, emulator in
            try await connect(world)
            world.time.advance(by: .seconds(7000))
            let x = try #require(try XConfiguration(from: world.settings, publicURL: "https://aragora.example.com"))
            let provider = try #require(x.provider)
            let (database, sealer, moment) = (world.database, try world.sealer, world.time.now())
            let asking = Mutex<Task<Void, Never>?>(nil)
            let transport = HookedTransport(base: world.transport, number: 1) {
                while asking.withLock({ $0?.cancel() == nil }) { await Task.yield() }
            }
            let task = Task {
                _ = try? await AccountTokens(
                    provider: provider,
                    database: database,
                    sealer: sealer,
                    transport: transport,
                    time: StandingTime(moment: moment),
                    identifiers: RandomIdentifiers()
                ).token(of: acme)
            }
            asking.withLock { $0 = task }
            await task.value
            #expect(emulator.refreshes == 1)
            let stored = try await database.read { transaction in
                try IntegrationStore(sealer: sealer).find(workspace: acme, type: "x", in: transaction)
            }
            #expect(emulator.accepts(try #require(stored?.credentials["refresh_token"])))
        }
    }

    @Test("After another account was connected, a post is looked for on that one's timeline")
    func anotherAccount() async throws {
        try await withX(keys: Self.connected) { world, emulator in
            // One process for both, which knows the first account.
            let process = try world.process()
            for (account, text) in [(XEmulator.ownAccount, "One"), (XEmulator.secondAccount, "Two")] {
                emulator.signIn(account)
                try await connect(world)
                emulator.faults.set(.init(afterWrite: 1))
                let thread = XThread(posts: [.init(text: text)])
                let id = try await world.release(thread.json, on: "x", key: text)
                #expect(try await world.work(process, on: id).state == .published)
                #expect(emulator.requests.contains("GET /2/users/\(account)/tweets"))
            }
            #expect(emulator.posts.map(\.text) == ["One", "Two"])
            #expect(emulator.posts.map(\.author) == [XEmulator.ownAccount, XEmulator.secondAccount])
        }
    }

    @Test("What was on its way with a former account is not sent again with the next one")
    func formerAccount() async throws {
        try await withX(faults: EmulatorFaults(.init(afterWrite: 1)), keys: Self.connected) { world, emulator in
            try await connect(world)
            let id = try await world.release(post.json, on: "x")
            _ = try await world.process().worker.work(only: id)
            emulator.signIn(XEmulator.secondAccount)
            try await connect(world)
            let publication = try await world.work(try world.process(), on: id)
            #expect(publication.state == .unknown)
            #expect(publication.errorCode == "other_account")
            #expect(emulator.posts.map(\.author) == [XEmulator.ownAccount])
        }
    }

    @Test("The accounts of every workspace are looked at", arguments: DatabaseEngine.allCases)
    func diagnosis(engine: DatabaseEngine) async throws {
        try await withX(engine) { world, emulator in
            try await connect(world)
            let stale = Integration(
                workspaceID: WorkspaceID("slack:T2"),
                type: "x",
                installationID: "3",
                name: "@stale",
                credentials: ["access_token": Secret("nothing")]
            )
            let sealer = try world.sealer
            try await world.database.write { transaction in
                try IntegrationStore(sealer: sealer).save(stale, now: start, in: transaction)
            }
            let findings = await (try world.process().desk.platform("x")).diagnose()
            #expect(findings.map(\.level) == [.fine, .fine, .problem])
            #expect(
                findings.map(\.message).prefix(2) == ["Connected as @emulated.", "slack:T1: Connected as @emulated."]
            )
            #expect(findings[2].message.hasPrefix("slack:T2: "))
        }
    }

    @Test func aTokenThatXRefusesIsRenewedAndThePostGoesOut() async throws {
        try await withX(keys: Self.connected) { world, emulator in
            try await connect(world)
            emulator.expireTokens()
            let id = try await world.release(post.json, on: "x")
            #expect(try await world.work(try world.process(), on: id).state == .published)
            #expect(emulator.refreshes == 1)
            #expect(emulator.posts.count == 1)
        }
    }

    @Test("A workspace never speaks with another one's account")
    func workspacesAreApart() async throws {
        try await withX(keys: Self.connected) { world, emulator in
            try await connect(world)
            let other = WorkspaceID("slack:T2")
            let id = try await world.release(post.json, on: "x", workspace: other)
            _ = try await world.process().worker.work(only: id)
            #expect(try await world.find(id).publication.errorCode == "not_connected")
            #expect(emulator.posts.isEmpty)
        }
    }

    @Test func wrongKeysAreRefused() async throws {
        try await withX(keys: ["X_API_KEY_SECRET": "wrong"]) { world, emulator in
            let id = try await world.release(post.json, on: "x")
            _ = try await world.process().worker.work(only: id)
            #expect(try await world.find(id).publication.errorCode == "unauthorized")
            #expect(emulator.posts.isEmpty)
        }
    }

    // MARK: Media

    private func file(_ name: String, _ size: Int, in world: PublishingWorld) throws -> (path: String, bytes: [UInt8]) {
        var generator = SeededGenerator(seed: 3)
        let bytes = (0..<size).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        let path = "\(world.directory)/\(name)"
        try write(bytes, to: path)
        return (path, bytes)
    }

    @Test("A film is uploaded in pieces, waited for and shown; a broken upload goes on", arguments: [nil, 1, 2, 3])
    func film(failingWrite: Int?) async throws {
        try await withX(faults: EmulatorFaults(.init(afterWrite: failingWrite))) { world, emulator in
            let (path, bytes) = try file("film.mp4", (4 << 20) + 1000, in: world)
            let media = try XThread.Media(path: path, alternative: "A film of the verdict")
            let thread = XThread(posts: [.init(text: "See", media: [media]), .init(text: "And more")])
            let id = try await world.release(thread.json, on: "x")
            #expect(try await world.work(try world.process(), on: id).state == .published)
            let upload = try #require(emulator.posts.first?.media.first)
            #expect(emulator.bytes(of: upload) == bytes)
            #expect(emulator.posts.map(\.text) == ["See", "And more"])
            #expect(emulator.alternatives == ["A film of the verdict"])
        }
    }

    @Test("A picture that X has forgotten before its post could go out is uploaded again", arguments: [false, true])
    func forgottenPicture(isEarly: Bool) async throws {
        try await withX { world, emulator in
            let (path, bytes) = try file("picture.png", 1000, in: world)
            let thread = XThread(posts: [.init(text: "See", media: [try XThread.Media(path: path)])])
            let id = try await world.release(thread.json, on: "x")
            emulator.limit(posts: 0)
            _ = try await world.process().worker.work(only: id)
            #expect(try await world.find(id).parts.map(\.state) == [.sent, .queued])
            emulator.limit(posts: 200)
            if isEarly { emulator.forgetUploads() } else { world.time.advance(by: .seconds(86_400)) }
            #expect(try await world.work(try world.process(), on: id).state == .published)
            let upload = try #require(emulator.posts.first?.media.first)
            #expect(emulator.bytes(of: upload) == bytes)
            #expect(emulator.requests.filter { $0.hasSuffix("/initialize") }.count == 2)
            #expect(emulator.requests.filter { $0 == "POST /2/tweets" }.count == (isEarly ? 3 : 2))
        }
    }

    @Test func aFileThatWasChangedAfterItsReleaseDoesNotGoOut() async throws {
        try await withX { world, emulator in
            let (path, _) = try file("picture.png", 1000, in: world)
            let thread = XThread(posts: [.init(text: "See", media: [try XThread.Media(path: path)])])
            let id = try await world.release(thread.json, on: "x")
            _ = try file("picture.png", 999, in: world)
            let publication = try await world.work(try world.process(), on: id)
            #expect(publication.state == .failed)
            #expect(publication.errorCode == "file_changed")
            #expect(emulator.posts.isEmpty)
        }
    }
}

/// A clock that stands still, under which others go on.
private struct StandingTime: TimeSource {
    let moment: Timestamp

    func now() -> Timestamp { moment }
    func sleep(for duration: Duration) async throws { await Task.yield() }
}
