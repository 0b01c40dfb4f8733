import Channels
import CoreTypes
import Persistence

/// Whether this machine's clock can be right.
///
/// Leases, signatures and the order of what is shown depend on it.
struct ClockCheck {
    let database: any Database
    let time: any TimeSource

    /// How far two clocks may be apart.
    private static let allowance = Duration.seconds(2)
    private static let remedy = "Let this machine set its clock by NTP: leases and signatures depend on it."

    /// Compares the clock with the database server's, or, where the database is a file, with what was written last.
    /// - Throws: `DatabaseError`.
    func finding() async throws -> Finding {
        switch database.dialect {
        case .postgres:
            guard let theirs = try await moment("cast(extract(epoch from clock_timestamp()) * 1000 as bigint)") else {
                return Finding(.warning, "Clock", "The database's clock cannot be read.")
            }
            let skew = time.now() - theirs
            guard max(skew, .zero - skew) > Self.allowance else {
                return Finding(.fine, "Clock", "Agrees with the database's.")
            }
            return problem("Differs from the database's by \(skew.milliseconds) ms.")
        case .sqlite:
            let newest = try await moment(
                """
                max(
                    coalesce((select max(applied_at) from schema_migrations), 0),
                    coalesce((select max(updated_at) from debates), 0),
                    coalesce((select max(received_at) from inbox), 0),
                    coalesce((select max(updated_at) from outbox), 0)
                )
                """
            )
            let behind = (newest ?? time.now()) - time.now()
            guard behind > Self.allowance else { return Finding(.fine, "Clock", "Not before what was written last.") }
            return problem("Is \(behind.components.seconds) s behind what was written last.")
        }
    }

    private func problem(_ message: String) -> Finding {
        Finding(.problem, "Clock", message, remedy: Self.remedy)
    }

    private func moment(_ expression: SQL) async throws -> Timestamp? {
        try await database.run("select \(expression) as moment").first?.timestamp("moment")
    }
}
