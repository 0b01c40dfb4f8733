import Channels
import CoreTypes
import DatabaseSupport
import Persistence
import SlackIntegration
import Synchronization
import TestSupport
import Testing
import Transport

extension InstallationTests {
    @Test("Whoever only begins leaves nothing behind; whoever comes back, one row")
    func beginnings() async throws {
        try await withHouse { house in
            func rows() async throws -> Int { try await house.database.run("select 1 from oauth_states").count }
            for _ in 0..<1000 { _ = await house.installer.visit(route: "install", query: [], cookies: "") }
            let (state, cookie) = try await begin(house.installer)
            let queries: [[(name: String, value: String)]] = [
                [], [(name: "error", value: "access_denied")], [(name: "code", value: "")],
            ]
            for query in queries {
                let visit = query + [(name: "state", value: state)]
                _ = await house.installer.visit(route: "callback", query: visit, cookies: cookie)
            }
            #expect(try await rows() == 0)
            let visit = [(name: "code", value: "code-1"), (name: "state", value: state)]
            #expect(await house.installer.visit(route: "callback", query: visit, cookies: cookie).status == 502)
            #expect(try await rows() == 1)
            #expect(await house.installer.visit(route: "callback", query: visit, cookies: cookie).status == 400)
            #expect(await house.slack.calls("oauth.v2.access").count == 1)
        }
    }
}
