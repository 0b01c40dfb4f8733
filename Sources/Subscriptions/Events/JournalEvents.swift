import CoreTypes
import Persistence

/// Says what subscribers hear of a journal's entries.
enum JournalEvents {
    /// The events of one entry; most entries are one, some are none, an answer of a substitute is two.
    /// - Throws: `DatabaseError` for an entry that cannot be read.
    static func events(of row: JournalRow, in debate: DebateRecord) throws -> [WorkspaceEvent] {
        let entry = try row.entry(of: debate.id)
        var told: [(type: String, data: JSONValue)] = []
        let data = entry["data"] ?? [:]
        switch entry["type"]?.string {
        case "round_start": told.append(("round_start", data))
        case "propose": told.append(("agent_message", data.merging(["role": "proposer"])))
        case "revision": told.append(("agent_message", data.merging(["role": "reviser"])))
        // Where there is none, it repeats what a member proposed.
        case "synthesis" where data["fallback"]?.string == nil:
            told.append(("agent_message", data.merging(["role": "synthesizer"])))
        case "critique": told.append(("critique", data))
        case "vote": told.append(("vote", data))
        case "evidence_added": told.append(("evidence_found", data))
        case "breakpoint": told.append(("breakpoint", data))
        case "breakpoint_resolved": told.append(("breakpoint_resolved", data))
        default: break
        }
        // The end sums up everybody's usage and names nobody.
        if let agent = data["agent"], let model = data["usage"]?["fallback_model"] {
            told.append(("agent_fallback_triggered", ["agent": agent, "fallback_model": model]))
        }
        let at = Timestamp(milliseconds: entry["at"]?.integer ?? 0)
        let identity: JSONValue = ["debate_id": .string(debate.id.rawValue), "sequence": .integer(Int64(row.sequence))]
        return told.map { type, data in
            WorkspaceEvent(
                workspaceID: debate.workspace,
                key: "\(debate.id)/\(row.sequence)/\(type)",
                type: type,
                occurredAt: at,
                debateID: debate.id,
                channel: debate.channel,
                tags: debate.tagNames,
                data: data.merging(identity)
            )
        }
    }
}

extension JSONValue {
    /// This object with the members of another one.
    fileprivate func merging(_ other: JSONValue) -> JSONValue {
        .object((object ?? [:]).merging(other.object ?? [:]) { $1 })
    }
}
