package import CoreTypes
import Foundation
package import Persistence

/// The server on which tests make their databases.
package struct PostgresTestServer: Sendable {
    /// The variable that names the server: a URL with which databases may be made and dropped.
    package static let variable = "ARAGORA_TEST_DATABASE_URL"

    /// The server's URL, as it was given.
    package let url: Secret

    /// Finds the server.
    /// - Throws: `DatabaseError` where none is named: a test that nobody can run has not passed.
    package init() throws {
        guard let text = ProcessInfo.processInfo.environment[Self.variable], !text.isEmpty else {
            throw DatabaseError(
                .other,
                "The Postgres tests need a server: set \(Self.variable) to a URL such as "
                    + "postgres://postgres@127.0.0.1:5432/postgres, of a role that may make databases."
            )
        }
        url = Secret(text)
    }

    /// The URL of one of the server's databases.
    package func url(of database: String) -> Secret {
        let text = url.reveal()
        let query = text.firstIndex(of: "?") ?? text.endIndex
        let host = text.range(of: "://")?.upperBound ?? text.startIndex
        let path = text[host..<query].firstIndex(of: "/") ?? query
        return Secret("\(text[..<path])/\(database)\(text[query...])")
    }

    /// Makes a database, as a copy of one that was migrated once.
    /// - Returns: its name.
    package func create(isMigrated: Bool) async throws -> String {
        let name = "aragora_test_\(getpid())_\(UInt64.random(in: .min ... .max))"
        let administration = administration()
        if isMigrated {
            let template = try await Self.template(of: self)
            try await administration.run("create database \(raw: name) template \(raw: template)")
        } else {
            try await administration.run("create database \(raw: name) template template0")
        }
        await administration.close()
        return name
    }

    /// Removes a database, whoever is still connected.
    package func drop(_ name: String) async throws {
        let administration = administration()
        try await administration.run("drop database if exists \(raw: name) with (force)")
        await administration.close()
    }

    /// A connection to the server's own database.
    package func administration() -> PostgresDatabase {
        var configuration = PostgresDatabase.Configuration(url: url)
        configuration.maximumConnections = 1
        return PostgresDatabase(configuration, logger: .silent)
    }

    private static let templates = Templates()

    private static func template(of server: PostgresTestServer) async throws -> String {
        try await templates.name(of: server)
    }

    /// Makes the template once for each state of the migrations; several test processes may do so at the same time.
    private actor Templates {
        private var making: Task<String, any Error>?

        func name(of server: PostgresTestServer) async throws -> String {
            if let making { return try await making.value }
            // Unstructured, because the tests that need the template first all wait for the same one; it ends by
            // itself.
            let task = Task { try await Self.make(on: server) }
            making = task
            return try await task.value
        }

        private static func make(on server: PostgresTestServer) async throws -> String {
            let administration = server.administration()
            let name = "aragora_template_\(Migrator(administration).fingerprint.prefix(16))"
            // Held by the connection, because a database cannot be made inside a transaction.
            try await administration.run("select pg_advisory_lock(727270)")
            if try await administration.run("select 1 as there from pg_database where datname = \(name)").isEmpty {
                let draft = "\(name)_draft"
                try await administration.run("drop database if exists \(raw: draft) with (force)")
                try await administration.run("create database \(raw: draft) template template0")
                let database = PostgresDatabase(.init(url: server.url(of: draft)), logger: .silent)
                try await Migrator(database).apply()
                await database.close()
                try await administration.run("alter database \(raw: draft) rename to \(raw: name)")
            }
            await administration.close()
            return name
        }
    }
}
