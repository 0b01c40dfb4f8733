import ArgumentParser
import CoreTypes
import Logging
import Persistence

/// `aragora migrate`: brings the database's schema up to date.
struct MigrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate",
        abstract: "Brings the database's schema up to date.",
        discussion: """
            Safe to repeat, and safe beside a running gateway of the same or the former version. Migrations are applied \
            under a lock, each in a transaction of its own.
            """
    )

    @Flag(help: "Only say what would be applied; exit 1 if anything would.")
    var check = false

    func run() async throws {
        try await reportingErrors {
            let settings = try Settings.loadFromProcess()
            let configuration = try settings.database()
            if case .sqlite(let path) = configuration { try createFolder(parent(of: path)) }
            let database = try openDatabase(configuration, logger: House.logger(level: .warning))
            let migrator = Migrator(database)
            let pending = try await migrator.pending()
            if check {
                print(
                    pending.isEmpty
                        ? "The schema is up to date." : "Not yet applied: \(pending.joined(separator: ", "))"
                )
                if !pending.isEmpty { throw ExitCode(1) }
            } else {
                let applied = try await migrator.apply()
                print(applied.isEmpty ? "The schema is up to date." : "Applied: \(applied.joined(separator: ", "))")
            }
        }
    }
}
