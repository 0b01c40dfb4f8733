import CoreTypes
import Persistence

/// Whether subscribers may hear what the panel of a debate says: where people have to release it, not before they have.
struct ReleaseGate {
    /// The events that hold the panel's own words.
    private static let panelWords: Set = ["agent_message", "critique", "vote"]

    /// The number of the entry with which people released what the panel says; nil while they have not.
    private(set) var openedAt: Int?
    private var releasePoint: Int64?

    /// Whether people have to release what the panel of a debate says.
    static func stands(before debate: DebateRecord) -> Bool {
        debate.settings["protocol"]?["breakpoints"]?["triggers"]?.array?.contains("verdict_release") ?? false
    }

    /// Reads a journal from its first entry.
    /// - Throws: `DatabaseError` for an entry that cannot be read.
    init(_ rows: [JournalRow], of debate: DebateID) throws {
        for row in rows where openedAt == nil {
            let entry = try row.entry(of: debate)
            let number = entry["data"]?["number"]?.integer
            switch entry["type"]?.string {
            case "breakpoint":
                let triggers = entry["data"]?["triggers"]?.array ?? []
                if triggers.contains("verdict_release") { releasePoint = number }
            case "breakpoint_resolved" where number != nil && number == releasePoint:
                if entry["data"]?["action"] != "abort" { openedAt = row.sequence }
            default: break
            }
        }
    }

    /// Whether an event may be told.
    func lets(_ event: WorkspaceEvent) -> Bool {
        openedAt != nil || !Self.panelWords.contains(event.type)
    }
}

extension JournalRow {
    /// The entry as a document.
    /// - Throws: `DatabaseError` where it cannot be read.
    func entry(of debate: DebateID) throws -> JSONValue {
        do {
            return try JSONValue(parsing: bytes)
        } catch {
            throw DatabaseError(.decoding, "The journal of the debate \(debate) is damaged at \(sequence).")
        }
    }
}
