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
}
