import CoreTypes
import Persistence

/// Reads from the journals which model calls are answered for good.
enum JournaledCalls {
    /// The keys of all answered calls, as the models are sent them: `<debate>/<kind>/<round>/<agent>[/<target>]`.
    static func keys(in database: any Database) async throws -> Set<String> {
        let rows = try await database.run(
            "select debate_id, entries from debate_journal order by debate_id, first_sequence"
        )
        var keys: Set<String> = []
        var rounds: [String: Int64] = [:]
        for row in rows {
            let debate = try row.text("debate_id")
            for line in try row.blob("entries").split(separator: UInt8(ascii: "\n")) {
                let entry = try JSONValue(parsing: Array(line))
                guard let data = entry["data"] else { continue }
                if entry["type"] == "round_start" { rounds[debate] = data["round"]?.integer }
                if let key = key(entry["type"]?.string, data, debate, round: rounds[debate] ?? 0) { keys.insert(key) }
            }
        }
        return keys
    }

    private static func key(_ type: String?, _ data: JSONValue, _ debate: String, round: Int64) -> String? {
        let agent = data["agent"]?.string ?? ""
        let target = data["target_agent"]?.string.map { "/\($0)" } ?? ""
        switch type {
        case "propose": return "\(debate)/proposal/0/\(agent)"
        case "critique", "revision": return "\(debate)/\(type ?? "")/\(data["round"]?.integer ?? 0)/\(agent)\(target)"
        case "vote": return "\(debate)/vote/\(round)/\(agent)"
        case "agent_failed":
            return "\(debate)/\(data["phase"]?.string ?? "")/\(data["round"]?.integer ?? 0)/\(agent)\(target)"
        default: return nil
        }
    }
}
