import CoreTypes
import Hummingbird

/// Finds the debate that a request's path names.
struct DebateLookup: Sendable {
    let debates: any DebateAPI

    /// The debate of `{id}`.
    /// - Throws: `HTTPFailure` 404 for an id that no debate has, or none that the caller may see.
    func record(_ context: GatewayContext) async throws -> DebateSummary {
        guard let text = context.parameters.get("id"), (1...64).contains(text.utf8.count),
            let record = try await debates.findAnywhere(DebateID(text)),
            record.workspace == context.caller.workspace ?? record.workspace
        else { throw HTTPFailure.notFound("debate") }
        return record
    }

    /// The debate of `{id}`, where the caller may read what the panel says.
    /// - Throws: `HTTPFailure` 404, or 403 with the code `not_released`.
    func readable(_ context: GatewayContext) async throws -> DebateSummary {
        let record = try await record(context)
        guard try await isReadable(record, for: context.caller) else {
            throw HTTPFailure(
                .forbidden,
                "not_released",
                "A person has to release what the panel says; until then the operator alone can read it."
            )
        }
        return record
    }

    /// Whether a caller may read what the panel says: the operator always, everybody else once nothing is held back.
    func isReadable(_ record: DebateSummary, for caller: Caller?) async throws -> Bool {
        if let caller, caller.workspace == nil { return true }
        return try await !debates.isHeldBack(record.id, workspace: record.workspace)
    }
}
