package import CoreTypes
package import Logging

/// Which database is used.
package enum DatabaseConfiguration: Sendable {
    /// A server, by its connection URI.
    case postgres(url: Secret)
    /// A file.
    case sqlite(path: String)

    /// The name of the SQLite file in the data directory.
    package static let fileName = "aragora.sqlite"

    /// Chooses by the environment's words.
    /// - Parameters:
    ///   - backend: `ARAGORA_DB_BACKEND`: `postgres`, `sqlite`, or nil to choose by the URL.
    ///   - databaseURL: `DATABASE_URL`: `postgres://…`, `postgresql://…` or `sqlite:<path>`.
    ///   - dataDirectory: `ARAGORA_DATA_DIR`, where the SQLite file stands if no URL says otherwise.
    /// - Throws: `DatabaseError` where the words do not fit together; its text does not repeat them.
    package init(backend: String?, databaseURL: Secret?, dataDirectory: String) throws {
        let url = databaseURL.flatMap { $0.isEmpty ? nil : $0 }
        let scheme = url.map { String($0.reveal().prefix { $0 != ":" }).lowercased() }
        switch (backend?.lowercased(), scheme) {
        case (nil, "postgres"), (nil, "postgresql"), ("postgres", "postgres"), ("postgres", "postgresql"),
            ("postgresql", "postgres"), ("postgresql", "postgresql"):
            let address = url ?? Secret("")
            if let error = DatabaseError(unreadable: address) { throw error }
            self = .postgres(url: address)
        case (nil, "sqlite"), ("sqlite", "sqlite"):
            self = .sqlite(path: Self.path(ofSQLite: url?.reveal() ?? "", dataDirectory: dataDirectory))
        case (nil, nil), ("sqlite", nil):
            self = .sqlite(path: "\(dataDirectory)/\(Self.fileName)")
        case ("postgres", nil), ("postgresql", nil):
            throw DatabaseError(.other, "ARAGORA_DB_BACKEND is postgres, but DATABASE_URL is not set.")
        case ("sqlite", .some), ("postgres", .some), ("postgresql", .some):
            throw DatabaseError(.other, "ARAGORA_DB_BACKEND and DATABASE_URL name different databases.")
        case (nil, .some):
            throw DatabaseError(.other, "DATABASE_URL must begin with postgres:// or sqlite:.")
        default:
            throw DatabaseError(.other, "ARAGORA_DB_BACKEND must be postgres or sqlite.")
        }
    }

    /// The part behind the scheme, with or without an empty host: `sqlite:a.db`, `sqlite:///a.db`.
    private static func path(ofSQLite url: String, dataDirectory: String) -> String {
        var path = url.dropFirst("sqlite:".count)
        if path.hasPrefix("//") { path = path.dropFirst(2) }
        return path.isEmpty ? "\(dataDirectory)/\(fileName)" : String(path)
    }
}

/// Opens a database of either engine.
///
/// Postgres is first reached by the first call, so that a server that is down at the start is no reason to stop.
/// - Throws: `DatabaseError` where the SQLite file cannot be opened.
package func openDatabase(
    _ configuration: DatabaseConfiguration,
    maximumConnections: Int = 8,
    logger: Logger,
    time: any TimeSource = SystemTime()
) throws -> any Database {
    switch configuration {
    case .postgres(let url):
        var postgres = PostgresDatabase.Configuration(url: url)
        postgres.maximumConnections = maximumConnections
        return PostgresDatabase(postgres, logger: logger, time: time)
    case .sqlite(let path):
        return try SQLiteDatabase(path: path, time: time)
    }
}
