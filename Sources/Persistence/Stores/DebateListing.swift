/// A debate as lists have it: without what of its texts is too long for one.
///
/// A page of debates may hold many megabytes. Whoever needs all of a debate finds it by its id.
package struct DebateListing: Sendable {
    /// The longest text of a list, in bytes.
    package static let longestText = 4096

    /// The debate, without the background in settings that are long.
    ///
    /// Of a task that is too long there is a beginning, which is too long as well; metadata that is left out is empty.
    package let record: DebateRecord
    /// Whether the metadata is too long for a list.
    package let lacksMetadata: Bool

    init(_ row: Row) throws {
        record = try DebateRecord(row)
        lacksMetadata = try row.textOrNil("metadata_json") == nil
    }

    /// The columns of a list.
    static func columns(_ dialect: Dialect) -> String {
        // Metadata may be longer by what the gateway itself noted there, which no list shows.
        """
        workspace_id, debate_id, debate_number, substr(task, 1, \(longestText + 1)) as task, status, platform,
        conversation_key, address_json, requested_by, demo, title, tags_json, cancel_requested, winner, confidence,
        consensus_reached, created_at, started_at, finished_at,
        case when \(dialect.bytes(of: "settings_json")) <= \(longestText) then settings_json
            else \(dialect.without("background", in: "settings_json")) end as settings_json,
        case when \(dialect.bytes(of: "metadata_json")) <= \(2 * longestText) then metadata_json end as metadata_json
        """
    }
}
