import CoreTypes
import DatabaseSupport
import Persistence
import TestSupport
import Testing
import Transport

/// What the gateway says to whoever asks, where the database would say something else.
@Suite("What the outside is told", .timeLimit(.minutes(5)))
struct OutsideTests {
    @Test("What the database's server says of itself is for the log")
    func databaseWords() async throws {
        let server = try PostgresTestServer()
        let name = try await server.create(isMigrated: false)
        let result: Result<Void, any Error>
        do {
            try await withTemporaryDirectory { directory in
                try await GatewayWorld.with(.postgres(url: server.url(of: name)), directory, .instant, [:]) { world in
                    try await lockOut(name, of: server, world)
                }
            }
            result = .success(())
        } catch {
            result = .failure(error)
        }
        try await server.drop(name)
        try result.get()
    }

    /// Lets nobody into the database any more, which its server then says with its name.
    private func lockOut(_ name: String, of server: PostgresTestServer, _ world: GatewayWorld) async throws {
        let gateway = try await world.start()
        let administration = server.administration()
        try await administration.run("alter database \(raw: name) with allow_connections false")
        try await administration.run("select pg_terminate_backend(pid) from pg_stat_activity where datname = \(name)")
        await administration.close()
        for path in ["/readyz", "/health", "/api/v1/debates"] {
            let body = try await eventually("an answer without the database") {
                let body = try await answer("GET", path, to: gateway, world).body
                return body.contains("aragora doctor") ? body : nil
            }
            #expect(!body.contains(name) && !body.contains("FATAL"), "\(body)")
        }
        try await eventually("the server's words in the log") {
            gateway.process.output.contains(name) ? true : nil
        }
        try await gateway.kill()
    }

    @Test("A text that no database stores is the sender's mistake", arguments: DatabaseEngine.allCases)
    func nul(engine: DatabaseEngine) async throws {
        try await GatewayWorld.with(engine) { world in
            let gateway = try await world.start()
            let made = try await world.call(gateway, "/debates", ["task": "Why?"])
            let id = try #require(try JSONValue(parsing: made.body)["id"]?.string)
            let title: JSONValue = ["title": "a\u{0}"]
            let changed = try await answer("PATCH", "/api/v1/debates/\(id)", title, to: gateway, world)
            #expect(changed.status == 400 && changed.body.contains("`title`"), "\(changed.body)")
            let hook: JSONValue = ["url": "https://receiver.example/", "events": ["debate_end"], "name": "a\u{0}"]
            let hooked = try await answer("POST", "/api/v1/webhooks", hook, to: gateway, world)
            #expect(hooked.status == 400 && hooked.body.contains("`name`"), "\(hooked.body)")
            let listed = try await answer("GET", "/api/v1/debates?workspace=%00", to: gateway, world)
            #expect(listed.status == 400 && listed.body.contains("`workspace`"), "\(listed.body)")
            #expect(try await gateway.terminate() == .exited(0))
        }
    }

    private func answer(
        _ method: String,
        _ path: String,
        _ body: JSONValue? = nil,
        to gateway: GatewayProcess,
        _ world: GatewayWorld
    ) async throws -> (status: Int, body: String) {
        let response = try await world.client.send(
            HTTPRequest(
                method: method,
                url: gateway.url + path,
                headers: [
                    ("Content-Type", "application/json"), ("Authorization", "Bearer \(GatewayWorld.token)"),
                ],
                body: body?.bytes ?? [],
                timeout: .seconds(20)
            )
        )
        return (response.status, String(decoding: response.body, as: UTF8.self))
    }
}
