package import CoreTypes
import Foundation
package import Logging
package import Persistence

/// An engine that a store has to work on.
package enum DatabaseEngine: String, CaseIterable, Sendable {
    case postgres, sqlite
}

/// A fresh database with the present schema, which is gone after the test.
package struct TestDatabase: Sendable {
    package let engine: DatabaseEngine
    package let database: any Database
    /// How to open it once more, as another process would.
    package let configuration: DatabaseConfiguration

    /// The URL, where the engine has one.
    package var url: Secret? {
        if case .postgres(let url) = configuration { url } else { nil }
    }

    /// Opens the same database once more.
    package func open() throws -> any Database {
        try openDatabase(configuration, logger: .silent)
    }
}

extension Logger {
    /// A logger that says nothing.
    package static let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
}

/// Gives a fresh database with the present schema to a test and removes it afterwards.
/// - Throws: what the test threw; `DatabaseError` where there is no server to test on.
@discardableResult
package func withDatabase<Value: Sendable>(
    _ engine: DatabaseEngine,
    isMigrated: Bool = true,
    _ body: (TestDatabase) async throws -> Value
) async throws -> Value {
    switch engine {
    case .postgres: try await withPostgres(isMigrated: isMigrated, body)
    case .sqlite: try await withSQLite(isMigrated: isMigrated, body)
    }
}

/// Gives an empty directory to a test and removes it afterwards.
/// - Throws: what the test threw.
package func withTemporaryDirectory<Value: Sendable>(_ body: (String) async throws -> Value) async throws -> Value {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("aragora-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    return try await body(directory.path)
}

private func withSQLite<Value: Sendable>(
    isMigrated: Bool,
    _ body: (TestDatabase) async throws -> Value
) async throws -> Value {
    try await withTemporaryDirectory { directory in
        let configuration = DatabaseConfiguration.sqlite(path: "\(directory)/\(DatabaseConfiguration.fileName)")
        let database = try openDatabase(configuration, logger: .silent)
        if isMigrated { try await Migrator(database).apply() }
        do {
            let value = try await body(
                TestDatabase(engine: .sqlite, database: database, configuration: configuration)
            )
            await database.close()
            return value
        } catch {
            await database.close()
            throw error
        }
    }
}

private func withPostgres<Value: Sendable>(
    isMigrated: Bool,
    _ body: (TestDatabase) async throws -> Value
) async throws -> Value {
    let server = try PostgresTestServer()
    let name = try await server.create(isMigrated: isMigrated)
    let url = server.url(of: name)
    let database = try openDatabase(.postgres(url: url), logger: .silent)
    let result: Result<Value, any Error>
    do {
        result = .success(
            try await body(
                TestDatabase(engine: .postgres, database: database, configuration: .postgres(url: url))
            )
        )
    } catch {
        result = .failure(error)
    }
    await database.close()
    try await server.drop(name)
    return try result.get()
}
