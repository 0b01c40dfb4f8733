import Logging
import Persistence

/// Opens the house for one command and closes it afterwards.
func withHouse(_ body: (House) async throws -> Void) async throws {
    try await reportingErrors {
        let settings = try Settings.loadFromProcess()
        let house = try await House.open(settings, logger: House.logger(level: .error), migrate: .refuse)
        do {
            try await body(house)
        } catch {
            house.shutdown()
            await house.database.close()
            throw error
        }
        house.shutdown()
        await house.database.close()
    }
}
