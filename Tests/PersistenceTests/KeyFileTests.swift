import CoreTypes
import DatabaseSupport
import Foundation
import Persistence
import Testing

/// When a key is made, and what is said of a file that cannot be used.
@Suite struct KeyFileTests {
    @Test(arguments: DatabaseEngine.allCases)
    func noKeyIsMadeWhereOneWasUsed(engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { test in
            try await withTemporaryDirectory { directory in
                let path = "\(directory)/\(KeyFile.name)"
                let sealer = try await KeyFile.sealer(directory: directory, for: test.database)
                try await test.database.write { transaction in
                    _ = try SigningKeyStore(sealer: sealer).current(now: SystemTime().now(), in: transaction)
                }
                _ = try await KeyFile.sealer(directory: directory, for: test.database)

                try FileManager.default.removeItem(atPath: path)
                let error = await #expect(throws: DatabaseError.self) {
                    _ = try await KeyFile.sealer(directory: directory, for: test.database)
                }
                let text = error?.description ?? ""
                #expect(text.hasPrefix("The key file \(path) is missing"), "\(text)")
                #expect(text.contains("Restore the file") && text.contains("delete from signing_keys"), "\(text)")
                #expect(!FileManager.default.fileExists(atPath: path))

                // Whoever has lost it goes on like this.
                try await test.database.run("delete from signing_keys")
                _ = try await KeyFile.sealer(directory: directory, for: test.database)
                #expect(FileManager.default.fileExists(atPath: path))
            }
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aDatabaseWithoutSchemaGetsAKey(engine: DatabaseEngine) async throws {
        try await withDatabase(engine, isMigrated: false) { test in
            try await withTemporaryDirectory { directory in
                _ = try await KeyFile.sealer(directory: directory, for: test.database)
                #expect(FileManager.default.fileExists(atPath: "\(directory)/\(KeyFile.name)"))
            }
        }
    }

    @Test(
        arguments: [
            ("", "is empty. Restore it"), ("garbled", "is not of the form name:base64"),
            (String(repeating: "x", count: 5000), "is too long"), ("\n", "holds no encryption key"),
        ]
    )
    func aFileThatHoldsNoKeyIsNamed(content: String, words: String) async throws {
        try await withDatabase(.sqlite) { test in
            try await withTemporaryDirectory { directory in
                let path = "\(directory)/\(KeyFile.name)"
                try content.write(toFile: path, atomically: true, encoding: .utf8)
                try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
                let error = await #expect(throws: DatabaseError.self) {
                    _ = try await KeyFile.sealer(directory: directory, for: test.database)
                }
                let text = error?.description ?? ""
                #expect(text.contains(path) && text.contains(words), "\(text)")
                #expect(!text.contains("garbled") && !text.contains("File exists"), "\(text)")
            }
        }
    }
}
