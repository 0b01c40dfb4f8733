import Channels
import CoreTypes
import DatabaseSupport
import Persistence
import SlackIntegration
import TestSupport
import Testing

/// What is kept of an installation, and until when.
extension InstallationTests {
    @Test(
        "The end of an installation counts within the second in which it was made, and never for a later one",
        arguments: DatabaseEngine.allCases
    )
    func removedAtOnce(_ engine: DatabaseEngine) async throws {
        try await withHouse(engine) { house in
            let payloads = house.bench.payloads
            let workspace = WorkspaceID("slack:\(payloads.team)")
            let integrations = IntegrationStore(sealer: try Sealer(keys: Self.keys))
            func remove() async throws -> Bool {
                let event = try #require(try house.bench.events(payloads.uninstalled()).first)
                guard case .uninstalled(_, let moment) = event.kind else { return false }
                return try await house.database.write { transaction in
                    try integrations.disable(
                        workspace: event.workspace,
                        type: "slack",
                        asOf: moment,
                        now: SlackBench.now,
                        in: transaction
                    )
                }
            }
            house.bench.time.advance(by: .milliseconds(400))
            try await house.store.save(installation(payloads.team, tokens: .init(access: Secret("a"))))
            #expect(try await remove())
            #expect(try await house.store.installation(of: workspace) == nil)
            house.bench.time.advance(by: .seconds(10))
            try await house.store.save(installation(payloads.team, tokens: .init(access: Secret("b"))))
            #expect(try await !remove())
            #expect(try await house.store.installation(of: workspace)?.tokens.access.reveal() == "b")
        }
    }

    @Test("An installation without a name keeps the name that is known", arguments: DatabaseEngine.allCases)
    func namelessInstallation(_ engine: DatabaseEngine) async throws {
        try await withHouse(engine) { house in
            func names() async throws -> [String] {
                try await house.database.read { transaction in
                    try transaction.query("select name from workspaces").map { row in try row.text("name") }
                }
            }
            try await house.store.save(installation("T9", tokens: .init(access: Secret("a"))))
            try await house.store.save(installation("T9", name: "", tokens: .init(access: Secret("b"))))
            #expect(try await names() == ["Workspace T9"])
            try await house.store.save(installation("T9", name: "Acme", tokens: .init(access: Secret("c"))))
            #expect(try await names() == ["Acme"])
        }
    }

    @Test("A workspace that was switched off has no installation any more")
    func disabled() async throws {
        try await withHouse { house in
            try await house.store.save(installation("T9", tokens: .init(access: Secret("a"))))
            let integrations = IntegrationStore(sealer: try Sealer(keys: Self.keys))
            try await house.database.write { transaction in
                _ = try integrations.disable(
                    workspace: WorkspaceID("slack:T9"),
                    type: "slack",
                    now: SlackBench.now,
                    in: transaction
                )
            }
            #expect(try await house.store.installation(of: WorkspaceID("slack:T9")) == nil)
            #expect(try await house.store.all().isEmpty)
        }
    }
}
