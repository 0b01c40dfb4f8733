import CoreTypes
import DatabaseSupport
import Foundation
import Persistence
import Testing

@Suite struct SealedSecretsTests {
    private let old = "old:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
    private let new = "new:HxwdHhsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQA="
    private let start = Timestamp(milliseconds: 1_700_000_000_000)

    private func sealer(_ keys: String...) throws -> Sealer {
        try Sealer(keys: Secret(keys.joined(separator: ",")))
    }

    private func connect(_ test: TestDatabase, _ sealer: Sealer) async throws {
        var integration = Integration(
            workspaceID: WorkspaceID("slack:T1"),
            type: "slack",
            installationID: "T1",
            name: "Acme"
        )
        integration.credentials = ["bot_token": Secret("a-token")]
        let stored = integration
        try await test.database.write { transaction in
            _ = try SigningKeyStore(sealer: sealer).current(now: start, in: transaction)
            try IntegrationStore(sealer: sealer).save(stored, now: start, in: transaction)
        }
    }

    @Test(arguments: DatabaseEngine.allCases) func anOldKeyCanBeRetired(engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { test in
            try await connect(test, try sealer(old))
            let before = try await test.database.read { transaction in
                try SigningKeyStore(sealer: try sealer(old)).current(now: start, in: transaction)
            }
            let both = SealedSecrets(sealer: try sealer(new, old))
            let needs = try await test.database.read { try both.needs(in: $0) }
            #expect(needs.values == ["new": 0, "old": 2] && needs.lost == 0)

            let done = try await both.reseal(test.database)
            #expect(done.resealed == 2 && done.damaged == 0)
            #expect(try await both.reseal(test.database).resealed == 0)

            let alone = try sealer(new)
            try await test.database.read { transaction in
                #expect(try SealedSecrets(sealer: alone).needs(in: transaction).values == ["new": 2])
                #expect(try SigningKeyStore(sealer: alone).current(now: start, in: transaction).id == before.id)
                let found = try IntegrationStore(sealer: alone).find(
                    workspace: WorkspaceID("slack:T1"),
                    type: "slack",
                    in: transaction
                )
                #expect(found?.credentials["bot_token"]?.reveal() == "a-token")
            }
        }
    }

    @Test(arguments: DatabaseEngine.allCases) func whatNoKeyOpensIsCounted(engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { test in
            try await connect(test, try sealer(old))
            let needs = try await test.database.read { try SealedSecrets(sealer: try sealer(new)).needs(in: $0) }
            #expect(needs.lost == 2 && needs.missingKey == "old")

            let header: [UInt8] = [1, 3] + Array("old".utf8)
            let damaged = header + [UInt8](repeating: 0, count: 40)
            try await test.database.run("update integrations set sealed_credentials = \(damaged)")
            let done = try await SealedSecrets(sealer: try sealer(new, old)).reseal(test.database)
            #expect(done.resealed == 1 && done.damaged == 1)
        }
    }

    @Test func everySealedColumnIsKnown() throws {
        let known = Set(SealedSecrets.columnNames)
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Migrations/postgres")
        for file in try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil) {
            for line in try String(contentsOf: file, encoding: .utf8).split(whereSeparator: \.isNewline) {
                guard let word = line.split(whereSeparator: { $0 == " " }).first, word.hasPrefix("sealed_") else {
                    continue
                }
                #expect(known.contains(String(word)), "\(word) of \(file.lastPathComponent) would not be sealed anew")
            }
        }
    }
}
